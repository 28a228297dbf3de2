// Writes of the target that are under way.
// Invariants: (1) a byte passes from the receive buffer to a page-aligned slot once, and nothing is allocated for it;
// (2) two writes that touch one 4 KiB extent of an inode are never under way together, whatever numbers name it, so they
// end in stream order;
// (3) whoever changes names or sizes waits first; (4) one write at a time takes the direct way, several share a
// submission (FLOORS.md, 2 and 3); (5) a write whose preimage is not yet on stable storage is held in its slot and counts as under
// way, while others that do not touch it pass it by.
using System.Buffers;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>The target's window of writes, over io_uring where there is one.</summary>
internal sealed unsafe class TargetWrites : IDisposable
{
    /// <summary>Writes under way at once: beyond this a local disk gains nothing.</summary>
    private const int SlotCount = 64;

    /// <summary>The largest write of the protocol.</summary>
    private const int SlotBytes = Core.Wire.FrameHeader.PayloadLengthMax;

    /// <summary>Granularity of O_DIRECT and of the page cache.</summary>
    private const ulong ExtentBytes = 4096;

    /// <summary>A lone write up to this goes in line; behind more the next one is better received meanwhile.</summary>
    private const int InLineBytesMax = 128 << 10;

    /// <summary>Writes up to this stand in small pages.</summary>
    private const int SmallBytesMax = 64 << 10;

    /// <summary>What io_uring refused for want of memory is queued still, and only the next look hands it over.</summary>
    private const int RefusedRetryMs = 100;

    /// <summary>Told of flushes that fail; null: nobody is.</summary>
    public Storage.DiskProof? Proof { private get; init; }

    private readonly TransferMemory _memory = new(SlotCount, SlotBytes);
    private bool _largeUsed;
    private readonly RingHandle _ring = Shim.RingCreate(SlotCount * 2);
    private readonly Slot[] _slots = new Slot[SlotCount];
    private readonly int[] _free = new int[SlotCount];
    private readonly NativeIo[] _queue = new NativeIo[SlotCount];
    private readonly Action<ulong, TargetFile> _flushed;
    private readonly LoneFlush _loneFlush = new();
    private int _freeCount = SlotCount;
    private int _reserved = -1;
    private int _queued;
    private int _held;
    private string? _fault;

    private struct Slot
    {
        public TargetFile? File;
        public ulong Offset;
        public uint Bytes;
        public ulong Sequence;
        public bool Durable;
        public bool IsSync;

        /// <summary>Its bytes stand in large pages.</summary>
        public bool IsLarge;

        /// <summary>It waits for <see cref="Awaited"/>.</summary>
        public bool IsHeld;
        public PreimageWait Awaited;
    }

    /// <param name="flushed">Told the sequence of a durable write or a flush that is on stable storage.</param>
    public TargetWrites(Action<ulong, TargetFile> flushed)
    {
        _flushed = flushed;
        for (var index = 0; index < SlotCount; index++)
            _free[index] = SlotCount - 1 - index;
    }

    /// <summary>What writes may have to wait for; null: for nothing.</summary>
    public PreimageJournal? Preimages { get; set; }

    /// <summary>Operations held, queued or under way.</summary>
    public int UnderWay => SlotCount - _freeCount - (_reserved >= 0 ? 1 : 0);

    /// <summary>To be polled while something is under way; -1: no io_uring.</summary>
    public int RingDescriptor => HasRing ? Shim.RingDescriptor(_ring) : -1;

    /// <summary>Since when what is under way in the ring makes no progress, in ms of TickCount64; 0: nothing is under way.</summary>
    public long SilentSince => UnderWay > 0 ? _lastProgress : 0;

    private long _lastProgress;

    public bool HasRing => !_ring.IsInvalid;

    /// <summary>The lowest sequence that is not applied yet; 0: all are.</summary>
    public ulong LowestUnderWay
    {
        get
        {
            ulong lowest = 0;
            for (var index = 0; index < SlotCount; index++)
                if (_slots[index] is { File: not null, IsSync: false } slot && (lowest == 0 || slot.Sequence < lowest))
                    lowest = slot.Sequence;
            return lowest;
        }
    }

    /// <summary>Room for one write's bytes, page aligned; valid until <see cref="Write"/>.</summary>
    /// <param name="bytes">What will be put there.</param>
    public byte* Reserve(int bytes)
    {
        while (_reserved < 0 && _freeCount == 0)
            WaitForOne();
        if (_reserved < 0)
            _reserved = _free[--_freeCount];
        _slots[_reserved].IsLarge = bytes > SmallBytesMax;
        _largeUsed |= bytes > SmallBytesMax;
        return Room(_reserved);
    }

    /// <summary>Nothing has come for a while: memory that large writes took is given back.</summary>
    public void Shrink()
    {
        if (!_largeUsed || UnderWay > 0 || _reserved >= 0)
            return;
        _largeUsed = false;
        _memory.ForgetLarge();
    }

