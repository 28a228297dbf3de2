using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>A product that does one thing wrong: what lies around the machine is bent, never the machine. The checks of the
/// simulator are worth what they find of these.</summary>
public sealed record Mutation(string Name)
{
    public static readonly Mutation None = new("none");

    /// <summary>Every one of them must be found.</summary>
    public static readonly IReadOnlyList<Mutation> All =
    [
        new("a write is acknowledged before the peer has it") { AwaitsPeer = false },
        new("the loss of a committed link does not freeze") { Freezes = false },
        new("what was in flight when the link ended is not marked") { MarksLosses = false },
        new("a thaw leaves the generation open") { ClosesGenerations = false },
        new("service that ended lets writes end well") { EndsWrites = false },
        new("every beat is taken for one that has received the last question")
        {
            Input = (input, _) => input is MachineInput.BeatHeard { Beat: var beat }
                ? new MachineInput.BeatHeard(beat with { ReceivedBoot = beat.PeerBoot, Received = ulong.MaxValue })
                : input is MachineInput.LinkDown down ? down with { Silence = TimeSpan.FromMinutes(1) } : input,
        },
        new("a peer that has heard nothing since is believed to be outdated")
        {
            Input = (input, _) => input is MachineInput.BeatHeard { Beat: var beat }
                ? new MachineInput.BeatHeard(beat with
                {
                    ConfirmsOutdated = beat.Record.Current, Echo = ulong.MaxValue / 2,
                    State = beat.State == ModuleState.Second ? ModuleState.Wait : beat.State,
                })
                : input,
        },
        new("a standby hears nothing of being outdated")
        {
            Input = (input, _) => input is MachineInput.BeatHeard { Beat: var beat }
                ? new MachineInput.BeatHeard(beat with { PeerOutdated = GenerationId.None, Record = beat.Record with { Sole = false } })
                : input,
        },
        new("marks are forgotten at a clean stop") { SavesMarks = false },
        new("a resync's copy is read before the live writes that are sent before it") { OrdersCopies = false },
        new("the loser of a divergence saves nothing before its resync") { Salvages = false },
        new("the target's marks are left out of a resync") { JoinsMarks = false },
        new("what the peer had received and not made durable is forgotten when the link ends") { MarksEpochs = false },
        new("a flush is not passed on to the peer's disk") { FlushesPeer = false },
        new("a write goes before its area is in the intent log") { LogsFirst = false },
        new("the intent log is not flushed before the write") { FlushesLog = false },
        new("an area that is evicted from the hot set takes only marked blocks along, not those in flight") { KeepsInFlight = false },
        new("the dirty extents of an evicted area are written after the log entry that evicts it") { JournalsFirst = false },
        new("an area counts as settled when the peer alone has flushed it") { SettlesBoth = false },
        new("the source's own disk is not flushed before its standby is declared equal") { FlushesSource = false },
        new("hot areas are not compared after a crash") { ComparesHot = false },
        new("a torn transaction of the intent log counts half") { TakesTorn = true },
        new("generations are compared the wrong way round")
        {
            Input = (input, own) => input switch
            {
                MachineInput.BeatHeard { Beat: var beat } => new MachineInput.BeatHeard(beat with { Record = Reversed(beat.Record, own) }),
                MachineInput.LinkUp up => up with { Peer = up.Peer with { Record = Reversed(up.Peer.Record, own) } },
                _ => input,
            },
        },
        new("a mark is cleared when the peer has received a write") { AwaitsDurable = false },
        new("a plain flush reaches this disk only") { FlushesLocally = false },
        new("a new generation is opened before it is recorded")
        {
            Actions = actions => actions.Any(action => action is MachineAction.OpenGeneration)
                ? actions.Where(action => action is not MachineAction.Persist) : actions,
        },
        new("the record is not written before an offer")
        {
            Actions = actions => actions.Any(action => action is MachineAction.Offer) ? actions.Where(action => action is not MachineAction.Persist) : actions,
        },
        new("every replica claims at its start that it went on alone")
        {
            Load = record => record with { Sole = record.Condition == ReplicaCondition.UpToDate },
        },
        new("a crash is forgotten")
        {
            Load = record => record with { Serving = false, MarksUnsaved = false, CompareAll = false },
        },
        new("the witness always answers")
        {
            Input = (input, _) => input is MachineInput.WitnessAnswered answer ? answer with { Reachable = true } : input,
        },
        new("a claim of the peer's is not heard")
        {
            Input = (input, _) => input is MachineInput.BeatHeard { Beat: var beat }
                ? new MachineInput.BeatHeard(beat with { Claims = false, Echo = ulong.MaxValue / 2, Record = beat.Record with { Sole = false } })
                : input,
        },
        new("the plan to compare everything is carried out as the dirty extents only")
        {
            Actions = actions => actions.Select(action => action is MachineAction.BeginSource { Plan: ResyncPlan.CompareAll } begin ? begin with { Plan = ResyncPlan.Dirty }
                : action is MachineAction.BeginTarget { Plan: ResyncPlan.CompareAll } target ? target with { Plan = ResyncPlan.Dirty } : action),
            Input = (input, _) => input is MachineInput.PlanReceived { Plan: ResyncPlan.Dirty } plan ? plan with { Plan = ResyncPlan.CompareAll } : input,
        },
        new("a flush that failed on the primary's disk is answered as done") { HeedsFailedFlush = false },
        new("a write that found the primary's disk full is answered as done") { HeedsFullDisk = false },
        new("a flush that failed on the standby's disk is answered as done") { HeedsTargetFlush = false },
        new("a standby whose disk refused what it had received stays up to date") { TellsTargetFailed = false },
        new("an intent log that cannot be written lets changes go") { HeedsLogFailure = false },
        new("a record that could not be written counts as written") { HeedsRecord = false },
        new("a primary whose disk is detached answers without its peer") { EndsDetached = false },
        new("a primary whose disk is detached reads from it") { ReadsThroughPeer = false },
        new("a plain write of a primary whose disk is detached counts when the standby has received it") { AcksApplied = false },
        new("an attached disk counts as up to date before it was compared") { AttachesOutdated = false },
        new("a resync takes a page that a failed flush left in the cache for what is on the disk") { ComparesDisk = false },
        new("a standby stands in for its primary's disk without recording that it is the only one")
        {
            Actions = actions => actions.Any(action => action is MachineAction.AcceptDetach) ? actions.Where(action => action is not MachineAction.Persist) : actions,
        },
    ];

