// The pump's slots and their memory.
// Arithmetic: 256 slots of 1 MiB + 4 KiB are 257 MiB of addresses, twice; pages that nobody wrote to cost nothing, and the slots
// are used last in, first out, so that small requests keep to a few pages.
// Rule: nobody knows how large the next request is. From the first large one on until nothing is under way any more, all are
// received into large pages.
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
    private static readonly System.Collections.Concurrent.ConcurrentBag<IDisposable> Kept = [];

    private readonly PageBlock _headers = new(Count * HeaderStride);
    private readonly TransferMemory _data = new(Count, DataBytes);
    private readonly Slot[] _slots = new Slot[Count];
    private bool _isAbandoned;
    private bool _isLarge;
    private readonly int[] _free = new int[Count];

    public SlotTable()
    {
        for (var index = 0; index < Count; index++)
        {
            _slots[index] = new Slot(index);
            _slots[index].Request.Header = _headers.Address + index * HeaderStride;
            _slots[index].Request.Data = _data.Small(index);
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
        slot.IsSyncing = slot.IsRefused = slot.IsSent = slot.AwaitsRead = slot.OnDisk = slot.Repeats = false;
        slot.IsDoubtful = false;
        slot.Ticket = slot.AwaitsSyncsTo = 0;
        slot.Sequence = 0;
        if (slot.IsMemoryLost)
            Replace(slot);
        slot.PeerOwes = 0;
        slot.FlushSequence = 0;
        slot.Request.Node = null;
        slot.Request.Handle = null;
        slot.Request.Change = slot.Request.FurtherChange = null;
        Place(slot);
        _free[FreeCount++] = slot.Index;
    }

    /// <summary>A request of so many bytes has come.</summary>
    public void Swell(Slot slot, ulong bytes)
    {
        if (bytes <= KeptBytes)
            return;
        slot.IsSwollen = true;
        if (_isLarge)
            return;
        _isLarge = true;
        for (var index = 0; index < FreeCount; index++)
            Place(_slots[_free[index]]);
    }

    /// <summary>Gives a slot other memory, because a disk that hangs may still use what it had. That is kept until the process ends.</summary>
    public void Replace(Slot slot)
    {
        var block = new PageBlock(DataBytes);
        Kept.Add(block);
        slot.IsMemoryLost = false;
        slot.IsSwollen = false;
        slot.HasOwnMemory = true;
        slot.Request.Data = block.Address;
        _isAbandoned = true;
    }

    /// <summary>Gives the pages back that large requests have filled; no slot is in use.</summary>
    public void Shrink()
    {
        var wasLarge = _isLarge;
        _isLarge = false;
        foreach (var slot in _slots)
        {
            if (slot.IsSwollen && slot.HasOwnMemory)
                Shim.Check(Shim.PagesForget(slot.Request.Data, DataBytes), "give the memory of a request back");
            else if (slot.IsSwollen)
                _data.ForgetSmall(slot.Index);
            slot.IsSwollen = false;
            Place(slot);
        }
        if (wasLarge)
            _data.ForgetLarge();
    }

    private void Place(Slot slot)
    {
        if (!slot.HasOwnMemory)
            slot.Request.Data = _isLarge ? _data.Large(slot.Index) : _data.Small(slot.Index);
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
