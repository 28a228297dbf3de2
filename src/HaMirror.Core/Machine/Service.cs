using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>ALONE and PRIM: beginning, restarting and ending the service, and the source's half of a link.</summary>
/// <remarks>
/// Invariants: (1) Serving and MarksUnsaved are durable before the first change can be accepted; (2) while changes are
/// acknowledged without the peer, Sole is durable; it is withdrawn, durably, before an Offer is sent; (3) a committed link
/// that is lost freezes (<see cref="Separation"/>) and nothing here thaws; (4) an orderly end drains before it hands over.
/// </remarks>
internal sealed class Service(MachineContext machine)
{
    /// <summary>How long a service that was handed over for a swap waits to be mirrored before it begins.</summary>
    private static readonly TimeSpan SwapWindow = TimeSpan.FromSeconds(2);

    /// <summary>How long a hand-over waits for the peer to end the link.</summary>
    private static readonly TimeSpan HandoverTimeout = TimeSpan.FromSeconds(2);

    private Stage _stage;
    private ServiceEnd _goal;
    private string? _stopReason;
    private TimeSpan _deadline;
    private long _drain;

    private enum Stage : byte { None, Awaiting, Starting, Running, Restarting, Ending, Draining, HandingOver, Forcing }

    /// <summary>Something of the service still goes on, in whatever state.</summary>
    public bool Busy => _stage != Stage.None;

    /// <summary>The service is being ended in order: no new link, no new decision.</summary>
    public bool Ending => _stage is Stage.Ending or Stage.Draining;

    /// <summary>Beats with at least this number say that this node serves.</summary>
    public ulong ServingSequence { get; private set; }

    private bool Committed => machine.Link is { Source: true, Committed: true } && !machine.Separation.Frozen;

    /// <param name="takesOver">The peer died or is isolated: if it served all the same, its history is the one that is kept.</param>
    public void Begin(string why, bool takesOver)
    {
        Own(why, takesOver);
        Start(ModuleState.Alone);
    }

    /// <summary>The peer handed over for a swap: it gets a moment to become the standby before the service begins.</summary>
    public void BeginSwapped()
    {
        Own($"{machine.Rules.PeerName} handed over.", takesOver: false);
        _stage = Stage.Awaiting;
        _deadline = machine.Now + SwapWindow;
    }

    public void HooksEnded(HookPurpose purpose, string? failure)
    {
        switch (purpose)
        {
            case HookPurpose.StartService when _stage == Stage.Starting:
            case HookPurpose.RestartService when _stage == Stage.Restarting:
                if (failure is null) Started();
                else StartFailed(failure);
                break;
            case HookPurpose.EndService when _stage == Stage.Ending:
                if (failure is not null)
                    machine.Say(SayLevel.Critical, $"The service did not end: {failure} Its directories are read-only from now on.");
                _stage = Stage.Draining;
                _drain = machine.NextTicket();
                machine.Act(new MachineAction.Drain(_drain));
                break;
            case HookPurpose.ForcedEnd when _stage == Stage.Forcing:
                if (failure is not null)
                    machine.Say(SayLevel.Critical, $"The forced end failed: {failure} The directories are read-only, so no data is at risk.");
                _stage = Stage.None;
                break;
        }
    }

    public void Continue()
    {
        machine.Separation.Continue();
        if (_stage == Stage.Awaiting && machine.Now >= _deadline && !machine.Separation.Frozen) Start(ModuleState.Alone);
    }

    /// <summary>After a hand-over the peer ends the link; if it does not, this node does.</summary>
    public void ContinueHandover()
    {
        if (_stage != Stage.HandingOver || (machine.Link is not null && machine.Now < _deadline)) return;
        machine.CutLink("The hand-over was not answered.");
        _stage = Stage.None;
        Ended();
    }

    public void LinkUp(MachineInput.LinkUp up)
    {
        if (machine.Link is { } old) LinkEnded(old, "The peer dialled anew.");
        var ready = up.Source && !Ending && !machine.Separation.Frozen && _stage != Stage.None;
        var decision = ready ? ConnectionTable.Decide(machine.Mine(false), machine.Theirs(up.Peer)) : null;
        if (decision is ConnectionDecision.Source source && up.Peer.State is not (ModuleState.Alone or ModuleState.Prim))
        {
            machine.Note(source.Sentence);
            machine.Say(source.Salvages ? SayLevel.Critical : SayLevel.Event, source.Sentence);
            machine.Link = new ReplicaLink(up.Link, source: true, up.Peer);
            machine.Act(new MachineAction.BeginSource(up.Link, source.Plan));
            return;
        }

        var why = decision?.Sentence ?? "This node cannot be the source now.";
        machine.Note(why);
        machine.Act(new MachineAction.CutLink(up.Link, why));
    }

