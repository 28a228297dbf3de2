using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;

namespace HaMirror.Core.Machine;

/// <summary>Something the machine wants done. The driver carries the actions of one step out in order and starts none
/// before a <see cref="Persist"/> that precedes it is durable.</summary>
public abstract record MachineAction
{
    private MachineAction() { }

    /// <summary>Lets something begin that only a durable record may allow. After a <see cref="Persist"/> that failed it is
    /// not carried out until the record is durable; what only ends something still is, or a guest would be left running.</summary>
    public bool RestsOnRecord() => this switch
    {
        SetWritable { Writable: true } or Thaw or OpenGeneration or BeginTarget or Offer or AcceptOffer or SendHandover or AcceptDetach
            or Undo or EndUndo or Beat => true,
        RunSequence run => HookTable.Calls(run.Sequence).Any(call => call.Hook.StartsWith("start_prim", StringComparison.Ordinal)),
        _ => false,
    };

    /// <summary>Make the record durable BEFORE any later action. If that fails the driver tells StorageFailed, drops what
    /// <see cref="RestsOnRecord"/> (a sequence of hooks is answered with a failure), and tries again with every step; what
    /// is dropped then is told as StorageFailed too, for the machine waits for it.</summary>
    public sealed record Persist(ReplicaRecord Record) : MachineAction
    {
        /// <summary>The service goes on without it, for the peer's record says the same: a failure is logged and tried again.</summary>
        public bool MayFail { get; init; }
    }

    /// <summary>Run the hooks of <see cref="HookTable"/> in order; answer <see cref="MachineInput.SequenceEnded"/>. Sequences
    /// never overlap: when one is asked for while another one runs (<see cref="HookSequence.ForcedEnd"/>, or the end of a
    /// service whose hooks hang), kill that one (its answer is ignored) and begin at once.</summary>
    public sealed record RunSequence(long Ticket, HookSequence Sequence) : MachineAction;

    /// <summary>Mount every replicated directory read-only; answer <see cref="MachineInput.MountEnded"/>.</summary>
    public sealed record Mount : MachineAction;

    /// <summary>Unmount and save the marks; answer <see cref="MachineInput.UnmountEnded"/>.</summary>
    public sealed record Unmount : MachineAction;

    /// <summary>Let changing requests in (<c>true</c>) or refuse them with EROFS (<c>false</c>): also those that a freeze
    /// holds or that are in flight, none of which is acknowledged as done afterwards.</summary>
    public sealed record SetWritable(bool Writable) : MachineAction;

    /// <summary>Hold every changing request, acknowledge none, until <see cref="Thaw"/>. The pump freezes itself at the
    /// instant a link with a peer that may take over is lost; this action confirms it.</summary>
    public sealed record Freeze : MachineAction;

    /// <summary>Go on (or begin) without the peer: changes are marked dirty; what was in flight is marked dirty too. From here
    /// on the generation is closed again: what was in flight, like the first change that comes, is answered only after
    /// GenerationNeeded was told and <see cref="OpenGeneration"/> came, for the peer may lack it.</summary>
    public sealed record Thaw : MachineAction;

    /// <summary>Answer to GenerationNeeded, after the new record is durable: let the held change go. (An Offer lets it go too.)</summary>
    public sealed record OpenGeneration(GenerationId Current) : MachineAction;

    /// <summary>Close to changes, wait until everything is flushed on this disk and, if linked, the peer's;
    /// answer <see cref="MachineInput.Drained"/>.</summary>
    public sealed record Drain(long Ticket) : MachineAction;

    /// <summary>Keep dialling the peer to become its target, or stop.</summary>
    public sealed record Dial(bool On) : MachineAction;

    /// <summary>Accept (or refuse) a target that dials.</summary>
    public sealed record Listen(bool On) : MachineAction;

    /// <summary>Source: begin copying as <paramref name="Plan"/> says; answer <see cref="MachineInput.ResyncEnded"/>.
    /// From here on every change is sent as well.</summary>
    public sealed record BeginSource(long Link, ResyncPlan Plan) : MachineAction;

    /// <summary>Target: begin to apply; the record already says Inconsistent, or UpToDate when nothing can differ.</summary>
    public sealed record BeginTarget(long Link, ResyncPlan Plan) : MachineAction
    {
        /// <summary>What of this replica is kept, on stable storage before any of it is replaced.</summary>
        public Preserving Keeps { get; init; } = Preserving.Nothing;
    }

    /// <summary>Make the replica what it was before the resync that did not end; answer <see cref="MachineInput.Undone"/>.</summary>
    public sealed record Undo(long Ticket) : MachineAction;

    /// <summary>The record says what the replica is again: what the undo was made from goes away.</summary>
    public sealed record EndUndo : MachineAction;

    /// <summary>Source: from now on losing the peer freezes; then tell the target that it is equal (wire: Offer).</summary>
    public sealed record Offer(long Link, GenerationId Generation) : MachineAction;

    /// <summary>Target: the offer is recorded durably; tell the source.</summary>
    public sealed record AcceptOffer(long Link) : MachineAction;

    /// <summary>Primary, drained: tell the SECOND to go on.</summary>
    public sealed record SendHandover(long Link, bool Swap) : MachineAction;

    /// <summary>SECOND: ask the primary to exchange roles.</summary>
    public sealed record SendSwapRequest(long Link) : MachineAction;

    /// <summary>Source: ask the standby to record that it alone is up to date; once it has, everything goes through it.</summary>
    public sealed record Detach(long Link) : MachineAction;

    /// <summary>Source: what waits after an error of the disk is answered with that error.</summary>
    public sealed record KeepDisk : MachineAction;

    /// <summary>SECOND: <see cref="ReplicaRecord.Sole"/> is durable; tell the primary whose disk failed.</summary>
    public sealed record AcceptDetach(long Link) : MachineAction;

    /// <summary>Try the disk under every replicated directory; answer <see cref="MachineInput.DiskProbed"/>.</summary>
    public sealed record ProbeDisk(long Ticket) : MachineAction;

    /// <summary>End a link; the peer is told why.</summary>
    public sealed record CutLink(long Link, string Reason) : MachineAction;

    /// <summary>Ask the witness; answer <see cref="MachineInput.WitnessAnswered"/> within the rules' witness time-out.</summary>
    public sealed record AskWitness(long Ticket) : MachineAction;

    /// <summary>Send a heartbeat at once: what it says has changed.</summary>
    public sealed record Beat : MachineAction;

    /// <summary>A line for the module's log.</summary>
    public sealed record Say(SayLevel Level, string Text) : MachineAction;
}

/// <summary>SafeKit's classes of a log line: critical, event, user, detail.</summary>
public enum SayLevel : byte { Detail, Event, Warning, Critical }

/// <summary>How a resync finds what to copy (design, section 7).</summary>
public enum ResyncPlan : byte
{
    /// <summary>Same generation, both clean: only marks left over are compared.</summary>
    Leftover = 0,

    /// <summary>The union of both nodes' dirty extents, and the names.</summary>
    Dirty = 1,

    /// <summary>Everything, by hash, because a crash lost the marks or no common history is known.</summary>
    CompareAll = 2,

    /// <summary>Everything allocated, without comparing (--full-sync, or a target that is empty).</summary>
    CopyAll = 3,
}
