namespace HaMirror.Simulator;

/// <summary>How an operation on a disk ends.</summary>
public enum DiskAnswer : byte
{
    Done,

    /// <summary>EIO and its like.</summary>
    Error,

    /// <summary>ENOSPC: what was asked for, not a broken disk.</summary>
    Full,
}

/// <summary>The disk under a node's directory, with its faults; it outlives the node's processes.</summary>
/// <remarks>As Linux does it: a write-back that fails is told once to each open file that asks for a flush, and of each block
/// that it was to write nothing, or everything, has reached the disk, and the page stays dirty or counts as clean all the same:
/// then the cache shows what the disk does not have. A file that is opened later hears only of what nobody was told.</remarks>
public sealed class SimulatedDisk(World world, SimulatedReplica replica)
{
    /// <summary>Long after the end of every history, in microseconds.</summary>
    public const long Never = long.MaxValue / 4;

    private long _brokenUntil;
    private long _fullUntil;
    private long _hangsUntil;
    private long _logFailsUntil;
    private int _errors;
    private int _reported;

    /// <summary>Whoever asks for flushes through one open file.</summary>
    public sealed class Flusher
    {
        /// <summary>Failed write-backs that it was told of.</summary>
        public int Seen { get; set; }
    }

    /// <summary>The replica record and the intent log lie on it as well.</summary>
    public bool HoldsRecord { get; private set; }

    /// <summary>Operations until one fails, and only that one; 0: none does.</summary>
    public int ErrorAt { get; set; }

    public bool IsBroken => world.Now < _brokenUntil;

    public bool Hangs => world.Now < _hangsUntil;

    /// <summary>It answers only after a power cut.</summary>
    public bool HangsForEver => _hangsUntil == Never;

    public bool IsFull => world.Now < _fullUntil;

    public bool RecordFails => HoldsRecord && (IsBroken || IsFull);

    public bool LogFails => world.Now < _logFailsUntil || (HoldsRecord && IsBroken);

    /// <summary>How long an operation that begins now waits beyond its usual time, in microseconds.</summary>
    public long Wait => HangsForEver ? Never : Math.Max(0, _hangsUntil - world.Now);

    /// <param name="microseconds">Until it works again, with what was on it.</param>
    /// <param name="record">The replica record and the intent log lie on it as well.</param>
    public void Break(long microseconds, bool record) => (_brokenUntil, HoldsRecord) = (After(microseconds), record);

    /// <param name="record">The replica record lies on it as well.</param>
    public void Fill(long microseconds, bool record) => (_fullUntil, HoldsRecord) = (After(microseconds), record);

    public void Hang(long microseconds) => _hangsUntil = Math.Max(_hangsUntil, After(microseconds));

    public void FailLog(long microseconds) => _logFailsUntil = After(microseconds);

    /// <summary>It is well again, with what was on it.</summary>
    public void Repair() => (_brokenUntil, _fullUntil, _hangsUntil, _logFailsUntil, ErrorAt, HoldsRecord) = (0, 0, 0, 0, 0, false);

    /// <summary>An empty one takes its place.</summary>
    public void Replace()
    {
        Repair();
        _reported = _errors;
        replica.Empty();
    }

    public Flusher Open() => new() { Seen = _reported };

    public DiskAnswer Read() => Fails() ? DiskAnswer.Error : DiskAnswer.Done;

    public DiskAnswer Write() => Fails() ? DiskAnswer.Error : IsFull ? DiskAnswer.Full : DiskAnswer.Done;

    /// <summary>When the kernel writes a page back that nobody flushes: mostly soon, for the disk is busy; else when it is old.</summary>
    public long WriteBackTime => world.Disks.Next(3) > 0 ? world.Disks.Next(200_000, 1_500_000) : world.Disks.Next(2_000_000, 30_000_000);

    /// <summary>The kernel writes a block back by itself.</summary>
    public void WriteBack(int block, long order) => TryFlush(block, order, Fails());

    /// <summary>A flush of a block ends that had begun when <paramref name="order"/> was the last write.</summary>
    public DiskAnswer Flush(Flusher flusher, int block, long order)
    {
        var fails = Fails();
        TryFlush(block, order, fails);
        return Told(flusher, fails);
    }

    /// <summary>The same for every block.</summary>
    public DiskAnswer FlushAll(Flusher flusher, long order)
    {
        var fails = Fails();
        for (var block = 0; block < SimulatedReplica.BlockCount; block++) TryFlush(block, order, fails);
        return Told(flusher, fails);
    }

    private void TryFlush(int block, long order, bool fails)
    {
        if (!fails) replica.Flush(block, order);
        else if (replica.IsUnflushed(block, order))
        {
            _errors++;
            replica.FailFlush(block, order, world.Disks);
        }
    }

    private DiskAnswer Told(Flusher flusher, bool anyway)
    {
        var fails = anyway || _errors > flusher.Seen;
        flusher.Seen = _errors;
        if (fails) _reported = _errors;
        return fails ? DiskAnswer.Error : DiskAnswer.Done;
    }

    private bool Fails() => IsBroken || (ErrorAt > 0 && --ErrorAt == 0);

    private long After(long microseconds) => microseconds >= Never ? Never : world.Now + microseconds;
}
