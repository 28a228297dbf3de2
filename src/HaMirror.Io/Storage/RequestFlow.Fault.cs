// What the way of a request becomes once the local disk has failed.
// Invariants: (1) what was under way on the disk is answered by the peer's answer alone, or by an error; (2) the memory that a
// disk may still use is used for nothing else (Slot.IsMemoryLost); (3) a read comes behind every write of its range that was
// answered or sent before it.
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class RequestFlow
{
    private readonly LocalFault _fault = new(events);

    public bool IsDetached => _fault.IsDetached;

    /// <summary>It did not answer for too long, and may not do so yet.</summary>
    public bool HasDiskHung => _fault.Hangs;

    public DiskProof? Proof { private get; init; }

    /// <summary>A peer is linked that is up to date and may stand in for the disk.</summary>
    private bool HasStandIn =>
        Source is { IsCommitted: true, IsAccepted: true, IsStreaming: true } && gates is { IsFrozen: false, IsWritable: true };

    /// <summary>The machine says that nobody stands in for the disk: its errors are answers.</summary>
    public void KeepDisk()
    {
        if (_fault.Course == DiskCourse.InQuestion)
            Doubt(null); // what began in the meantime may cover what was lost before it
        _fault.Keep();
        if (_fault.Course == DiskCourse.GivenUp)
            GiveUpDisk();
        if (Intent?.Gate.Failure is { } reason)
            events.StorageFailed(reason); // nothing cold can be changed, and nobody stands in
        foreach (var slot in TakeWaiting())
        {
            slot.AwaitsDisk = slot.Repeats = false;
            if (slot.Verdict is FuseVerdict.Write or FuseVerdict.Flush)
                Failed(slot);
            AnswerIfComplete(slot);
        }
    }

    /// <summary>The peer stands in for the disk: what met the fault, or is under way, is done through it.</summary>
    public void Detach()
    {
        if (_fault.IsDetached)
            return; // the machine asked twice: what waits for the peer's reads must not ask again
        _fault.Detach();
        _ = TakeWaiting(); // they await the disk like those under way
        _toDisk.Clear();
        disk.Abandon();
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (slot.Mount is null || slot.Answered || !slot.AwaitsDisk)
                continue;
            if (slot.Repeats)
            {
                Repeat(slot);
            }
            else if (slot.Verdict == FuseVerdict.Read)
            {
                LeaveMemory(slot);
                ReadFromPeer(slot);
            }
            else
            {
                if (slot is { Verdict: FuseVerdict.Flush, IsSent: false })
                    _replication.Flush(slot);
                WithoutDisk(slot);
            }
        }
    }

    /// <summary>Whether a sync that went well waits for the machine's decision: what it covers may be lost, and somebody else was told.
    /// Should nobody stand in, it fails.</summary>
    private bool WaitsInQuestion(Slot slot)
    {
        ref var request = ref slot.Request;
        if (_fault.Course != DiskCourse.InQuestion || request.Node?.ReplicatedPath is null || (slot.Verdict == FuseVerdict.Write && !slot.IsSent))
            return false;
        if (slot.Verdict == FuseVerdict.Write)
            request.CompleteWrite(-Errno.EIO);
        else
            request.CompleteFlush(-Errno.EIO);
        _fault.Waiting.Add(slot);
        return true;
    }

    /// <summary>Whether a request that failed waits until it is decided who stands in for the disk, to be executed anew then: a
    /// guest that first meets the fault with an open, a truncation or a discard sees no more of it than one that writes.</summary>
    private bool WaitsToRepeat(Slot slot)
    {
        ref var request = ref slot.Request;
        if (!LocalFault.IsFault(request.Error) || request.Refusal != 0
            || request.Opcode is not (FuseOpcode.Open or FuseOpcode.SetAttributes or FuseOpcode.Allocate or FuseOpcode.Seek)
            || request is { Opcode: FuseOpcode.Seek, Error: Errno.ENXIO }) // there is no data, or no hole, behind the offset
            return false;
        slot.Repeats = true;
        return slot.Repeats = slot.AwaitsDisk = _fault.Takes(slot, HasStandIn);
    }

    private void Repeat(Slot slot)
    {
        slot.Repeats = slot.AwaitsDisk = false;
        slot.Mount!.System.Execute(ref slot.Request);
        if (slot.Verdict == FuseVerdict.Change)
            _replication.Change(slot);
        AnswerIfComplete(slot);
    }

    /// <summary>Looks whether something has been with the disk for too long.</summary>
    public void LookForHang(long now, TimeSpan patience)
    {
        if (_fault.Course is DiskCourse.Detached or DiskCourse.GivenUp || _fault.Hangs)
            return;
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (!slot.OnDisk || slot.Mount is null || now - slot.OnDiskSince <= (long)patience.TotalMilliseconds)
                continue;
            _fault.Hung(slot, now - slot.OnDiskSince, HasStandIn);
            if (_fault.Course == DiskCourse.GivenUp)
                GiveUpDisk();
            return;
        }
    }

    /// <summary>A call in line with the disk, which another thread was left with, has come back.</summary>
    public void InLineDone(int index, long ticket, long result)
    {
        var slot = slots[index];
        if (slot.OnDisk && slot.Ticket == ticket)
            DiskDone(slot, result);
    }

    /// <summary>What the peer has read for a slot, or -errno.</summary>
    public void ReadAnswered(int index, long result)
    {
        var slot = slots[index];
        if (!slot.AwaitsRead)
            return;
        slot.AwaitsRead = false;
        slot.Request.CompleteRead(result);
        slot.AwaitsDisk = false;
        AnswerIfComplete(slot);
    }

    /// <summary>Where the answer of the peer to a slot's read belongs.</summary>
    public (nint Address, uint Bytes) RoomOf(int index) =>
        slots[index].AwaitsRead ? ((nint)slots[index].Request.Data, (uint)slots[index].Request.Bytes) : (0, 0);

    /// <summary>Whether a change of names must wait for the machine's decision, or can only fail.</summary>
    private bool Holds(Slot slot, out bool fails)
    {
        fails = _fault.Course == DiskCourse.GivenUp || (_fault is { IsDetached: true, Hangs: true } && !IsPassedOn(slot));
        return _fault.Course == DiskCourse.InQuestion && slot.Verdict == FuseVerdict.Change;
    }

    /// <summary>Attributes and allocation of a replicated file need nothing of the local disk while it is detached.</summary>
    private static bool IsPassedOn(Slot slot) => slot.Verdict is FuseVerdict.Write or FuseVerdict.Flush
        || slot.Request.Opcode is FuseOpcode.SetAttributes or FuseOpcode.Allocate;

    /// <summary>What the peer was sent, and what is kept to this node while its disk hangs.</summary>
    private bool IsWithoutDisk(Slot slot) => _fault.IsDetached && (slot.IsSent || _fault.Hangs);

    /// <summary>The local part of a write or flush begins.</summary>
    private void ToDisk(Slot slot)
    {
        if (IsWithoutDisk(slot))
        {
            WithoutDisk(slot);
            return;
        }
        slot.AwaitsDisk = true;
        _toDisk.Add(slot);
    }

    /// <summary>Completes the local part of a write or flush that does not touch the disk.</summary>
    private void WithoutDisk(Slot slot)
    {
        slot.IsMemoryLost = slot.OnDisk;
        (slot.OnDisk, slot.IsSyncing, slot.AwaitsDisk, slot.AwaitsSyncsTo) = (false, false, false, 0);
        ReleaseRange(slot);
        ref var request = ref slot.Request;
        if (slot.Verdict == FuseVerdict.Write)
        {
            request.CompleteWrite(slot.IsSent ? (long)request.Bytes : -Errno.EIO);
            if (slot.IsSent)
                request.Node!.Detach().Reaches(request.Offset + request.Bytes);
        }
        else
        {
            request.CompleteFlush(slot.IsSent ? 0 : -Errno.EIO);
        }
        AnswerIfComplete(slot);
    }

    private void ReadFromPeer(Slot slot)
    {
        slot.AwaitsDisk = true;
        ref var request = ref slot.Request;
        if (Source is not { IsCommitted: true } source || !gates.IsWritable)
        {
            // Frozen: the service is about to be ended by force, and nothing is answered before.
            slot.AwaitsRead = gates.IsFrozen;
            if (!gates.IsFrozen)
                FailRead(slot);
            return;
        }
        if (source.Bind(request.Node!) is not (not 0 and var file))
        {
            // Not replicated: the peer has none.
            if (_fault.Hangs)
                FailRead(slot);
            else
                _toDisk.Add(slot);
            return;
        }
        slot.AwaitsRead = true;
        var after = Math.Max(source.Window.Received, source.LastBind);
        for (var index = 0; index < SlotTable.Count; index++)
            if (slots[index] is { Mount: not null, PeerOwes: > 0 } other && other.Sequence > after
                && (other.Overlaps(request.Node!.Key, request.Offset, request.Bytes) || other.Verdict == FuseVerdict.Change))
                after = other.Sequence;
        source.Reads.Ask(slot.Index, after, file, request.Offset, (uint)request.Bytes);
    }

    private void FailRead(Slot slot)
    {
        (slot.AwaitsRead, slot.AwaitsDisk) = (false, false);
        slot.Request.CompleteRead(-Errno.EIO);
        AnswerIfComplete(slot);
    }

    /// <summary>Nobody stands in for a disk that hangs: whoever waits for it is told.</summary>
    private void GiveUpDisk()
    {
        _toDisk.Clear();
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (slot.Mount is null || slot.Answered || !slot.AwaitsDisk)
                continue;
            LeaveMemory(slot);
            FailLocally(slot);
        }
    }

    /// <summary>Answers with EIO what waits for the disk. What the peer took of it is marked, and the link ends for it.</summary>
    private void FailLocally(Slot slot)
    {
        slot.IsMemoryLost |= slot.OnDisk;
        (slot.OnDisk, slot.IsSyncing, slot.AwaitsDisk, slot.AwaitsSyncsTo) = (false, false, false, 0);
        ReleaseRange(slot);
        if (slot.Verdict == FuseVerdict.Read)
            slot.Request.CompleteRead(-Errno.EIO);
        else if (slot.Verdict == FuseVerdict.Write)
            slot.Request.CompleteWrite(-Errno.EIO);
        else
            slot.Request.CompleteFlush(-Errno.EIO);
        if (slot.Verdict != FuseVerdict.Read)
            Failed(slot);
        AnswerIfComplete(slot);
    }

    /// <summary>Changes end: what waits for the peer's reads, or for a decision, will get none.</summary>
    private void FailWhatMetTheFault()
    {
        foreach (var slot in TakeWaiting())
        {
            slot.AwaitsDisk = false;
            AnswerIfComplete(slot);
        }
        for (var index = 0; index < SlotTable.Count; index++)
            if (slots[index] is { Mount: not null, AwaitsRead: true } slot)
                FailRead(slot);
    }

    /// <summary>A read's memory, when the disk may still write into it.</summary>
    private void LeaveMemory(Slot slot)
    {
        if (slot.Verdict != FuseVerdict.Read || !slot.OnDisk)
            return;
        slot.OnDisk = false;
        slots.Replace(slot);
    }

    private Slot[] TakeWaiting()
    {
        Slot[] waiting = [.. _fault.Waiting];
        _fault.Waiting.Clear();
        return waiting;
    }
}
