// Syncs (flushes, and the second half of a durable write) that share a file.
// Linux tells an error of writing back once to each open file, and all handles of a file here share one or two descriptors: the
// first sync takes the error away from all others, which may be other programs' and cover other writes that are lost, too.
// Invariants: (1) each handle of a file hears of each loss, as if it had a descriptor of its own; (2) a sync that was under way
// beside one that failed fails, too, whichever of them the disk answers first; (3) while it is in question whether a peer stands
// in for the disk no sync succeeds by the disk's word: it waits for the decision.
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class RequestFlow
{
    private long _lastSync;

    private void BeginSync(Slot slot) => slot.SyncNumber = ++_lastSync;

    private static bool IsSync(Slot slot) => slot.IsSyncing || slot.Verdict == FuseVerdict.Flush;

    /// <summary>The disk has answered a sync.</summary>
    /// <param name="result">0 or -errno.</param>
    /// <returns>False: another sync of the same file, which may have taken this one's error, has to end first.</returns>
    private bool EndSync(Slot slot, long result)
    {
        if (result < 0 && DiskProof.IsLoss((int)-result))
        {
            // The next flush of the whole disk may hear nothing of it.
            Proof?.Failed();
            if (slot.Request.Node is { } node)
                node.Losses++;
            Doubt(slot.Request.Node);
        }
        else if (result >= 0 && IsBehindAnother(slot, _lastSync))
        {
            slot.AwaitsSyncsTo = _lastSync;
            return false;
        }
        return true;
    }

    private void Synced(Slot slot, long result)
    {
        result = Judge(slot, result);
        if (slot.IsSyncing)
            slot.Request.CompleteWrite(result < 0 ? result : (long)slot.Request.Bytes);
        else
            slot.Request.CompleteFlush(result);
        slot.IsSyncing = false;
        Done(slot, isSync: true);
    }

    /// <summary>What a sync's handle is told.</summary>
    private static long Judge(Slot slot, long result)
    {
        ref var request = ref slot.Request;
        var losses = request.Node?.Losses ?? 0;
        var isLost = slot.IsDoubtful || (request.Handle is { } handle && handle.LossesTold != losses);
        slot.IsDoubtful = false;
        request.Handle?.LossesTold = losses;
        return isLost && result >= 0 ? -Errno.EIO : result;
    }

    /// <summary>Syncs of a file that are under way may cover what was lost; null: those of all files.</summary>
    private void Doubt(FileNode? node)
    {
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (slot.Mount is not null && slot.AwaitsDisk && IsSync(slot) && (node is null || slot.Request.Node == node))
                slot.IsDoubtful = true;
        }
    }

    private bool IsBehindAnother(Slot slot, long until)
    {
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var other = slots[index];
            if (other != slot && other is { OnDisk: true, Mount: not null } && IsSync(other) && other.SyncNumber <= until && other.Request.Node == slot.Request.Node)
                return true;
        }
        return false;
    }

    /// <summary>A sync has ended: those that waited for it do so, too.</summary>
    private void EndSyncsBehind(FileNode? node)
    {
        for (var index = 0; index < SlotTable.Count; index++)
        {
            var slot = slots[index];
            if (slot.AwaitsSyncsTo == 0 || slot.Mount is null || slot.Request.Node != node || IsBehindAnother(slot, slot.AwaitsSyncsTo))
                continue;
            slot.AwaitsSyncsTo = 0;
            Synced(slot, 0);
        }
    }
}
