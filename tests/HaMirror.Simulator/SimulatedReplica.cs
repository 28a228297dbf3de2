namespace HaMirror.Simulator;

/// <summary>The directory of one node: blocks that hold the number of the last write, as the kernel's cache has them and as
/// the disk has them. A power cut keeps, block by block, either.</summary>
public sealed class SimulatedReplica
{
    public const int BlockCount = 6;

    private readonly long[] _cache = new long[BlockCount];
    private readonly long[] _disk = new long[BlockCount];

    /// <summary>Acknowledged writes that this replica's content includes, also those since overwritten.</summary>
    public HashSet<long> Holds { get; private set; } = [];

    public long this[int block] => _cache[block];

    public void Apply(int block, long value) => _cache[block] = value;

    public void Flush(int block) => _disk[block] = _cache[block];

    public void PowerCut(Random random)
    {
        for (var block = 0; block < BlockCount; block++)
        {
            if (random.Next(2) == 0) _cache[block] = _disk[block];
            _disk[block] = _cache[block];
        }
    }

    public void BecomeEqual(IEnumerable<long> holds) => Holds = [.. holds];
}