    public void LinkDown(MachineInput.LinkDown down)
    {
        if (machine.Link is not { } link || link.Id != down.Link) return;
        machine.Link = null;
        machine.Say(SayLevel.Warning, $"The link to {machine.Rules.PeerName} ended: {down.Reason}");
        if (link.Committed) machine.Separation.Begin(down.Reason, down.Silence, link.Accepted);
    }

    public void ResyncEnded(long id)
    {
        if (machine.Link is not { Source: true, Committed: false } link || link.Id != id || Ending) return;
        machine.Persist(machine.Record with { Sole = false });
        link.Committed = true;
        machine.Act(new MachineAction.Offer(id, machine.Record.Current));
    }

    public void OfferAccepted(long id)
    {
        if (machine.Link is not { Source: true, Committed: true, Accepted: false } link || link.Id != id) return;
        link.Accepted = true;
        machine.Persist(machine.Record with
        {
            Base = machine.Record.Current, CompareAll = false, TookOver = false, HandedOver = false, PeerName = machine.Rules.PeerName,
        });
        machine.Say(SayLevel.Event, "Reintegration ended (synchronize)");
        if (Ending) return;
        var awaited = _stage == Stage.Awaiting;
        machine.Enter(ModuleState.Prim, awaited || _stage != Stage.Running ? Phase.Transient : Phase.Ready, null);
        if (awaited) Start(ModuleState.Prim);
        else machine.Hooks.Toward(ModuleState.Prim, HookPurpose.Background);
    }

    /// <summary>The pump holds the first change since the nodes parted (design, section 7: generations change lazily).</summary>
    public void GenerationNeeded()
    {
        if (machine.Separation.Frozen)
        {
            machine.Separation.GenerationWanted = true;
            return;
        }

        // With a committed link nothing has parted: the pump asked just before the offer.
        if (!Committed) machine.Persist(Successor(machine.Record, machine.NewGeneration()));
        machine.Act(new MachineAction.OpenGeneration(machine.Record.Current));
    }

    public void Restart()
    {
        if (_stage != Stage.Running) return;
        _stage = Stage.Restarting;
        machine.Enter(machine.State, Phase.Transient, "The service is restarted.");
        machine.Hooks.RestartInPlace();
    }

    /// <summary>Ends the service in order. An end that is already under way only changes what it leads to.</summary>
    public void End(ServiceEnd goal, string reason, string? stopReason = null)
    {
        if (Ending && _goal == ServiceEnd.Stop) return;
        _goal = goal;
        _stopReason = stopReason;
        if (Ending) return;
        var started = _stage != Stage.Awaiting;
        _stage = Stage.Ending;
        machine.Act(new MachineAction.Listen(false));
        machine.Enter(machine.State, Phase.Transient, reason);
        var next = goal == ServiceEnd.Swap && Committed ? ModuleState.Second : ModuleState.Wait;
        if (started) machine.Hooks.Toward(next, HookPurpose.EndService);
        else HooksEnded(HookPurpose.EndService, null);
    }

    public void Drained(MachineInput.Drained drained)
    {
        if (_stage != Stage.Draining || drained.Ticket != _drain) return;
        if (drained.Failure is not null) machine.Say(SayLevel.Critical, drained.Failure);
        machine.Act(new MachineAction.SetWritable(false));
        var flushed = drained.Failure is null;
        var handsOver = Committed && flushed && machine.Link is { Accepted: true }
            && (_goal == ServiceEnd.Swap || machine.Rules.FailoverOn);
        machine.Separation.Clear();
        if (handsOver)
        {
            var swap = _goal == ServiceEnd.Swap;
            machine.Persist(machine.Record with { Serving = false, Sole = false, HandedOver = true });
            machine.Act(new MachineAction.SendHandover(machine.Link!.Id, swap));
            _stage = Stage.HandingOver;
            _deadline = machine.Now + HandoverTimeout;
            machine.Enter(ModuleState.Wait, Phase.Transient, $"{machine.Rules.PeerName} takes the service over.");
            return;
        }

        // A standby that was lost meanwhile may have died with writes that it had only received: this node is the one that
        // may be ahead, as after a crash, unless the other one is found to have gone on.
        var settled = machine.Link is not null || machine.Record.Sole;
        machine.CutLink("The service ended here.");
        if (flushed && settled) machine.Persist(machine.Record with { Serving = false });
        _stage = Stage.None;
        machine.Enter(ModuleState.Wait, Phase.Transient, "The service ended.");
        Ended();
    }

