using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>Something that happened, told to <see cref="ModuleMachine"/>. Facts were imposed by the world and every state
/// answers them; commands were asked for by somebody and a state may refuse them with a sentence.</summary>
public abstract record MachineInput
{
    private MachineInput() { }

    /// <summary>Time passed. The driver sends one at least every <see cref="ModuleRules.TickInterval"/>.</summary>
    public sealed record Tick : MachineInput;

    /// <summary>An authenticated heartbeat arrived on any LAN.</summary>
    public sealed record BeatHeard(ModuleBeat Beat) : MachineInput;

    /// <summary>Both connections of a replication link stand and the peer's hello was read and authenticated.
    /// <paramref name="Source"/>: this node is to be the source (the peer dialled it).</summary>
    public sealed record LinkUp(long Link, bool Source, PeerHello Peer) : MachineInput;

    /// <summary>The link ended; <paramref name="Reason"/> is a sentence.</summary>
    public sealed record LinkDown(long Link, string Reason) : MachineInput
    {
        /// <summary>Source: for how long the peer had owed an answer when the link ended.</summary>
        public TimeSpan Silence { get; init; }
    }

    /// <summary>Target: the source's plan came, so data will. The answer is <see cref="MachineAction.BeginTarget"/> when this
    /// node reads both records the same way, else the link is cut.</summary>
    public sealed record PlanReceived(long Link, ResyncPlan Plan) : MachineInput;

    /// <summary>Source: every difference is copied or proven equal, and durable at the peer.</summary>
    public sealed record ResyncEnded(long Link) : MachineInput;

    /// <summary>Target: the source declares this replica equal (wire: Offer). The answer is <see cref="MachineAction.AcceptOffer"/>.</summary>
    public sealed record OfferReceived(long Link, GenerationId Generation) : MachineInput;

    /// <summary>Source: the target has durably recorded that it is up to date.</summary>
    public sealed record OfferAccepted(long Link) : MachineInput;

    /// <summary>The peer, primary, has ended its service in order, all flushed on both sides, and asks this node to go on.
    /// <paramref name="Swap"/>: it wants to become SECOND; otherwise it stops.</summary>
    public sealed record HandoverReceived(long Link, bool Swap) : MachineInput;

    /// <summary>The peer, SECOND, asks this primary to exchange roles (an operator typed swap over there).</summary>
    public sealed record SwapRequested(long Link) : MachineInput;

    /// <summary>A sequence of hooks asked for by <see cref="MachineAction.RunSequence"/> ended.</summary>
    /// <param name="Failure">Null when all succeeded, else a sentence.</param>
    public sealed record SequenceEnded(long Ticket, string? Failure) : MachineInput;

    /// <summary>The mounts are up (read-only) or could not be made.</summary>
    public sealed record MountEnded(string? Failure) : MachineInput;

    /// <summary>Every mount is gone and the marks are saved.</summary>
    public sealed record UnmountEnded(string? Failure) : MachineInput;

    /// <summary>Answer to <see cref="MachineAction.AskWitness"/>.</summary>
    public sealed record WitnessAnswered(long Ticket, bool Reachable) : MachineInput;

    /// <summary>The pump holds the first changing request since the separation: it needs a generation of its own.</summary>
    public sealed record GenerationNeeded : MachineInput;

    /// <summary>Answer to <see cref="MachineAction.Undo"/>.</summary>
    /// <param name="Before">The record that the replica had; null when it failed.</param>
    public sealed record Undone(long Ticket, ReplicaRecord? Before, string? Failure) : MachineInput;

    /// <summary>All changes up to <see cref="MachineAction.Drain"/> are flushed on every replica in reach; writes are closed.</summary>
    public sealed record Drained(long Ticket, string? Failure) : MachineInput;

    /// <summary>A mount or the local disk failed for good, or the guard aborted it.</summary>
    /// <param name="MountLost">Only a mount is gone; the disk under it is well, so that a new start may mend it.</param>
    public sealed record StorageFailed(string Reason, bool MountLost = false) : MachineInput
    {
        /// <summary>Only the replica record could not be written; it is tried again, and <see cref="RecordSaved"/> tells when it is.</summary>
        public bool RecordUnwritten { get; init; }
    }

    /// <summary>A record that could not be written before is on the disk now.</summary>
    public sealed record RecordSaved : MachineInput;

    /// <summary>Source: the local disk failed (not: is full) or hangs. Changes and reads that met it wait for the answer,
    /// <see cref="MachineAction.Detach"/> or <see cref="MachineAction.KeepDisk"/>.</summary>
    public sealed record DiskFailed(string Reason) : MachineInput;

    /// <summary>Target: the primary's disk failed; from now on this replica alone gets what is written. The answer is
    /// <see cref="MachineAction.AcceptDetach"/>.</summary>
    public sealed record PeerDetached(long Link) : MachineInput;

    /// <summary>Source: the standby has recorded that it alone is up to date; the pump serves through it already.</summary>
    public sealed record DetachAccepted(long Link) : MachineInput;

    /// <summary>Answer to <see cref="MachineAction.ProbeDisk"/>.</summary>
    /// <param name="Failure">Null: it can be written and reads what was written; else a sentence.</param>
    public sealed record DiskProbed(long Ticket, string? Failure) : MachineInput;

    /// <summary>Target: what the source counts as held here could not be applied (a full or broken disk). This replica lacks
    /// acknowledged writes from now on. <see cref="LinkDown"/> follows.</summary>
    public sealed record TargetFailed(long Link, string Reason) : MachineInput;

    /// <summary>A checker or errd asks for an action; null action: only the resource's state changed.</summary>
    public sealed record CheckerFired(string Resource, bool Up, AutomaticAction? Action) : MachineInput;

    /// <summary>An operator's (or a hook's) command. A refusal is returned in <see cref="StepOutput.Refusal"/>.</summary>
    public sealed record Command(OperatorCommand Kind) : MachineInput
    {
        /// <summary>Who asked, as it is logged, e.g. <c>root@local</c> or a hook's identity given with <c>-i</c>.</summary>
        public string By { get; init; } = "operator";

        /// <summary>Given with <c>-i</c>: counts against maxloop.</summary>
        public bool Automatic { get; init; }

        /// <summary>Of StartAsPrimary: go back to the replica that was before a resync that did not end.</summary>
        public bool Undo { get; init; }
    }
}

/// <summary>What an operator may ask of a module.</summary>
public enum OperatorCommand : byte
{
    Start,
    StartAsPrimary,
    StartAsSecondary,
    StartAsSecondaryFullSync,
    Stop,
    ForceStop,
    Restart,
    StopStart,
    Swap,
    FailoverOn,
    FailoverOff,
    Attach,
}

/// <summary>What a checker's or a hook's failure leads to (SafeKit's action names).</summary>
public enum AutomaticAction : byte
{
    Restart,
    StopStart,
    Wait,
    Stop,
    Swap,
}