    /// <summary>Writes what was put at <see cref="Reserve"/>.</summary>
    /// <param name="alone">Nothing else waits: in line is faster than any queue.</param>
    /// <param name="awaited">What has to come first; until then it is held.</param>
    public void Write(TargetFile file, ulong offset, int bytes, ulong sequence, bool durable, bool alone, PreimageWait awaited)
    {
        WaitForRange(file, offset, (ulong)bytes);
        alone &= bytes <= InLineBytesMax;
        var index = _reserved;
        _reserved = -1;
        _slots[index] = new Slot { File = file, Offset = offset, Bytes = (uint)bytes, Sequence = sequence, Durable = durable, IsLarge = _slots[index].IsLarge };
        file.Retain();
        file.Inode.UnderWay++;
        if (Preimages is { } preimages && !awaited.IsNothing && !preimages.IsDone(awaited))
            Hold(index, awaited);
        else
            Start(index, alone);
        ThrowFault();
    }

    /// <summary>Makes a file durable once its writes are done, beside whatever else goes on.</summary>
    public void Sync(TargetFile file, ulong sequence, bool dataOnly, bool alone)
    {
        WaitForFile(file);
        while (_freeCount == 0)
            WaitForOne();
        StartSync(file, sequence, dataOnly, alone && _loneFlush.IsDirect());
        ThrowFault();
    }

    /// <summary>Hands everything queued to the kernel in one call.</summary>
    public void Submit()
    {
        fixed (NativeIo* ios = _queue)
            for (var sent = 0; sent < _queued;)
            {
                var taken = Shim.RingSubmit(_ring, ios + sent, _queued - sent);
                if (taken < 0 && taken != -Errno.EAGAIN && taken != -Errno.EBUSY)
                    throw new TargetException($"io_uring refuses writes: {Errno.Describe(-taken)}.", replicaFailed: true);
                sent += Math.Max(0, taken);
                if (sent < _queued)
                    _ = HarvestSome();
            }
        _queued = 0;
    }

    /// <summary>Takes completions without waiting.</summary>
    public void Harvest()
    {
        _ = StartHeld();
        while (UnderWay > 0 && HasRing && HarvestSome() > 0)
        {
        }
    }

    /// <summary>Waits until no write or sync is under way.</summary>
    public void WaitForAll()
    {
        while (UnderWay > 0)
            WaitForOne();
    }

    /// <summary>Waits until no write or sync of the file is under way.</summary>
    public void WaitForFile(TargetFile file)
    {
        while (file.Inode.UnderWay > 0)
            WaitForOne();
    }

    /// <summary>Waits until nothing under way touches an extent of the range.</summary>
    public void WaitForRange(TargetFile file, ulong offset, ulong bytes)
    {
        while (file.Inode.UnderWay > 0 && Touches(file, offset, bytes))
            WaitForOne();
    }

    /// <summary>Waits for what is under way, whatever comes of it: the kernel must not write from freed pages. What is held is
    /// dropped: nothing was written that what it replaces is not kept of.</summary>
    public void Dispose()
    {
        for (var index = 0; index < SlotCount; index++)
            if (_slots[index].IsHeld)
                Drop(index);
        while (UnderWay > 0)
            try
            {
                WaitForAll();
            }
            catch (TargetException)
            {
                // The session has ended already, for this reason or an earlier one.
            }
        _ring.Dispose();
        _memory.Dispose();
    }

    private byte* Room(int index) => _slots[index].IsLarge ? _memory.Large(index) : _memory.Small(index);

    private bool Touches(TargetFile file, ulong offset, ulong bytes)
    {
        var first = offset / ExtentBytes;
        var last = (offset + Math.Max(bytes, 1) - 1) / ExtentBytes;
        for (var index = 0; index < SlotCount; index++)
        {
            ref var slot = ref _slots[index];
            if (slot.File?.Inode == file.Inode && !slot.IsSync
                && slot.Offset / ExtentBytes <= last && (slot.Offset + slot.Bytes - 1) / ExtentBytes >= first)
                return true;
        }
        return false;
    }

    private void Queue(in NativeIo io)
    {
        if (UnderWay <= 1)
            _lastProgress = Environment.TickCount64;
        _queue[_queued++] = io;
        if (_queued == _queue.Length)
            Submit();
    }

    private void Hold(int index, PreimageWait awaited)
    {
        _slots[index].IsHeld = true;
        _slots[index].Awaited = awaited;
        if (_held++ == 0 && UnderWay <= 1)
            _lastProgress = Environment.TickCount64;
    }

    /// <returns>Whether a write is held no more.</returns>
    private bool StartHeld()
    {
        if (_held == 0)
            return false;
        Preimages?.Judge();
        var before = _held;
        for (var index = 0; index < SlotCount; index++)
            if (_slots[index].IsHeld && (Preimages is not { } preimages || preimages.IsDone(_slots[index].Awaited)))
            {
                _slots[index].IsHeld = false;
                _held--;
                _lastProgress = Environment.TickCount64;
                Start(index, alone: false);
            }
        ThrowFault();
        return _held < before;
    }

