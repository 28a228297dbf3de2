using System.Collections.Immutable;
using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>SECOND: the target's half of a link, and taking over.</summary>
/// <remarks>
/// Invariant (G4): only a standby that was offered and has accepted takes over by itself, and only while nothing has
/// happened since that could have let the primary go on without it: it recorded no outdating, it did not sleep, it did not
/// lose an arbitration. All of this is memory of the process: a restarted standby waits.
/// </remarks>
internal sealed class Standby(MachineContext machine)
{
    private Stage _stage;
    private ulong _sleptSequence;
    private bool _sleptWhileResyncing;
    private bool _wasPrimary;
    private bool _swapAsked;
    private ResyncPlan _plan;
    private bool _salvages;
    private bool _begun;

    private enum Stage : byte { Resyncing, Ready, Reconnecting, Validating }

    public bool Ready => _stage == Stage.Ready && machine.State == ModuleState.Second;

    /// <summary>Remembers, at a start, whether this node was primary when it stopped (defaultprim="lastprim").</summary>
    public void Started(bool wasPrimary)
    {
        _wasPrimary = wasPrimary;
        _swapAsked = false;
    }

    public void Begin(MachineInput.LinkUp up, ConnectionDecision.Target target)
    {
        _stage = Stage.Resyncing;
        _sleptWhileResyncing = false;
        machine.Link = new ReplicaLink(up.Link, source: false, up.Peer);
        (_plan, _salvages, _begun) = (target.Plan, target.Salvages, false);
        machine.Say(target.Salvages ? SayLevel.Critical : SayLevel.Event, target.Sentence);
        machine.Enter(ModuleState.Second, Phase.Transient, target.Sentence);
        machine.Hooks.Toward(ModuleState.Second, HookPurpose.Background);
    }

    /// <summary>Data is about to come. Until then a replica that is consistent stays so, whatever happens to the link.</summary>
    public void PlanReceived(MachineInput.PlanReceived received)
    {
        if (machine.Link is not { Source: false, Committed: false } link || link.Id != received.Link || _begun) return;
        if (received.Plan != _plan)
        {
            machine.Waiting.PauseDialling();
            Leave($"{machine.Rules.PeerName} wants to resync by {received.Plan}, this node by {_plan}: the link is tried again.");
            return;
        }

        _begun = true;
        var before = machine.Record.Condition == ReplicaCondition.Inconsistent
            ? machine.Record with { Condition = ReplicaCondition.Outdated, ResyncFrom = GenerationId.None }
            : machine.Record;
        var keeps = new Preserving(Keeps(), before, link.Peer.Record.Current);
        var record = machine.Record with { Sole = false, Serving = false };
        if (_plan != ResyncPlan.Leftover)
        {
            // A generation that the source does not know says that a salvage set is owed, so a replica that was given up has none.
            var current = record.Current.IsNone || _plan == ResyncPlan.CopyAll ? link.Peer.Record.Current : record.Current;
            record = record with
            {
                Condition = ReplicaCondition.Inconsistent,
                ResyncFrom = link.Peer.Record.Current,
                Current = current,
                History = record.History.Remove(current), // a source may have gone back to what was an ancestor here
                CompareAll = record.CompareAll || _plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll,
                PeerName = machine.Rules.PeerName,
            };
        }

        machine.Persist(record);
        machine.Act(new MachineAction.BeginTarget(link.Id, _plan) { Keeps = keeps });
    }

    /// <summary>A replica that was given up with --full-sync is kept no more than one that never was consistent.</summary>
    private Preservation Keeps() => _plan is ResyncPlan.Leftover or ResyncPlan.CopyAll
        ? Preservation.None
        : machine.Record.Condition switch
        {
            ReplicaCondition.UpToDate or ReplicaCondition.Outdated => _salvages ? Preservation.Salvage : Preservation.Undo,
            ReplicaCondition.Inconsistent => _salvages ? Preservation.ContinuedSalvage : Preservation.Continued,
            _ => Preservation.None,
        };

    public void OfferReceived(MachineInput.OfferReceived offer)
    {
        if (machine.Link is not { Source: false, Committed: false } link || link.Id != offer.Link || !_begun) return;
        link.Committed = true;
        machine.Peer.Restart(machine.Now); // The offer proves that the primary lives: its silence counts from now on.
        machine.Persist(machine.Record with
        {
            Current = offer.Generation, Base = offer.Generation, History = Merged(link.Peer.Record, offer.Generation),
            Condition = ReplicaCondition.UpToDate, ResyncFrom = GenerationId.None, CompareAll = false, Sole = false,
            HandedOver = false, MarksUnsaved = false, TookOver = false, PeerName = machine.Rules.PeerName,
        });
        machine.Act(new MachineAction.AcceptOffer(offer.Link));
        machine.Waiting.OptionsDone();
        machine.Say(SayLevel.Event, "Reintegration ended (synchronize)");
        if (_sleptWhileResyncing) AskAnew();
        else EnterReady();
    }