    /// <summary>What a process reads from its disk.</summary>
    public Func<ReplicaRecord, ReplicaRecord> Load { get; init; } = record => record;

    /// <summary>What the driver carries out.</summary>
    public Func<IEnumerable<MachineAction>, IEnumerable<MachineAction>> Actions { get; init; } = actions => actions;

    /// <summary>What the machine is told, beside the node's own record; null: nothing.</summary>
    public Func<MachineInput, ReplicaRecord, MachineInput?> Input { get; init; } = (input, _) => input;

    public bool AwaitsPeer { get; init; } = true;

    public bool Freezes { get; init; } = true;

    public bool MarksLosses { get; init; } = true;

    public bool ClosesGenerations { get; init; } = true;

    public bool EndsWrites { get; init; } = true;

    public bool SavesMarks { get; init; } = true;

    public bool OrdersCopies { get; init; } = true;

    public bool JoinsMarks { get; init; } = true;

    public bool AwaitsDurable { get; init; } = true;

    public bool FlushesLocally { get; init; } = true;

    public bool Salvages { get; init; } = true;

    public bool FlushesPeer { get; init; } = true;

    public bool MarksEpochs { get; init; } = true;

    public bool LogsFirst { get; init; } = true;

    public bool FlushesLog { get; init; } = true;

    public bool KeepsInFlight { get; init; } = true;

    public bool JournalsFirst { get; init; } = true;

    public bool SettlesBoth { get; init; } = true;

    public bool FlushesSource { get; init; } = true;

    public bool ComparesHot { get; init; } = true;

    public bool TakesTorn { get; init; }

    public bool HeedsFailedFlush { get; init; } = true;

    public bool HeedsFullDisk { get; init; } = true;

    public bool HeedsTargetFlush { get; init; } = true;

    public bool TellsTargetFailed { get; init; } = true;

    public bool HeedsLogFailure { get; init; } = true;

    public bool HeedsRecord { get; init; } = true;

    public bool EndsDetached { get; init; } = true;

    public bool ReadsThroughPeer { get; init; } = true;

    public bool AcksApplied { get; init; } = true;

    public bool AttachesOutdated { get; init; } = true;

    public bool ComparesDisk { get; init; } = true;

    public override string ToString() => Name;

    /// <summary>A relative that is ahead looks as if it were behind, and the other way round.</summary>
    private static ReplicaRecord Reversed(ReplicaRecord peer, ReplicaRecord own)
    {
        if (ConnectionTable.IsAhead(peer, own)) return peer with { Current = own.Base.IsNone ? own.History.FirstOrDefault(own.Current) : own.Base, Base = own.Base, History = [] };
        if (ConnectionTable.IsAhead(own, peer)) return peer with { Base = own.Current, History = [own.Current] };
        return peer;
    }
}
