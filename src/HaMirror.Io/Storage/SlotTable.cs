// The pump's slots and their memory.
// Arithmetic: 256 slots of 1 MiB + 4 KiB are 257 MiB of addresses; pages that nobody wrote to cost nothing, and the slots
// are used last in, first out, so that small requests keep to a few pages.
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>A fixed number of slots over native memory.</summary>
internal sealed unsafe class SlotTable : IDisposable
{
    public const int Count = 256;

    /// <summary>The largest write, and a page for what else a reply may hold.</summary>
    public const int DataBytes = (1 << 20) + 4096;

    /// <summary>Requests up to this keep their pages.</summary>
    public const int KeptBytes = 64 << 10;

    private const int HeaderStride = 128;

    /// <summary>Memory that outlives its table: the disk may use what stood in its place.</summary>
    private static readonly System.Collections.Concurrent.ConcurrentBag<PageBlock> Kept = [];

    private readonly PageBlock _headers = new(Count * HeaderStride);
    private readonly PageBlock _data = new((long)Count * DataBytes);
    private readonly Slot[] _slots = new Slot[Count];
    private bool _isAbandoned;
    private readonly int[] _free = new int[Count];

    public SlotTable()
    {
        for (var index = 0; index < Count; index++)
        {
            _slots[index] = new Slot(index);
            _slots[index].Request.Header = _headers.Address + index * HeaderStride;
            _slots[index].Request.Data = _data.Address + (long)index * DataBytes;
            _slots[index].Request.DataCapacity = DataBytes;
            _free[Count - 1 - index] = index;
        }
        FreeCount = Count;
    }

    public int FreeCount { get; private set; }

    public int ActiveCount => Count - FreeCount;

    public Slot this[int index] => _slots[index];

    /// <summary>The n-th of the slots that would be taken next.</summary>
    public Slot PeekFree(int index) => _slots[_free[FreeCount - 1 - index]];

    /// <summary>Takes the first <paramref name="count"/> of those that <see cref="PeekFree"/> shows.</summary>
    public void Take(int count) => FreeCount -= count;

    public void Free(Slot slot)
    {
        slot.Mount = null;
        slot.AwaitsDisk = slot.AwaitsSend = slot.Answered = slot.IsAnswerSent = slot.HoldsRange = slot.IsAwaited = false;
        slot.IsSyncing = slot.IsRefused = slot.IsSent = slot.AwaitsRead = slot.OnDisk = false;
        slot.Ticket = 0;
        slot.Sequence = 0;
        if (slot.IsMemoryLost)
            Replace(slot);
        slot.PeerOwes = 0;
        slot.FlushSequence = 0;
        slot.Request.Node = null;
        slot.Request.Change = slot.Request.FurtherChange = null;
        _free[FreeCount++] = slot.Index;
    }

    /// <summary>Gives a slot other memory, because a disk that hangs may still use what it had. That is kept until the process ends.</summary>
    public void Replace(Slot slot)
    {
        var block = new PageBlock(DataBytes);
        Kept.Add(block);
        slot.IsMemoryLost = false;
        slot.IsSwollen = false;
        slot.Request.Data = block.Address;
        _isAbandoned = true;
    }

    /// <summary>Gives the pages of free slots back that a large request has filled.</summary>
    public void Shrink()
    {
        for (var index = 0; index < FreeCount; index++)
        {
            var slot = _slots[_free[index]];
            if (!slot.IsSwollen)
                continue;
            slot.IsSwollen = false;
            Shim.Check(Shim.PagesForget(slot.Request.Data, DataBytes), "give the memory of a request back");
        }
    }

    public void Dispose()
    {
        _headers.Dispose();
        if (_isAbandoned)
            Kept.Add(_data);
        else
            _data.Dispose();
    }
}
