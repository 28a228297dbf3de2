using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>A serving node that has lost a peer which may take over, or that hears another one serve.</summary>
/// <remarks>
/// Invariant: while <see cref="Frozen"/>, nothing is acknowledged. It ends in one of four ways: the peer has recorded that
/// it is outdated and says so knowing this very question; the peer has received the question and hangs (its time is over,
/// counted from the last sign of life of the data path); the peer is silent and arbitration is won; or this node ends its
/// service. All but the last make Sole durable and thaw.
/// </remarks>
internal sealed class Separation(MachineContext machine)
{
    private TimeSpan _since;
    private TimeSpan _owedSince;
    private ulong _sequence;
    private bool _peerWasReady;
    private ulong? _askedAfterSleep;
    private TimeSpan? _decidedSince; // A peer that does not hear this node has made its decision.

    public bool Frozen { get; private set; }

    /// <summary>The pump asked for a generation while frozen.</summary>
    public bool GenerationWanted { get; set; }

    /// <param name="silence">For how long the peer had owed an answer already.</param>
    /// <param name="accepted">The peer had accepted the offer, so its machine knows that it may take over.</param>
    public void Begin(string reason, TimeSpan silence, bool accepted)
    {
        if (Frozen || machine.Service.Ending || machine.Disk.EndsWithoutPeer(reason)) return;
        Frozen = true;
        _since = machine.Now;
        _owedSince = machine.Now - silence;
        _peerWasReady = accepted;
        _decidedSince = null;
        _sequence = machine.AskPeer();
        machine.PeerOutdated = machine.Record.Current;
        machine.Arbitration.Clear();
        machine.Act(new MachineAction.Freeze());
        machine.Act(new MachineAction.Listen(false));
        machine.Enter(machine.State, Phase.Transient, $"Writes are held until it is settled who goes on: {reason}");
    }

    public void Continue()
    {
        if (_askedAfterSleep is { } asked && machine.Peer.Knows(asked)) _askedAfterSleep = null;
        if (machine.PeerAlive && machine.Peer.Beat is { } beat && Yields(beat)) return;
        if (!Frozen || machine.Service.Ending) return;
        if (machine.PeerAlive && !HasDecided(machine.Peer.Beat!))
        {
            machine.Arbitration.Clear();
            if (Confirmed(machine.Peer.Beat!)) GoOnAlone("remote stop", $"{machine.Rules.PeerName} has recorded that it is outdated.");
            else if (Hangs(machine.Peer.Beat!))
                GoOnAlone("remote hang", $"{machine.Rules.PeerName} has received that it is outdated and hangs; it cannot take over.");
            return;
        }

        var due = machine.PeerAlive
            ? machine.DueAfter(machine.Now - _decidedSince!.Value + machine.Rules.HeartbeatTimeout)
            : machine.SilenceDue;
        switch (machine.Arbitration.Primary(due))
        {
            case Arbitration.Verdict.Won when _askedAfterSleep is not null:
                machine.Service.ForceEnd(
                    $"This process was not running for a while and {machine.Rules.PeerName} has not been heard since: it may have taken over.",
                    surrenders: false);
                break;
            case Arbitration.Verdict.Won:
                GoOnAlone("no heartbeat", $"{machine.Rules.PeerName} is silent on every LAN.");
                break;
            case Arbitration.Verdict.Lost:
                machine.Service.ForceEnd(
                    "Split brain recovery: exiting alone. Neither the peer nor the witness can be reached.", surrenders: false);
                break;
        }
    }

    /// <summary>A process that slept concludes nothing from the time that passed. Its standby may have taken over and died
    /// since: unless the peer answers, silence is no reason to go on.</summary>
    public void Slept()
    {
        _since = _owedSince = machine.Now;
        _decidedSince = null;
        if (machine.State is ModuleState.Alone or ModuleState.Prim && !machine.Record.Sole) _askedAfterSleep = machine.AskPeer();
    }

    public void Clear()
    {
        Frozen = false;
        _askedAfterSleep = null;
        GenerationWanted = false;
        machine.PeerOutdated = GenerationId.None;
    }

