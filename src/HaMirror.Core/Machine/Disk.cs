using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>Faults of this node's own disk: detaching it, taking it back, and a record that could not be written.</summary>
/// <remarks>
/// Invariants: (1) a disk is detached only as PRIM with a standby that is Ready, and nothing is acknowledged through that
/// standby alone before it has recorded, durably, that it is the only replica up to date (its <c>Sole</c>); (2) a node whose
/// disk is detached never goes on alone (G4): when the peer is lost the service ends by force; (3) a replica that was
/// detached becomes a target again only after an operator's <c>attach</c> and a disk that was proven to write and read.
/// </remarks>
internal sealed class Disk(MachineContext machine)
{
    private static readonly TimeSpan RecordPauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RecordPauseMax = TimeSpan.FromMinutes(1);

    private TimeSpan _recordPause = RecordPauseMin;
    private TimeSpan? _recordRetryAt;
    private bool _isRecordUnwritten;
    private long _probe;
    private string? _probeFailure;

    private enum Step : byte { None, Wanted, Probing }

    private Step _attach;

    /// <summary>What is wrong with the disk and the remedy, for the status; null: nothing is known.</summary>
    public string? Fault { get; private set; }

    /// <summary>Why a node whose disk is detached waits.</summary>
    private string WaitReason =>
        $"{(_probeFailure is { } failure ? $"{failure} " : "")}The disk of this node is detached: it failed while this node was primary, "
        + "and what was written since is on the peer only. Repair or replace it (after 'hamirror stop', if its file system must be "
        + "unmounted), then run 'hamirror attach' here.";

    /// <summary>A module starts.</summary>
    public void Begin()
    {
        Fault = null;
        _probeFailure = null;
        _isRecordUnwritten = false;
        _recordRetryAt = null;
        if (_attach == Step.Probing) _attach = Step.Wanted;
    }

    /// <summary>The pump met an error of the local disk and holds what failed until it is told.</summary>
    public void Failed(MachineInput.DiskFailed failed)
    {
        var detachable = machine is { State: ModuleState.Prim, Link: { Source: true, Committed: true, Accepted: true } }
            && !machine.Separation.Frozen && !machine.Service.Ending;
        if (!detachable)
        {
            machine.Act(new MachineAction.KeepDisk());
            if (Fault == failed.Reason) return;
            Fault = failed.Reason;
            machine.Say(SayLevel.Critical, $"{failed.Reason} No standby is up to date and linked, so the service gets the error.");
            return;
        }

        var link = machine.Link!.Id;
        if (!machine.Record.Detached)
        {
            _attach = Step.None;
            var peer = machine.Rules.PeerName;
            Fault = $"{failed.Reason} The disk of this node is detached: {peer} holds the only replica that is up to date, and reads and "
                + "writes go there. Run 'hamirror swap', repair or replace the disk, then run 'hamirror attach' here.";
            machine.Say(SayLevel.Critical, Fault);
            machine.Note(Fault);
            // It may lie on the very disk that failed; the peer's record says the same and is waited for.
            machine.PersistIfPossible(machine.Record with
            {
                Condition = ReplicaCondition.Outdated, Detached = true, CompareAll = true, Sole = false,
            });
        }

        machine.Act(new MachineAction.Detach(link));
    }

    /// <summary>The standby has recorded that it alone is up to date.</summary>
    public void DetachAccepted(long id)
    {
        if (machine.Link is not { Source: true } link || link.Id != id || !machine.Record.Detached) return;
        machine.Say(SayLevel.Event, $"Reads and writes go through {machine.Rules.PeerName}");
        machine.Reason = Fault;
    }

    /// <summary>True: this node can serve from nowhere once its peer is lost, and has ended its service for it.</summary>
    public bool EndsWithoutPeer(string reason)
    {
        if (!machine.Record.Detached) return false;
        machine.Service.ForceEnd(
            $"The peer was lost while the disk of this node was detached, so there is nothing to serve from: {reason}", surrenders: false);
        return true;
    }

    /// <summary>What WAIT does while the disk is detached; false: it is not, or an operator overruled it.</summary>
    public bool Holds(out string reason)
    {
        reason = "";
        if (!machine.Record.Detached || machine.Claim.ByOperator) return false;
        if (_attach == Step.Wanted)
        {
            _attach = Step.Probing;
            _probe = machine.NextTicket();
            machine.Act(new MachineAction.ProbeDisk(_probe));
        }

        reason = _attach == Step.Probing ? "The disk is tried by writing and reading back." : WaitReason;
        return true;
    }

