// The local half of reads, writes and flushes: in line when a request is alone, else through io_uring in batches.
// Invariants: (1) an operation's memory and descriptor are untouched from Queue until its completion was harvested; (2) this outlives
// all that it ever handed to the disk.
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>Asynchronous disk I/O of the pump's thread.</summary>
internal sealed unsafe class LocalDisk : IDisposable
{
    /// <summary>More than there can be slots and resync reads: the ring is never full.</summary>
    private const int Entries = 512;

    private const int HarvestMax = 64;

    private const int FinishPollMs = 250;

    /// <summary>Rings whose operations are left to themselves: what they do in the end counts for nothing, but they still may do it.</summary>
    private readonly List<(RingHandle Ring, int InFlight)> _abandoned = [];

    private RingHandle _ring;
    private readonly PageBlock _memory = new(Entries * sizeof(NativeIo) + HarvestMax * sizeof(NativeDone));
    private int _queued;

    /// <exception cref="ShimException">The kernel has no io_uring for this process.</exception>
    public LocalDisk()
    {
        _ring = Make();
        Descriptor = Shim.RingDescriptor(_ring);
    }

    private static RingHandle Make()
    {
        var ring = Shim.RingCreate(Entries);
        if (ring.IsInvalid)
            throw new ShimException(
                "io_uring is not to be had: the kernel forbids it (sysctl kernel.io_uring_disabled must be 0) or memory is short.");
        return ring;
    }

    /// <summary>Leaves what is under way to itself: nobody hears of its completions, and its memory is not to be used again.</summary>
    public void Abandon()
    {
        if (InFlight == 0)
            return;
        _abandoned.Add((_ring, InFlight - _queued));
        _queued = InFlight = 0;
        _ring = Make();
        Descriptor = Shim.RingDescriptor(_ring);
    }

    /// <summary>Readable while completions wait.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Operations queued or under way.</summary>
    public int InFlight { get; private set; }

    private NativeIo* Ios => (NativeIo*)_memory.Address;

    public void Queue(NativeIoOperation operation, int descriptor, byte* data, ulong bytes, ulong offset, ulong user)
    {
        if (_queued == Entries)
            Submit();
        Ios[_queued++] = new NativeIo
        {
            Operation = operation, Descriptor = descriptor, Data = data, Bytes = bytes, Offset = offset, User = user,
        };
        InFlight++;
    }

    /// <summary>One system call for all that was queued.</summary>
    public void Submit()
    {
        if (_queued == 0)
            return;
        var taken = Shim.Check(Shim.RingSubmit(_ring, Ios, _queued), "hand requests to the local disk");
        new Span<NativeIo>(Ios + taken, _queued - taken).CopyTo(new Span<NativeIo>(Ios, _queued));
        _queued -= taken;
    }

    /// <summary>Takes a batch of completions; the span is valid until the next call.</summary>
    public ReadOnlySpan<NativeDone> Harvest()
    {
        if (InFlight == 0)
            return default;
        var done = Completions;
        var count = Shim.Check(Shim.RingHarvest(_ring, done, HarvestMax), "take completions of the local disk");
        InFlight -= count;
        return new ReadOnlySpan<NativeDone>(done, count);
    }

    /// <summary>Waits until nothing is under way any more, what was abandoned included: as long as the disk takes. A write that lands
    /// later would undo what came after it.</summary>
    /// <param name="harvest">Takes the completions that somebody waits for.</param>
    public void Finish(Action harvest)
    {
        while (InFlight > 0)
        {
            Submit();
            Await(Descriptor);
            harvest();
        }
        foreach (var (ring, inFlight) in _abandoned)
        {
            for (var left = inFlight; left > 0;)
            {
                Await(Shim.RingDescriptor(ring));
                left -= Shim.Check(Shim.RingHarvest(ring, Completions, HarvestMax), "take completions of the local disk");
            }
            ring.Dispose();
        }
        _abandoned.Clear();
    }

    private static void Await(int descriptor)
    {
        var entry = new NativePoll { Descriptor = descriptor, Events = NativePoll.In };
        _ = Shim.Poll(&entry, 1, FinishPollMs);
    }

    private NativeDone* Completions => (NativeDone*)(_memory.Address + Entries * sizeof(NativeIo));

    public void Dispose()
    {
        _ring.Dispose();
        _memory.Dispose();
    }
}