    public void LinkDown(MachineInput.LinkDown down)
    {
        if (machine.Link is not { } link || link.Id != down.Link) return;
        machine.Link = null;
        machine.Say(SayLevel.Warning, $"The link to {machine.Rules.PeerName} ended: {down.Reason}");
        if (_stage == Stage.Ready) Reconnect(down.Reason);
        else
        {
            if (_stage == Stage.Resyncing) machine.Waiting.PauseDialling();
            Leave(down.Reason);
        }
    }

    /// <summary>Acknowledged writes are missing here (G4): recorded before anything else may come, the peer's death included.</summary>
    public void TargetFailed(MachineInput.TargetFailed failed)
    {
        if (machine.Link is not { Source: false } link || link.Id != failed.Link) return;
        machine.Say(SayLevel.Critical, $"This replica could not apply what {machine.Rules.PeerName} sent: {failed.Reason}");
        machine.Disk.CouldNotApply(failed.Reason);
        Outdate();
        machine.Waiting.PauseDialling();
        Leave(failed.Reason);
    }

    /// <summary>The primary's disk failed: what it writes from now on is here only. It goes on through this node and can never go
    /// on alone, so this replica may start without it.</summary>
    public void PeerDetached(long id)
    {
        if (machine.Link is not { Source: false, Committed: true } link || link.Id != id) return;
        machine.Say(SayLevel.Critical, $"The disk of {machine.Rules.PeerName} failed: this node holds the only replica that is up to date. Run 'hamirror swap'.");
        // The primary may be unable to record that its own replica is outdated: the generation says so whatever becomes of this one.
        // Neither node marks what this one alone gets, so everything is compared afterwards.
        machine.Persist(Service.Successor(machine.Record, machine.NewGeneration()) with { Sole = true, CompareAll = true });
        machine.Act(new MachineAction.AcceptDetach(id));
    }

    public void HandoverReceived(MachineInput.HandoverReceived handover)
    {
        if (machine.Link is not { } link || link.Id != handover.Link) return;
        if (_stage is not (Stage.Ready or Stage.Validating)) return;
        machine.CutLink("The hand-over is accepted.");
        machine.Say(SayLevel.Event, handover.Swap ? "Action swap called by the peer" : "Action alone called by heart: remote stop");
        if (handover.Swap) machine.Service.BeginSwapped();
        else if (machine.Rules.FailoverOn) machine.Service.Begin($"{machine.Rules.PeerName} was stopped.", takesOver: false);
        else FailoverIsOff();
    }

    public void Continue()
    {
        if (machine.Lifecycle.StopWanted)
        {
            Leave("The module stops.");
            return;
        }

        switch (_stage)
        {
            case Stage.Ready when machine.PeerSilent: Arbitrate(); break;
            case Stage.Ready: machine.Arbitration.Clear(); break;
            case Stage.Reconnecting: ContinueReconnecting(); break;
            case Stage.Validating: Validate(); break;
        }
    }

    /// <summary>This process slept: the primary may have gone on. Readiness comes back with a word of the primary's that is
    /// younger than the sleep.</summary>
    public void Slept()
    {
        switch (_stage)
        {
            case Stage.Resyncing:
                // An offer that waited in the socket may be withdrawn by now.
                _sleptWhileResyncing = true;
                break;
            case Stage.Ready or Stage.Validating:
                AskAnew();
                break;
            case Stage.Reconnecting:
                Leave("This process was not running for a while.");
                break;
        }
    }

    /// <summary>The primary goes on without this node, or this node drops out.</summary>
    public void Leave(string reason)
    {
        machine.CutLink(reason);
        machine.Claim.Yield(null);
        machine.Arbitration.Clear();
        machine.Enter(ModuleState.Wait, Phase.NotReady, reason);
        machine.Hooks.Toward(ModuleState.Wait, HookPurpose.Background);
    }

    private void EnterReady()
    {
        _stage = Stage.Ready;
        machine.Disk.Proven();
        machine.Enter(ModuleState.Second, Phase.Ready, null);
        var rules = machine.Rules;
        var wanted = rules.DefaultPrim == rules.NodeName || (rules.DefaultPrim == "lastprim" && _wasPrimary);
        if (!wanted || _swapAsked || machine.Link is not { } link) return;
        _swapAsked = true;
        machine.Say(SayLevel.Event, "Transition SWAP from defaultprim");
        machine.Act(new MachineAction.SendSwapRequest(link.Id));
    }