    public void Attach(MachineInput.Command command)
    {
        if (!machine.Record.Detached && machine.Waiting.StorageBroken is null)
        {
            machine.Commands.Refuse(machine.State == ModuleState.Stop
                ? "The disk of this node is not detached. Run 'hamirror start'."
                : "The disk of this node is not detached, so there is nothing to attach. 'hamirror status' shows what it waits for.");
            return;
        }

        if (machine.Lifecycle.StopWanted || machine.Lifecycle.At is not (Lifecycle.Stage.Up or Lifecycle.Stage.Stopped)
            || machine.Service.Busy || _attach == Step.Probing)
        {
            machine.Commands.Refuse("The module is just starting, stopping or trying its disk. Wait until it has, then run 'hamirror attach' again.");
            return;
        }

        machine.Loop.Reset();
        // Else it only is a new start, which must not attach a disk that is detached later.
        _attach = machine.Record.Detached ? Step.Wanted : Step.None;
        machine.Waiting.OptionsDone();
        var why = $"Action attach called by {command.By}";
        if (machine.State == ModuleState.Stop)
        {
            machine.Lifecycle.Start(why);
            return;
        }

        // Unmounted and mounted again: what is mounted over may be another file system by now.
        machine.Say(SayLevel.Event, why);
        machine.Lifecycle.Stop(null, startAgain: true);
    }

    public void Probed(MachineInput.DiskProbed probed)
    {
        if (_attach != Step.Probing || probed.Ticket != _probe) return;
        _attach = Step.None;
        if (!machine.Record.Detached || machine.State != ModuleState.Wait) return; // An operator overruled it with --as-primary.
        _probeFailure = probed.Failure;
        if (probed.Failure is { } failure)
        {
            machine.Say(SayLevel.Critical, $"The disk is not attached: {failure}");
            return;
        }

        Fault = null;
        machine.Say(SayLevel.Event, "The disk is attached again: this node joins as target and everything is compared");
        // An empty disk, or one that kept some of its last writes, is no state that ever was: inconsistent, not only older.
        machine.Persist(machine.Record with
        {
            Detached = false, Serving = false, CompareAll = true,
            Condition = ReplicaCondition.Inconsistent, ResyncFrom = machine.Record.Current,
        });
    }

    /// <summary>The storage failed. Where that is only the record of a node that did not serve, it is tried again.</summary>
    public void StorageFailed(MachineInput.StorageFailed failed, bool served)
    {
        _isRecordUnwritten = failed.RecordUnwritten && !served && (_isRecordUnwritten || machine.Waiting.StorageBroken is null);
        _recordRetryAt = null;
    }

    /// <summary>A record that could not be written is on the disk.</summary>
    public void RecordSaved()
    {
        if (!_isRecordUnwritten || machine.Waiting.StorageBroken is null) return;
        _isRecordUnwritten = false;
        _recordRetryAt = machine.Now + _recordPause;
        _recordPause = _recordPause * 2 < RecordPauseMax ? _recordPause * 2 : RecordPauseMax;
        machine.Say(SayLevel.Event, "The replica record is written again; this node goes on as a standby by itself");
    }

    /// <summary>Whether what kept this node from being used is over.</summary>
    public bool IsMended()
    {
        if (_recordRetryAt is not { } at || machine.Now < at) return false;
        _recordRetryAt = null;
        return true;
    }

    /// <summary>What follows a broken storage in the reason of WAIT.</summary>
    public string Remedy => _isRecordUnwritten || _recordRetryAt is not null
        ? "It is tried again by itself once the record can be written; 'hamirror stopstart' does it at once."
        : "Correct it and run 'hamirror stopstart'.";

    /// <summary>This replica is equal and the standby of a primary: the disk does what it should.</summary>
    public void Proven()
    {
        _recordPause = RecordPauseMin;
        Fault = null;
    }

    /// <summary>The same, after the standby was left: what was still to be applied then, or a disk that hung, tells late. This replica
    /// lacks acknowledged writes all the same (G4), whatever it is by now.</summary>
    public void CouldNotApplyLate(string reason)
    {
        var serves = machine.State is ModuleState.Alone or ModuleState.Prim;
        if (!serves && Fault == What(reason)) return;
        CouldNotApply(reason);
        machine.Say(SayLevel.Critical, Fault!);
        if (serves) machine.Service.ForceEnd(Fault!, surrenders: true);
        else machine.Standby.Outdate();
    }

    /// <summary>This replica could not apply what its primary sent; said until it is equal again.</summary>
    public void CouldNotApply(string reason) => Fault = What(reason);

    private string What(string reason) =>
        $"This replica could not apply what {machine.Rules.PeerName} sent: {reason}";
}