    /// <summary>The guest must be gone now and nothing more is acknowledged.</summary>
    /// <param name="surrenders">The peer's data is the one that is kept.</param>
    public void ForceEnd(string reason, bool surrenders)
    {
        machine.Say(SayLevel.Critical, reason);
        machine.Note(reason);
        machine.Act(new MachineAction.SetWritable(false));
        machine.Act(new MachineAction.Listen(false));
        machine.CutLink(reason);
        machine.Separation.Clear();
        machine.Arbitration.Clear();
        if (surrenders)
            machine.Persist(machine.Record with { Condition = ReplicaCondition.Outdated, Sole = false, Serving = false });
        _stage = Stage.Forcing;
        machine.Enter(ModuleState.Wait, Phase.Transient, reason);
        machine.Hooks.Force();
    }

    /// <summary>Shows how far the service is, after a separation has been settled.</summary>
    public void Settle(ModuleState state, string? reason) =>
        machine.Enter(state, _stage == Stage.Running ? Phase.Ready : Phase.Transient, reason);

    /// <summary>The record after the first change of a new history that continues <paramref name="record"/>'s.</summary>
    public static ReplicaRecord Successor(ReplicaRecord record, GenerationId next) => record with
    {
        Current = next,
        History = [.. record.History.Insert(0, record.Current).Where(id => !id.IsNone && id != next).Distinct()
            .Take(ReplicaRecord.HistoryMax)],
    };

    private void Own(string why, bool takesOver)
    {
        var record = machine.Claim.ByOperator ? OperatorsRecord() : machine.Record;
        machine.Persist(record with
        {
            Serving = true, MarksUnsaved = true, Sole = true, HandedOver = false, TookOver = takesOver || record.TookOver,
            PeerName = record.PeerName ?? machine.Rules.PeerName,
        });
        machine.Waiting.Dial(false);
        machine.Waiting.OptionsDone();
        machine.Arbitration.Clear();
        ServingSequence = machine.AskPeer();
        machine.Note(why);
        machine.Enter(ModuleState.Alone, Phase.Transient, why);
        machine.Act(new MachineAction.Thaw());
        machine.Act(new MachineAction.Listen(true));
    }

    private void Start(ModuleState target)
    {
        _stage = Stage.Starting;
        machine.Act(new MachineAction.SetWritable(true));
        machine.Hooks.Toward(target, HookPurpose.StartService);
    }

    /// <summary>An operator's word makes any replica the right one; where its history alone does not, a new one begins, so
    /// that no other replica can be mistaken for newer or be replaced without being asked about.</summary>
    private ReplicaRecord OperatorsRecord()
    {
        var record = machine.Record;
        var heard = machine.PeerAlive ? machine.Peer.Beat : null;
        var overruled = heard is not null && ConnectionTable.Decide(machine.Mine(false), machine.Theirs(heard))
            is ConnectionDecision.Target;
        if (record.Condition == ReplicaCondition.UpToDate && !overruled) return record with { TookOver = false };
        var next = machine.NewGeneration();
        // A disk that was detached kept some of its last writes, or is an empty one: no state that ever was.
        var whole = record is { Condition: ReplicaCondition.UpToDate or ReplicaCondition.Outdated, Detached: false };
        var made = whole
            ? Successor(record, next) with { Base = record.Current }
            : record with { Current = next, Base = GenerationId.None, History = [] };
        return made with
        {
            Condition = ReplicaCondition.UpToDate, ResyncFrom = GenerationId.None, CompareAll = true, TookOver = false, Detached = false,
        };
    }

    private void Started()
    {
        _stage = Stage.Running;
        if (!machine.Separation.Frozen) machine.Enter(machine.State, Phase.Ready, null);
    }

    private void StartFailed(string failure)
    {
        machine.Say(SayLevel.Critical, failure);
        machine.Commands.Automatic(AutomaticAction.StopStart, $"the service did not start: {failure}");
    }

    private void LinkEnded(ReplicaLink link, string reason)
    {
        machine.CutLink(reason);
        if (link.Committed) machine.Separation.Begin(reason, TimeSpan.Zero, link.Accepted);
    }

    private void Ended()
    {
        switch (_goal)
        {
            case ServiceEnd.Swap: machine.Waiting.ExpectSwap(); break;
            case ServiceEnd.Stop: machine.Lifecycle.Stop(_stopReason, startAgain: false); break;
            case ServiceEnd.StopStart: machine.Lifecycle.Stop(null, startAgain: true); break;
        }
    }
}