    private void AskAnew()
    {
        _stage = Stage.Validating;
        _sleptSequence = machine.AskPeer();
        machine.Enter(ModuleState.Second, Phase.Transient, "This process was not running for a while; the primary is asked anew.");
    }

    private void Reconnect(string reason)
    {
        _stage = Stage.Reconnecting;
        machine.Enter(ModuleState.Second, Phase.Transient, $"Reconnecting: {reason}");
    }

    private void ContinueReconnecting()
    {
        if (!machine.PeerAlive)
        {
            if (machine.PeerSilent) Arbitrate();
            return;
        }

        machine.Arbitration.Clear();
        var beat = machine.Peer.Beat!;
        switch (beat.State)
        {
            case ModuleState.Alone or ModuleState.Prim:
                machine.Claim.Yield(beat);
                if (!beat.Record.Sole && SharesHistory(beat)) break; // It is frozen, and asks; or its disk is detached, and it ends.
                Outdate();
                Leave($"{beat.NodeName} went on without this node.");
                break;
            case ModuleState.Second:
                Leave($"{beat.NodeName} is a standby too.");
                break;
            default:
                // It went on alone, and died before this node heard of it.
                if (!machine.Record.Sole && (beat.Record.Sole || ConnectionTable.IsAhead(beat.Record, machine.Record)))
                {
                    machine.Claim.Yield(beat);
                    Outdate();
                    Leave($"{beat.NodeName} had gone on without this node.");
                }
                else if (!machine.Rules.FailoverOn) FailoverIsOff();
                else if (machine.Claim.Press()) TakeOver("remote stop", $"{beat.NodeName} serves no longer.", tookOver: false);
                break;
        }
    }

    private void Arbitrate()
    {
        // Also with failover off: what was proven now holds when an operator turns it on later.
        switch (machine.Arbitration.Standby(machine.SilenceDue))
        {
            case Arbitration.Verdict.Won when !machine.Rules.FailoverOn:
                FailoverIsOff(mayTakeOver: true);
                break;
            case Arbitration.Verdict.Won:
                TakeOver("no heartbeat", $"{machine.Rules.PeerName} is silent on every LAN.", tookOver: true);
                break;
            case Arbitration.Verdict.Lost:
                machine.Say(SayLevel.Critical, "Neither the peer nor the witness can be reached: this node is isolated.");
                Leave("Arbitration was lost: neither the peer nor the witness can be reached.");
                break;
        }
    }

    private void TakeOver(string cause, string why, bool tookOver)
    {
        machine.Say(SayLevel.Event, $"Action alone called by heart: {cause}");
        machine.CutLink(why);
        machine.Service.Begin(why, tookOver);
    }

    /// <param name="mayTakeOver">The primary died and this node has won the arbitration: only failover is missing.</param>
    private void FailoverIsOff(bool mayTakeOver = false)
    {
        machine.Say(SayLevel.Event, "Failover-off configured");
        var how = mayTakeOver ? "'hamirror failover on' or 'hamirror start --as-primary'" : "'hamirror start --as-primary'";
        var reason = $"{machine.Rules.PeerName} serves no longer and failover is off: run {how} here to go on.";
        machine.Waiting.Hold(reason, mayTakeOver);
        Leave(reason);
    }

    private void Validate()
    {
        if (!machine.PeerAlive || machine.Peer.Beat is not { } beat || !machine.Peer.Knows(_sleptSequence)) return;
        if (!beat.Record.Sole && beat.Serves && beat.PeerOutdated.IsNone && SharesHistory(beat))
        {
            if (beat.State == ModuleState.Prim) EnterReady(); // Until then it has not read the acceptance yet.
        }
        else Leave($"{beat.NodeName} may have gone on while this process did not run.");
    }

    /// <summary>The primary has not gone on without this node: it cannot, once this one stands in for its disk.</summary>
    private bool SharesHistory(ModuleBeat beat) => machine.Record.Sole || beat.Record.Current == machine.Record.Current;

    /// <summary>Records what the primary's going on means for this replica.</summary>
    public void Outdate()
    {
        if (machine.Record.Condition == ReplicaCondition.UpToDate)
            machine.Persist(machine.Record with { Condition = ReplicaCondition.Outdated, Sole = false, Serving = false });
    }

    private ImmutableArray<GenerationId> Merged(ReplicaRecord source, GenerationId current) =>
    [
        .. ImmutableArray.Create(source.Current, source.Base).AddRange(source.History).Add(machine.Record.Current)
            .AddRange(machine.Record.History).Where(id => !id.IsNone && id != current).Distinct().Take(ReplicaRecord.HistoryMax),
    ];
}
