namespace HaMirror.Simulator;

/// <summary>Which writes a guest may still find in each block.</summary>
public sealed class Survivors
{
    private readonly List<long>[] _writes = [.. Enumerable.Range(0, SimulatedReplica.BlockCount).Select(_ => new List<long> { 0 })];
    private SimulatedNode? _server;

    /// <summary>A write goes to the disks. One of a node that serves no longer is never seen.</summary>
    public void Started(SimulatedNode node, int block, long write)
    {
        if (node == _server) _writes[block].Add(write);
    }

    /// <summary>A node begins to serve by a right that makes whatever it holds legal.</summary>
    public void Serves(SimulatedNode node)
    {
        _server = node;
        for (var block = 0; block < SimulatedReplica.BlockCount; block++) AddAll(node, block);
    }

    /// <summary>Why what a block of a node holds is not legal, as a clause; null: it is.</summary>
    /// <param name="floor">The newest write of the block that has to be there.</param>
    public string? Illegal(SimulatedNode node, int block, long floor)
    {
        var (first, second) = node.Replica[block];
        if (first < floor || second < floor) return $"write {floor} was acknowledged (G1)";
        if (!_writes[block].Contains(first) || !_writes[block].Contains(second)) return "an earlier service had not found that write any more (G3)";
        return null;
    }

    /// <summary>A service has begun with what a node holds: what is newer is dead.</summary>
    /// <param name="all">What the node's disk may bring back is all there is.</param>
    public void Found(SimulatedNode node, bool all = false)
    {
        _server = node;
        for (var block = 0; block < SimulatedReplica.BlockCount; block++)
        {
            var (first, second) = node.Replica[block];
            if (all || node.Replica.IsDurable(block)) _writes[block].Clear();
            else _writes[block].RemoveAll(write => write > Math.Max(first, second));
            AddAll(node, block);
        }
    }

    /// <summary>A replica was declared equal to the server's, whose content is legal whatever it is. Where the disk of the other one
    /// lacks the newest writes still, a power cut may bring back older ones: they stay as legal as they were.</summary>
    public void Equal(SimulatedNode source, SimulatedNode target)
    {
        var older = Enumerable.Range(0, SimulatedReplica.BlockCount)
            .Select(block => target.Replica.Possible(block).SelectMany(content => new[] { content.First, content.Second }).Where(_writes[block].Contains).ToArray()).ToArray();
        Found(source, all: true);
        for (var block = 0; block < SimulatedReplica.BlockCount; block++) _writes[block].AddRange(older[block].Except(_writes[block]));
    }

    private void AddAll(SimulatedNode node, int block)
    {
        foreach (var (first, second) in node.Replica.Possible(block))
        {
            if (!_writes[block].Contains(first)) _writes[block].Add(first);
            if (!_writes[block].Contains(second)) _writes[block].Add(second);
        }
    }
}
