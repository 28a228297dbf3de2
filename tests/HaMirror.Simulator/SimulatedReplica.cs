namespace HaMirror.Simulator;

/// <summary>The directory of one node: blocks as the kernel's cache has them and as the disk has them.</summary>
/// <remarks>Between the two lie the writes that were not flushed, in order. A power cut loses, keeps or tears each of them
/// independently: of a torn one either half reaches the disk. After a flush that failed the cache may show what is not on the disk
/// and will not be written any more: the block has a ghost.</remarks>
public sealed class SimulatedReplica
{
    public const int BlockCount = 8;

    private readonly BlockContent[] _cache = new BlockContent[BlockCount];
    private readonly BlockContent[] _disk = new BlockContent[BlockCount];
    private readonly List<Unflushed>[] _unflushed = [.. Enumerable.Range(0, BlockCount).Select(_ => new List<Unflushed>())];
    private readonly HashSet<long>[] _ghosts = [.. Enumerable.Range(0, BlockCount).Select(_ => new HashSet<long>())];
    private readonly HashSet<long> _lost = [];

    private readonly record struct Unflushed(long Order, BlockContent Content);

    /// <summary>Acknowledged writes that this replica's content includes, also those since overwritten.</summary>
    public HashSet<long> Holds { get; private set; } = [];

    /// <summary>How many of the demanded writes, in their order, this replica is known to hold.</summary>
    public int Checked { get; set; }

    /// <summary>Number of the last write that was applied: what a flush that begins now covers.</summary>
    public long Order { get; private set; }

    public BlockContent this[int block] => _cache[block];

    public void Apply(int block, BlockContent content)
    {
        _cache[block] = content;
        _unflushed[block].Add(new Unflushed(++Order, content));
    }

    /// <summary>A flush of a block ends that had begun when <paramref name="order"/> was the last write.</summary>
    public void Flush(int block, long order)
    {
        var unflushed = _unflushed[block];
        var count = 0;
        while (count < unflushed.Count && unflushed[count].Order <= order) _disk[block] = unflushed[count++].Content;
        if (count == 0) return;
        unflushed.RemoveRange(0, count);
        _ghosts[block].Clear();
    }

    /// <summary>Such a flush would have something to write.</summary>
    public bool IsUnflushed(int block, long order) => _unflushed[block].Count > 0 && _unflushed[block][0].Order <= order;

    /// <summary>Such a flush failed: all of the block is on the disk, or nothing is, and the page stays dirty or becomes a ghost.</summary>
    public void FailFlush(int block, long order, Random random)
    {
        switch (random.Next(3))
        {
            case 0: Flush(block, order); break;
            case 1: break;
            default:
                var unflushed = _unflushed[block];
                var count = unflushed.FindIndex(entry => entry.Order > order) is >= 0 and var later ? later : unflushed.Count;
                foreach (var (_, written) in unflushed.Take(count)) Haunt(block, written);
                unflushed.RemoveRange(0, count);
                break;
        }
    }

    private void Haunt(int block, BlockContent written)
    {
        if (_disk[block] == written) return;
        _ghosts[block].Add(written.First);
        _ghosts[block].Add(written.Second);
    }

    /// <summary>The kernel forgets a clean page: whoever reads next sees what is on the disk.</summary>
    /// <returns>Writes that this replica does not have any more.</returns>
    public IReadOnlyCollection<long> DropClean(int block)
    {
        if (_unflushed[block].Count > 0 || _ghosts[block].Count == 0) return [];
        _cache[block] = _disk[block];
        long[] lost = [.. _ghosts[block]];
        _ghosts[block].Clear();
        foreach (var value in lost) Lose(value);
        return lost;
    }

    /// <summary>An empty disk takes the place of this one.</summary>
    public void Empty()
    {
        for (var block = 0; block < BlockCount; block++)
        {
            _cache[block] = _disk[block] = default;
            _unflushed[block].Clear();
            _ghosts[block].Clear();
        }

        BecomeEqual([]);
    }

    /// <summary>Nothing of it would be lost by a power cut.</summary>
    public bool IsDurable(int block) => _unflushed[block].Count == 0 && _ghosts[block].Count == 0;

    /// <summary>The disk has the write, or a later one of its block.</summary>
    public bool HasDurably(int block, long write) => _disk[block].First >= write && _disk[block].Second >= write;

    /// <summary>Whatever the block may hold after a power cut.</summary>
    public IEnumerable<BlockContent> Possible(int block) => _unflushed[block].Select(entry => entry.Content).Prepend(_disk[block]).Append(_cache[block]);

    /// <summary>The host loses power.</summary>
    /// <returns>Writes that this replica may not have any more.</returns>
    public IReadOnlyCollection<long> PowerCut(Random random)
    {
        var lost = new List<long>();
        for (var block = 0; block < BlockCount; block++)
        {
            var content = _disk[block];
            foreach (var (_, written) in _unflushed[block])
            {
                content = random.Next(10) switch
                {
                    < 4 => content,
                    < 8 => written,
                    8 => content with { First = written.First },
                    _ => content with { Second = written.Second },
                };
                lost.Add(written.First);
                lost.Add(written.Second);
            }

            lost.AddRange(_ghosts[block]);
            _ghosts[block].Clear();
            _unflushed[block].Clear();
            _disk[block] = _cache[block] = content;
        }

        foreach (var value in lost) Lose(value);
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
        if (Holds.Remove(value)) Checked = 0;
    }

    public void BecomeEqual(IEnumerable<long> holds)
    {
        Holds = [.. holds];
        Checked = 0;
    }
}
