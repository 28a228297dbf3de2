namespace HaMirror.Simulator;

/// <summary>What a node's disk says of differences: the marks file, and the intent log behind it.</summary>
/// <remarks>A transaction of the log counts whole or not at all. One that was written and not flushed is lost, kept or torn by a
/// power cut; the checksums of its blocks tell a torn one, so it counts as lost.</remarks>
public sealed class IntentDisk
{
    public const int AreaBlocks = 2;

    public const int AreaCount = SimulatedReplica.BlockCount / AreaBlocks;

    private HashSet<int> _file = [];
    private HashSet<int> _dirtBeforeMap = [];
    private HashSet<int> _dirt = [];
    private Transaction? _unflushed;

    /// <summary>What one write of the log says.</summary>
    /// <param name="Hot">Areas that become hot.</param>
    /// <param name="Cold">Areas that go cold.</param>
    /// <param name="Dirt">Blocks of those that may differ.</param>
    /// <param name="Map">All that is hot stands in it: what is recorded from here on is enough beside a marks file made now.</param>
    public sealed record Transaction(IReadOnlyList<int> Hot, IReadOnlyList<int> Cold, IReadOnlyList<int> Dirt, bool Map);

    public HashSet<int> Hot { get; } = [];

    /// <summary>The log was found damaged: nothing is known of what differs.</summary>
    public bool Damaged { get; set; }

    /// <summary>Blocks that may differ, as a process reads it that is started.</summary>
    /// <param name="comparesHot">False in a product that forgets the hot areas.</param>
    public IEnumerable<int> Load(bool comparesHot) =>
        _file.Concat(_dirtBeforeMap).Concat(_dirt)
            .Concat(comparesHot ? Hot.SelectMany(area => Enumerable.Range(area * AreaBlocks, AreaBlocks)) : []).Distinct();

    public void Write(Transaction transaction) => _unflushed = transaction;

    /// <summary>The last transaction is on stable storage.</summary>
    public void Flushed()
    {
        if (_unflushed is { } transaction) Count(transaction);
        _unflushed = null;
    }

    /// <summary>The write of the last transaction failed: it is on the disk all the same, or not.</summary>
    public void Fail(Random random) => Die(random, takesTorn: false);

    /// <summary>The marks file is replaced, atomically, by one made when the last transaction with a map had been flushed.</summary>
    public void Replace(IEnumerable<int> marks)
    {
        _file = [.. marks];
        _dirtBeforeMap = [];
    }

    /// <summary>A clean stop: the marks file says everything, and the log is empty.</summary>
    public void Close(IEnumerable<int> marks)
    {
        _file = [.. marks];
        (_dirtBeforeMap, _dirt, _unflushed, Damaged) = ([], [], null, false);
        Hot.Clear();
    }

    /// <summary>The process or the host dies while a transaction may be under way.</summary>
    /// <param name="takesTorn">False in the product: half of a transaction counts for nothing.</param>
    public void Die(Random random, bool takesTorn)
    {
        if (_unflushed is { } transaction && random.Next(3) is var fate and > 0)
        {
            if (fate == 1) Count(transaction);
            else if (takesTorn) Count(transaction with { Dirt = [] });
        }

        _unflushed = null;
    }

    private void Count(Transaction transaction)
    {
        if (transaction.Map) (_dirtBeforeMap, _dirt) = ([.. _dirtBeforeMap, .. _dirt], []);
        Hot.ExceptWith(transaction.Cold);
        Hot.UnionWith(transaction.Hot);
        _dirt.UnionWith(transaction.Dirt);
    }
}
