namespace HaMirror.Simulator;

/// <summary>The directory of one node: blocks that hold the number of the last write, as the kernel's cache has them and as
/// the disk has them. A power cut keeps, block by block, either.</summary>
public sealed class SimulatedReplica
{
    public const int BlockCount = 6;

    private readonly long[] _cache = new long[BlockCount];
    private readonly long[] _disk = new long[BlockCount];
    private readonly Dictionary<long, int> _unflushed = [];
    private readonly HashSet<long> _lost = [];

    /// <summary>Acknowledged writes that this replica's content includes, also those since overwritten.</summary>
    public HashSet<long> Holds { get; private set; } = [];

    /// <summary>How many of the demanded writes, in their order, this replica is known to hold.</summary>
    public int Checked { get; set; }

    /// <summary>What the losing side of a divergence held when its resync began: on its disk before any of it is replaced.</summary>
    public HashSet<long> Salvaged { get; } = [];

    public void Salvage() => Salvaged.UnionWith(Holds);

    public long this[int block] => _cache[block];

    public void Apply(int block, long value)
    {
        _cache[block] = value;
        _unflushed[value] = block;
    }

    public void Flush(int block)
    {
        _disk[block] = _cache[block];
        foreach (var value in _unflushed.Where(entry => entry.Value == block).Select(entry => entry.Key).ToArray())
            _unflushed.Remove(value);
    }

    public void FlushAll()
    {
        for (var block = 0; block < BlockCount; block++) Flush(block);
    }

    /// <summary>Writes that this replica may not have any more.</summary>
    public IReadOnlyCollection<long> PowerCut(Random random)
    {
        for (var block = 0; block < BlockCount; block++)
        {
            if (random.Next(2) == 0) _cache[block] = _disk[block];
            _disk[block] = _cache[block];
        }

        long[] lost = [.. _unflushed.Keys];
        foreach (var value in lost) Lose(value);
        _unflushed.Clear();
        return lost;
    }

    /// <summary>A write that was received never becomes part of the content.</summary>
    public void Lose(long value)
    {
        _lost.Add(value);
        Forget(value);
    }

    /// <summary>A write was acknowledged, and this replica had it; true when it still has.</summary>
    public bool Hold(long value) => !_lost.Contains(value) && (Holds.Add(value) || true);

    public void Forget(long value)
    {
        Holds.Remove(value);
        Checked = 0;
    }

    public void BecomeEqual(IEnumerable<long> holds)
    {
        Holds = [.. holds];
        Checked = 0;
    }
}
