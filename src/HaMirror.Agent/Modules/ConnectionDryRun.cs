using System.Collections.Immutable;
using System.Globalization;
using HaMirror.Core.Api;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Agent.Modules;

/// <summary>What a module's two nodes would do if they met now: the table's own decision over what is known, with nothing done.</summary>
internal static class ConnectionDryRun
{
    public static ConnectionReport Of(ModuleDriver driver) =>
        Of(driver.Name, driver.Rules, driver.Snapshot.View, (ulong)(driver.Storage.DirtyBytes ?? 0), driver.LastHeard);

    /// <param name="markedBytes">Bytes that this node has marked.</param>
    /// <param name="heard">How long ago the peer was last heard, and what it had marked; null: never.</param>
    public static ConnectionReport Of(
        string module, ModuleRules rules, MachineView view, ulong markedBytes, (TimeSpan Ago, ulong MarkedBytes)? heard)
    {
        var mine = Evidence(rules.NodeName, view.State, view.Phase, view.Record, markedBytes);
        if (view.PeerBeat is not { } beat || heard is not { } last)
            return new ConnectionReport(module, "Unknown", null,
                $"Nothing of this module was heard from {rules.PeerName} since this agent started, so nobody can say what would happen: "
                + $"start the agent on {rules.PeerName}, or mend the network between.", mine, null, null, []);
        var decision = ConnectionTable.Decide(
            new ConnectionSide(rules.NodeName, view.Record, view.State, view.FullSync, rules.Prefers(rules.NodeName)),
            new ConnectionSide(rules.PeerName, beat.Record, beat.State, FullSync: false, rules.Prefers(rules.PeerName)));
        var plan = decision switch
        {
            ConnectionDecision.Source source => source.Plan.ToString(),
            ConnectionDecision.Target target => target.Plan.ToString(),
            _ => null,
        };
        return new ConnectionReport(
            module, decision.GetType().Name, plan, decision.Sentence, mine,
            Evidence(rules.PeerName, beat.State, beat.Phase, beat.Record, last.MarkedBytes), last.Ago.TotalSeconds,
            Notes(rules, view, beat, decision, last.Ago));
    }

    internal static ReplicaEvidence Evidence(string node, ModuleState state, Phase phase, ReplicaRecord record, ulong marked) => new(
        node, StateName.Of(state), phase.ToString(), record.Condition.ToString(), record.Current.ToString(), record.Base.ToString(),
        record.ResyncFrom.IsNone ? null : record.ResyncFrom.ToString(), RecordWords.Flags(record, state), (long)marked);

    private static ImmutableArray<string> Notes(
        ModuleRules rules, MachineView view, ModuleBeat beat, ConnectionDecision decision, TimeSpan ago)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        if (!view.PeerHeard)
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{rules.PeerName} was last heard {ago.TotalSeconds:0} s ago: what it holds now may be something else."));
        if (view.Link is not null) notes.Add("The two are connected: this is what they would decide if they parted now and met again.");
        (string Node, ModuleState State) own = (rules.NodeName, view.State), other = (rules.PeerName, beat.State);
        var (source, target) = decision is ConnectionDecision.Source ? (own, other) : (other, own);
        if (decision is ConnectionDecision.Source or ConnectionDecision.Target && source.State is ModuleState.Stop)
            notes.Add($"{source.Node} is stopped: nothing is copied before it serves ('hamirror start' there).");
        if (decision is ConnectionDecision.Source or ConnectionDecision.Target && target.State is ModuleState.Stop)
            notes.Add($"{target.Node} is stopped: it connects once it is started ('hamirror start' there).");
        return notes.ToImmutable();
    }
}