    /// <summary>A peer that is heard but has not answered for a time-out does not hear this node: guests wait no longer (G8) than
    /// until it has taken over or is no standby any more, which its beats say. It takes that long for its own time-out and what a
    /// winner waits beyond it; another time-out covers that a busy machine held it up.</summary>
    private bool HasDecided(ModuleBeat beat)
    {
        var deaf = machine.DueAfter(machine.Now - _since);
        var mayTakeOver = beat.State == ModuleState.Second && !machine.Peer.HasReceived(_sequence);
        if (deaf >= (mayTakeOver ? machine.Rules.HeartbeatTimeout : TimeSpan.Zero)) _decidedSince ??= machine.Now;
        return _decidedSince is not null;
    }

    private bool Confirmed(ModuleBeat beat) =>
        machine.Peer.Knows(_sequence) && beat.ConfirmsOutdated == machine.PeerOutdated && !beat.Serves && !beat.Record.Sole
        && beat.State != ModuleState.Second;

    /// <summary>The peer beats and has the question, but neither its data path nor its machine has answered for the time-out.
    /// Whatever keeps its machine, the question is what it looks at next, and nothing is over there that would let a process
    /// started anew take over. So both paths are settled between the nodes, and no witness is needed.</summary>
    private bool Hangs(ModuleBeat beat) =>
        _peerWasReady && _askedAfterSleep is null && machine.DueAfter(machine.Now - _owedSince) >= TimeSpan.Zero
        && machine.Peer.HasReceived(_sequence) && !beat.Serves && !beat.Record.Sole && !beat.Claims;

    /// <summary>True when the peer goes on and this node has ended its service for it.</summary>
    private bool Yields(ModuleBeat beat)
    {
        var rules = machine.Rules;
        if (Frozen && machine.Peer.Knows(_sequence) && (beat.Record.Sole || beat.Serves))
        {
            machine.Service.ForceEnd($"{beat.NodeName} took over while this node could not reach it.", surrenders: true);
            return true;
        }

        // A beat may have been sent before the peer heard that this node serves; a deaf peer never hears it.
        var settled = machine.Peer.Knows(machine.Service.ServingSequence)
            || machine.Now - machine.Peer.ServingSince > rules.HeartbeatTimeout;
        if (!settled || beat.State is ModuleState.Second) return false;
        if (!beat.Serves && beat.Record.Condition != ReplicaCondition.UpToDate) return false;
        var decision = ConnectionTable.Decide(machine.Mine(false), machine.Theirs(beat));
        var loses = beat.Serves && machine.Record.Sole != beat.Record.Sole
            ? !machine.Record.Sole
            : decision is ConnectionDecision.Target or ConnectionDecision.Diverged { KeepsMine: false };
        if (beat.Serves && decision is ConnectionDecision.Refuse or ConnectionDecision.Wait) loses = !rules.IsFirstNode;
        if (!loses)
        {
            if (beat.Serves) machine.Note($"Split brain recovery: staying alone. {decision.Sentence}");
            return false;
        }

        machine.Service.ForceEnd(
            beat.Serves ? $"Split brain recovery: exiting alone. {decision.Sentence}" : $"This node serves older data. {decision.Sentence}",
            surrenders: true);
        return true;
    }

    private void GoOnAlone(string cause, string why)
    {
        machine.Say(SayLevel.Event, $"Action alone called by heart: {cause}");
        machine.Note(why);
        var wanted = GenerationWanted;
        machine.Persist(machine.Record with { Sole = true });
        Clear();
        machine.Arbitration.Clear();
        machine.Act(new MachineAction.Thaw());
        machine.Act(new MachineAction.Listen(true));
        machine.Service.Settle(ModuleState.Alone, null);
        if (machine.Hooks.Position == ModuleState.Prim) machine.Hooks.Toward(ModuleState.Alone, HookPurpose.Background);
        if (wanted) machine.Service.GenerationNeeded();
    }
}
