namespace HaMirror.Simulator;

/// <summary>What the target of one process has received: acknowledged, applied in order, then flushed.</summary>
/// <remarks>What was acknowledged as received is applied before the end of the link is told; only the death of the process,
/// or a disk that refuses it, loses it.</remarks>
public sealed class SimulatedTarget(World world, SimulatedNode node)
{
    private readonly Queue<Item> _received = new();
    private bool _applying;

    private sealed record Item(SimulatedLink Link, int Block, long Value, bool Plain, Action Durable);

    /// <summary>Blocks that are received and not applied.</summary>
    public IEnumerable<int> Pending => _received.Select(item => item.Block);

    /// <param name="received">Told at once; null: only <paramref name="durable"/> counts.</param>
    public void Receive(SimulatedLink link, int block, long value, Action? received, Action durable)
    {
        if (received is not null) link.ToSource(received);
        _received.Enqueue(new Item(link, block, value, received is not null, durable));
        Next();
    }

    /// <summary>The link ended: everything that arrived is applied.</summary>
    public void Drain()
    {
        while (_received.TryDequeue(out var item)) Apply(item);
    }

    /// <summary>Nothing of what was received and not applied will ever be.</summary>
    public void Lose()
    {
        while (_received.TryDequeue(out var item)) node.Replica.Lose(item.Value);
    }

    private void Next()
    {
        if (_applying || _received.Count == 0) return;
        _applying = true;
        node.After(world.Between(0.02, 1), () =>
        {
            _applying = false;
            if (!_received.TryPeek(out var item)) return;
            if (node.Faults.FullAt > 0 && --node.Faults.FullAt == 0)
            {
                node.FailTarget();
                return;
            }

            _received.Dequeue();
            Apply(item);
            Next();
        });
    }

    private void Apply(Item item)
    {
        node.Replica.Apply(item.Block, item.Value);
        node.After(item.Plain ? world.Between(200, 1500) : world.Between(0.1, 3), () =>
        {
            node.Replica.Flush(item.Block);
            item.Link.ToSource(item.Durable);
        });
    }
}
