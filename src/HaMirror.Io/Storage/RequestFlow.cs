// The way of a request through the pump: gates, local disk, source stream, answer.
// Invariants:
//  1. A slot is answered when the disk is done and, for a change or flush that was sent, the peer's acknowledgement is
//     there; never while frozen.
//  2. Changes that overlap are executed and sent in the order in which they arrived.
//  3. A change that is not sent is marked before it is executed; one that was sent is in flight in the marks.
using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

/// <summary>Requests between the kernel's question and the answer. Belongs to the pump's thread.</summary>
internal sealed unsafe partial class RequestFlow(
    SlotTable slots, LocalDisk disk, ChangeGates gates, MarkSet marks, ResyncReads reads, InLineWatch inLine, IStorageEvents events, ILogger log)
{
    /// <summary>A lone request up to this is read or written in line; more is better sent while the disk works.</summary>
    private const ulong InLineBytesMax = 128 << 10;

    /// <summary>In <see cref="Slot.FlushSequence"/>: no frame's; the slot is among the orphans.</summary>
    private const ulong OrphanSequence = ulong.MaxValue;

    private readonly List<Slot> _held = new(SlotTable.Count);
    private readonly List<Slot> _ranges = new(SlotTable.Count);
    private readonly List<Slot> _toDisk = new(SlotTable.Count);
    private readonly List<Slot> _orphans = new(SlotTable.Count);
    private readonly ChangeReplication _replication = new(marks);
    private readonly LoneFlush _loneFlush = new();

    /// <summary>A range that a resync waits for; not longer than from one of its turns to the next.</summary>
    private (FileKey Key, ulong Offset, ulong Bytes)? _wish;
    private bool _isAllWished;

    /// <summary>Null: no peer.</summary>
    public SourceLink? Source
    {
        get;
        set => _replication.Source = field = value;
    }

    public int HeldCount => _held.Count;

    /// <summary>Why the replicas differ although every change was sent, until it is taken back: the link must end, because
    /// only a resync of the marks can make them equal.</summary>
    public string? Difference { get; set; }

    /// <summary>A change has ended behind which a held one may have waited: nothing else would wake the pump for it.</summary>
    public bool IsRetryDue { get; private set; }

    /// <summary>Changes and flushes that are not answered, held ones included.</summary>
    public int ChangeCount { get; private set; }

    public long AnsweredCount { get; private set; }

    /// <summary>When a read, write or flush of data last came, in ms of TickCount64.</summary>
    public long LastDataRequest { get; private set; }

    /// <summary>Writes among them that succeeded, and their bytes.</summary>
    public long WriteCount { get; private set; }

    /// <inheritdoc cref="WriteCount"/>
    public long WrittenBytes { get; private set; }

    /// <summary>Acknowledgements that a lost peer owes while it is not decided who goes on.</summary>
    public int OrphanCount => _orphans.Count;

    /// <summary>Begins with a request that has just been received.</summary>
    public void Begin(Slot slot)
    {
        slot.Verdict = slot.Mount!.System.Take(ref slot.Request);
        switch (slot.Verdict)
        {
            case FuseVerdict.NoReply:
                slots.Free(slot);
                break;
            case FuseVerdict.Read:
                LastDataRequest = Environment.TickCount64;
                slots.Swell(slot, slot.Request.Bytes);
                slot.AwaitsDisk = true;
                if (_fault.IsDetached)
                    ReadFromPeer(slot);
                else if (_fault.Course == DiskCourse.GivenUp)
                    FailRead(slot);
                else
                    _toDisk.Add(slot);
                break;
            case FuseVerdict.Immediate:
                slot.Mount.System.Execute(ref slot.Request);
                if (slot.Request.Error == 0 || !WaitsToRepeat(slot))
                    Answer(slot);
                break;
            default:
                if (slot.Verdict != FuseVerdict.Change)
                    LastDataRequest = Environment.TickCount64;
                ChangeCount++;
                slots.Swell(slot, (ulong)slot.Request.Length);
                if (_held.Count > 0 || !TryGo(slot))
                    _held.Add(slot);
                break;
        }
    }

    /// <summary>Lets go what can go of what was held.</summary>
    public void RetryHeld()
    {
        IsRetryDue = false;
        if (_held.Count == 0)
            return;
        var kept = 0;
        for (var index = 0; index < _held.Count; index++)
        {
            var slot = _held[index];
            if (OverlapsHeld(slot, kept) || !TryGo(slot))
                _held[kept++] = slot;
        }
        _held.RemoveRange(kept, _held.Count - kept);
    }

    /// <summary>What waits for the disk is large and will not be done in line: the disk works while it is sent.</summary>
    public bool IsDiskLonger => _toDisk.Count > 0 && _toDisk[0].Request.Bytes > InLineBytesMax;

    /// <summary>Hands to the disk what was let go in this round: in line when it is alone.</summary>
    public void StartDisk()
    {
        if (_toDisk.Count == 0)
            return;
        var now = Environment.TickCount64;
        if (_toDisk.Count == 1 && disk.InFlight == 0 && inLine.Left == 0 && IsInLine(_toDisk[0]))
        {
            var slot = _toDisk[0];
            _toDisk.Clear();
            ref var request = ref slot.Request;
            (slot.OnDisk, slot.OnDiskSince) = (true, now);
            if (slot.Verdict == FuseVerdict.Flush)
                BeginSync(slot);
            var index = slot.Index;
            var ticket = slot.Ticket = inLine.Enter();
            var result = slot.Verdict switch
            {
                FuseVerdict.Read => Shim.ReadAt(request.Descriptor, request.Data, request.Bytes, request.Offset),
                FuseVerdict.Flush => _loneFlush.Sync(request.Descriptor, request.DataOnly),
                _ => Shim.WriteAt(request.Descriptor, request.Data, request.Bytes, request.Offset),
            };
            if (!inLine.Leave(ticket))
                throw new PumpLeftException(index, ticket, result);
            DiskDone(slot, result);
            return;
        }
        foreach (var slot in _toDisk)
        {
            (slot.OnDisk, slot.OnDiskSince) = (true, now);
            if (slot.Verdict == FuseVerdict.Flush)
                BeginSync(slot);
            disk.Queue(Operation(slot), slot.Request.Descriptor, slot.Request.Data, slot.Request.Bytes, slot.Request.Offset, (ulong)slot.Index);
        }
        _toDisk.Clear();
    }

    /// <summary>Its frame has left: the peer works at the same time.</summary>
    private bool IsInLine(Slot slot) => slot.Verdict == FuseVerdict.Flush
        ? ChangeCount == 1 && _loneFlush.IsDirect()
        : slot.Request.Bytes <= InLineBytesMax;

    /// <summary>Takes a completion of the disk.</summary>
    public void DiskDone(Slot slot, long result)
    {
        if (!slot.OnDisk)
            return; // it was answered without the disk, which was given up
        slot.OnDisk = false;
        if (IsSync(slot))
        {
            if (!EndSync(slot, result))
                return;
            var node = slot.Request.Node;
            Synced(slot, result);
            EndSyncsBehind(node);
            return;
        }
        if (slot.Verdict == FuseVerdict.Read)
        {
            slot.Request.CompleteRead(RestOfRead(slot, result));
        }
        else
        {
            result = RestOfWrite(slot, result);
            ReleaseRange(slot);
            if (result >= 0 && slot.Request.Durable)
            {
                slot.IsSyncing = slot.OnDisk = true;
                slot.OnDiskSince = Environment.TickCount64;
                BeginSync(slot);
                disk.Queue(NativeIoOperation.Fdatasync, slot.Request.Descriptor, null, 0, 0, (ulong)slot.Index);
                return;
            }
            slot.Request.CompleteWrite(result);
        }
        Done(slot, isSync: false);
    }

    private void Done(Slot slot, bool isSync)
    {
        if (slot.Request.Error != 0 ? _fault.Takes(slot, HasStandIn) : isSync && WaitsInQuestion(slot))
            return;
        slot.AwaitsDisk = false;
        if (slot.Request.Error != 0 && slot.Verdict != FuseVerdict.Read)
            Failed(slot);
        AnswerIfComplete(slot);
    }

    /// <summary>The peer's acknowledgement for a slot.</summary>
    public void Acknowledged(int index)
    {
        var slot = slots[index];
        slot.PeerOwes--;
        AnswerIfComplete(slot);
    }

    public void Flushed(ulong sequence)
    {
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (!slot.AwaitsPeer || slot.FlushSequence != sequence)
                continue;
            slot.PeerOwes--;
            slot.FlushSequence = 0;
            AnswerIfComplete(slot);
            return;
        }
    }

    public void PayloadTaken(int index)
    {
        var slot = slots[index];
        slot.AwaitsSend = false;
        FreeIfUnused(slot);
    }

    /// <summary>The link is gone. Committed: what it owes waits until it is decided who goes on. Else service goes on.</summary>
    public void LinkLost(bool committed)
    {
        Source = null;
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            slot.AwaitsSend = false;
            if (slot.AwaitsPeer)
            {
                if (slot.FlushSequence == OrphanSequence)
                    continue; // an earlier link's, that was committed: this one has no say in it
                if (committed)
                {
                    slot.FlushSequence = OrphanSequence;
                    _orphans.Add(slot);
                    continue;
                }
                slot.PeerOwes = 0;
                slot.FlushSequence = 0;
                AnswerIfComplete(slot);
            }
            else
            {
                FreeIfUnused(slot);
            }
        }
    }

    /// <summary>Answers what a lost peer owed, once this node goes on with a generation of its own. Their ranges were
    /// marked when the link ended.</summary>
    public void SettleOrphans()
    {
        if (_orphans.Count == 0 || gates.IsFrozen)
            return;
        if (!gates.HasGeneration(false))
        {
            gates.AskForGeneration();
            return;
        }
        foreach (var slot in _orphans)
        {
            slot.PeerOwes = 0;
            slot.FlushSequence = 0;
            AnswerIfComplete(slot);
        }
        _orphans.Clear();
    }

    /// <summary>Nothing held will ever be done: whoever waits is told, so that a process in state D can end. What is under
    /// way is refused when it is done: the peer may lack it, and may be the one that goes on.</summary>
    public void FailChanges()
    {
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            slot.IsRefused |= slot.Mount is not null && !slot.Answered && IsCounted(slot);
        }
        foreach (var slot in _orphans)
        {
            slot.PeerOwes = 0;
            slot.FlushSequence = 0;
            slot.IsRefused = true;
            AnswerIfComplete(slot);
        }
        _orphans.Clear();
        FailWhatMetTheFault();
        foreach (var slot in _held)
        {
            slot.IsRefused = true;
            Answer(slot);
        }
        _held.Clear();
    }

    /// <summary>Sends the answers of a mount and frees their slots.</summary>
    public void SendAnswers(MountPoint mount)
    {
        foreach (var index in mount.SendAnswers())
        {
            slots[index].IsAnswerSent = true;
            FreeIfUnused(slots[index]);
        }
    }

    private static bool IsCounted(Slot slot) => slot.Verdict is FuseVerdict.Change or FuseVerdict.Write or FuseVerdict.Flush;

    private static NativeIoOperation Operation(Slot slot) => slot.Verdict switch
    {
        FuseVerdict.Read => NativeIoOperation.Read,
        FuseVerdict.Write => NativeIoOperation.Write,
        _ => slot.Request.DataOnly ? NativeIoOperation.Fdatasync : NativeIoOperation.Fsync,
    };

    private bool OverlapsHeld(Slot slot, int count)
    {
        if (slot.Request.Node is not { } node)
            return false;
        for (var index = 0; index < count; index++)
            if (_held[index].Overlaps(node.Key, slot.Request.Offset, slot.Request.Bytes))
                return true;
        return false;
    }

    private bool TryGo(Slot slot)
    {
        if (gates.IsFrozen || Source is { IsStreaming: true, IsFull: true })
            return false;
        if (Holds(slot, out var fails))
            return false;
        if (fails)
        {
            slot.Request.Error = Errno.EIO;
            slot.Request.PayloadBytes = 0;
            AnswerIfComplete(slot);
            return true;
        }
        if (slot.IsChange)
        {
            if (!gates.HasGeneration(Source is { IsCommitted: true }))
            {
                gates.AskForGeneration();
                return false;
            }
            if (_areNamesHeld && slot.Verdict == FuseVerdict.Change)
                return false;
            ref var request = ref slot.Request;
            if (request.Node is { } node && request.Bytes > 0
                && (_isAllWished || !IsQuiet(node.Key, request.Offset, request.Bytes) || reads.Overlaps(node.Key, request.Offset, request.Bytes)
                    || (_wish is var (key, offset, bytes) && slot.Overlaps(key, offset, bytes))))
                return false;
            if (!IsRecorded(slot))
                return false; // the last gate, because it counts the change as done
        }
        switch (slot.Verdict)
        {
            case FuseVerdict.Write:
                GoWrite(slot);
                break;
            case FuseVerdict.Flush:
                _replication.Flush(slot);
                ToDisk(slot);
                break;
            default:
                slot.Mount!.System.Execute(ref slot.Request);
                _replication.Change(slot);
                if (slot.Request.Error != 0 && LocalFault.IsFault(slot.Request.Error))
                    log.ChangeFailed(slot.Request.Opcode, Errno.Describe(slot.Request.Error), WaitsToRepeat(slot) || _fault.Takes(slot, HasStandIn));
                Intent?.Executed(slot);
                AnswerIfComplete(slot);
                break;
        }
        return true;
    }

    private void GoWrite(Slot slot)
    {
        if (slot.Request.DropsPrivileges)
        {
            slot.Mount!.System.Execute(ref slot.Request);
            _replication.Attributes(slot);
            if (slot.Request.Error != 0)
            {
                AnswerIfComplete(slot);
                return;
            }
        }
        _replication.Write(slot);
        if (!IsWithoutDisk(slot))
        {
            slot.HoldsRange = true;
            _ranges.Add(slot);
        }
        ToDisk(slot);
    }

    private void ReleaseRange(Slot slot)
    {
        if (!slot.HoldsRange)
            return;
        slot.HoldsRange = false;
        EndAwaited(slot);
        IsRetryDue = _held.Count > 0;
        var at = _ranges.IndexOf(slot);
        _ranges[at] = _ranges[^1];
        _ranges.RemoveAt(_ranges.Count - 1);
    }

    /// <summary>A short read from the ring is asked for once more: only the second answer says that the file ends.</summary>
    private static long RestOfRead(Slot slot, long result)
    {
        ref var request = ref slot.Request;
        if (result == -Errno.EINVAL && request.Direct)
            return Shim.ReadAt(request.Node!.Buffered(write: false), request.Data, request.Bytes, request.Offset);
        if (result <= 0 || (ulong)result >= request.Bytes)
            return result;
        var rest = Shim.ReadAt(
            request.Node!.Buffered(write: false), request.Data + result, request.Bytes - (ulong)result, request.Offset + (ulong)result);
        return rest < 0 ? rest : result + rest; // a short answer would be taken for the end of the file
    }

    private static long RestOfWrite(Slot slot, long result)
    {
        ref var request = ref slot.Request;
        if ((result >= 0 && (ulong)result >= request.Bytes) || (result < 0 && (result != -Errno.EINVAL || !request.Direct)))
            return result;
        // Short, or the file system wants another alignment than its device says: the buffered descriptor takes any.
        var done = (ulong)Math.Max(result, 0);
        var rest = Shim.WriteAt(
            request.Node!.Buffered(write: true), request.Data + done, request.Bytes - done, request.Offset + done);
        return rest < 0 ? rest : (long)request.Bytes;
    }

    /// <summary>The local disk refused what the peer may have taken: the range may differ from now on.</summary>
    private void Failed(Slot slot)
    {
        ref var request = ref slot.Request;
        if (slot.Verdict == FuseVerdict.Write && request.Node is { } node)
        {
            // A resync that visits names has to hear of it: what was sent before it had no mark of its own.
            _replication.Mark(node, request.Offset, request.Bytes);
            if (Source is { IsStreaming: true } source && node.ReplicatedPath is not null)
                Difference ??= $"The disk here refused a write that {source.PeerName} has taken ({Errno.Describe(request.Error)}); "
                    + "a resync makes both equal again.";
        }
        var path = request.Node?.ReplicatedPath ?? "a file without a name";
        log.WriteFailed(request.Bytes, request.Offset, path, Errno.Describe(request.Error));
    }

    private void AnswerIfComplete(Slot slot)
    {
        if (!slot.AwaitsDisk && !slot.AwaitsPeer && !slot.Answered)
            Answer(slot);
    }

    private void Answer(Slot slot)
    {
        if (slot.IsRefused)
        {
            slot.Request.Error = Errno.EIO;
            slot.IsRefused = false;
        }
        if (IsCounted(slot))
            ChangeCount--;
        AnsweredCount++;
        if (slot.Request is { Opcode: FuseOpcode.Write, Error: 0 })
        {
            WriteCount++;
            WrittenBytes += (long)slot.Request.Bytes;
        }
        slot.Mount!.Answer(slot);
    }

    private void FreeIfUnused(Slot slot)
    {
        if (slot.IsAnswerSent && !slot.AwaitsSend)
            slots.Free(slot);
    }
}