    private void Drop(int index)
    {
        var file = _slots[index].File!;
        _slots[index] = default;
        _free[_freeCount++] = index;
        _held--;
        file.Inode.UnderWay--;
        file.Release();
    }

    private void Start(int index, bool alone)
    {
        var slot = _slots[index];
        var direct = (slot.Offset | slot.Bytes) % ExtentBytes == 0 ? slot.File!.DirectDescriptor : -1;
        if (direct < 0 || alone || !HasRing)
            Complete(index, Shim.WriteAt(direct >= 0 ? direct : slot.File!.Descriptor, Room(index), slot.Bytes, slot.Offset),
                inLine: alone && (!slot.Durable || _loneFlush.IsDirect()));
        else
            Queue(new NativeIo
            {
                Operation = NativeIoOperation.Write, Descriptor = direct, Data = Room(index), Bytes = slot.Bytes, Offset = slot.Offset, User = (ulong)index,
            });
    }

    private void StartSync(TargetFile file, ulong sequence, bool dataOnly, bool alone)
    {
        var index = _free[--_freeCount];
        _slots[index] = new Slot { File = file, Sequence = sequence, IsSync = true };
        file.Retain();
        file.Inode.UnderWay++;
        if (alone || !HasRing)
        {
            Complete(index, _loneFlush.Sync(file.Descriptor, dataOnly), inLine: true);
            return;
        }
        Queue(new NativeIo { Operation = dataOnly ? NativeIoOperation.Fdatasync : NativeIoOperation.Fsync, Descriptor = file.Descriptor, User = (ulong)index });
    }

    private void WaitForOne()
    {
        var hasStarted = StartHeld();
        Submit();
        if ((HasRing && HarvestSome() > 0) || hasStarted)
            return;
        var entries = stackalloc NativePoll[2];
        entries[0] = new NativePoll { Descriptor = RingDescriptor, Events = NativePoll.In };
        entries[1] = new NativePoll { Descriptor = _held > 0 && Preimages is { } preimages ? preimages.WakeDescriptor : -1, Events = NativePoll.In };
        var ready = Shim.Poll(entries, 2, RefusedRetryMs);
        if (ready < 0)
            throw new TargetException($"Waiting for the disk failed: {Errno.Describe(-ready)}.", replicaFailed: true);
        if (entries[1].Happened != 0)
            Preimages?.ClearWake();
        _ = StartHeld();
        Submit();
        if (HasRing)
            _ = HarvestSome();
    }

    private int HarvestSome()
    {
        var done = stackalloc NativeDone[32];
        var count = Shim.RingHarvest(_ring, done, 32);
        for (var index = 0; index < count; index++)
            Complete((int)done[index].User, done[index].Result, inLine: false);
        ThrowFault();
        return count;
    }

    /// <summary>After a whole batch of completions: one that is forgotten would be waited for for ever.</summary>
    private void ThrowFault()
    {
        if (_fault is not { } fault)
            return;
        _fault = null;
        throw new TargetException(fault, replicaFailed: true);
    }

    private void Complete(int index, long result, bool inLine)
    {
        var slot = _slots[index];
        var file = slot.File!;
        if (!slot.IsSync && result != slot.Bytes)
            result = Retry(index, slot, result);
        if (result >= 0 && slot.Durable && inLine)
            result = Math.Min(0, _loneFlush.Sync(file.Descriptor, dataOnly: true));
        _slots[index] = default;
        _free[_freeCount++] = index;
        _lastProgress = Environment.TickCount64;
        file.Inode.UnderWay--;
        if (result < 0)
            Refused(slot, (int)-result, wasFlushed: slot.IsSync || (slot.Durable && inLine));
        else if (slot.IsSync || (slot.Durable && inLine))
            _flushed(slot.Sequence, file);
        else if (slot.Durable)
            StartSync(file, slot.Sequence, dataOnly: true, alone: false);
        file.Release();
    }

    private void Refused(in Slot slot, int error, bool wasFlushed)
    {
        if (wasFlushed)
            Proof?.Failed();
        _fault ??= Describe(slot, error);
    }

    private static string Describe(in Slot slot, int error) =>
        (slot.IsSync
            ? $"{slot.File!.FullPath} could not be made durable"
            : $"{slot.Bytes} bytes at {slot.Offset} of {slot.File!.FullPath} could not be written")
        + $" on this node: {Errno.Describe(error)}. Free space or repair the disk; the link is tried again by itself.";

    /// <summary>A short write is finished in line; a file system that takes O_DIRECT at open and not at write is written to
    /// through its cache.</summary>
    private long Retry(int index, in Slot slot, long result)
    {
        if (result == -Errno.EINVAL && slot.File!.DirectDescriptor >= 0)
        {
            slot.File.GiveUpDirect();
            return Shim.WriteAt(slot.File.Descriptor, Room(index), slot.Bytes, slot.Offset);
        }
        if (result < 0)
            return result;
        var rest = Shim.WriteAt(slot.File!.Descriptor, Room(index) + result, (ulong)(slot.Bytes - result), slot.Offset + (ulong)result);
        return rest < 0 ? rest : slot.Bytes;
    }
}
