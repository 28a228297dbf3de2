// One request from the kernel until its answer.
// Invariant: the memory of a slot is used again only when nobody needs it any more: not the disk, not the stream, and the
// answer has left.
using HaMirror.Io.Fuse;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>A request in the pump. Belongs to the pump's thread.</summary>
internal sealed class Slot(int index)
{
    public readonly int Index = index;

    public FuseRequest Request;

    public FuseVerdict Verdict;

    public MountPoint? Mount;

    /// <summary>The disk has not completed its part.</summary>
    public bool AwaitsDisk;

    /// <summary>Acknowledgements of the peer that are missing: one for each frame that the request became.</summary>
    public int PeerOwes;

    public bool AwaitsPeer => PeerOwes > 0;

    /// <summary>The peer answers with Flushed of this sequence; 0: only Progress counts.</summary>
    public ulong FlushSequence;

    /// <summary>The source stream refers to the slot's data.</summary>
    public bool AwaitsSend;

    /// <summary>The answer was queued.</summary>
    public bool Answered;

    /// <summary>The answer has left.</summary>
    public bool IsAnswerSent;

    /// <summary>A durable write: written, and the disk makes it durable now.</summary>
    public bool IsSyncing;

    /// <summary>Syncs are numbered as they begin.</summary>
    public long SyncNumber;

    /// <summary>A sync that went well, as far as the disk says: it ends when those of its file up to this number have. 0: it is none.</summary>
    public long AwaitsSyncsTo;

    /// <summary>A sync of which the disk's word does not count, because another one was told of a loss meanwhile.</summary>
    public bool IsDoubtful;

    /// <summary>An operation of the disk refers to the slot's data.</summary>
    public bool OnDisk;

    /// <summary>Since when, in ms of TickCount64.</summary>
    public long OnDiskSince;

    /// <summary>Answered without the disk, which may use the slot's data to its end: the slot gets other memory.</summary>
    public bool IsMemoryLost;

    /// <summary>Number of the call in line with the disk; what an abandoned one says in the end is for nobody.</summary>
    public long Ticket;

    /// <summary>The peer was sent the change or flush.</summary>
    public bool IsSent;

    /// <summary>Sequence of the frame that it was sent in.</summary>
    public ulong Sequence;

    /// <summary>The peer was asked for what a read wants.</summary>
    public bool AwaitsRead;

    /// <summary>It met the fault of the disk and needs nothing of it once that is detached: it is executed anew then.</summary>
    public bool Repeats;

    /// <summary>To be answered with EIO.</summary>
    public bool IsRefused;

    /// <summary>The change's range (of <see cref="FuseRequest.Node"/>) is being changed on the local disk: an overlapping
    /// change or a resync's read waits.</summary>
    public bool HoldsRange;

    /// <summary>A flush of the local disk waits until that has ended.</summary>
    public bool IsAwaited;

    public bool IsChange => Verdict is FuseVerdict.Change or FuseVerdict.Write;

    /// <summary>More than this was put into the slot's data: its pages are given back when the pump is idle.</summary>
    public bool IsSwollen;

    /// <summary>Its data stands in a block of its own.</summary>
    public bool HasOwnMemory;

    public bool Overlaps(FileKey key, ulong offset, ulong bytes) =>
        Request.Node is { } node && Request.Bytes > 0 && node.Key == key
        && Request.Offset < End(offset, bytes) && offset < End(Request.Offset, Request.Bytes);

    private static ulong End(ulong offset, ulong bytes) => offset + bytes < offset ? ulong.MaxValue : offset + bytes;
}
