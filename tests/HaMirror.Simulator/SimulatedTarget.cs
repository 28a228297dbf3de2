namespace HaMirror.Simulator;

/// <summary>What the target of one process has received: acknowledged, applied in order, then flushed.</summary>
/// <remarks>What was acknowledged as received is applied before the end of the link is told; only the death of the process,
/// or a disk that refuses it, loses it.</remarks>
public sealed class SimulatedTarget(World world, SimulatedNode node)
{
    private readonly Queue<Item> _received = new();
    private bool _applying;

    private enum Kind : byte { Durable, Plain, Copy, Flush }

    private sealed record Item(Kind Kind, int Block, BlockContent Content, Action Apply);

    public bool IsPending(int block)
    {
        foreach (var item in _received) if (item.Block == block) return true;
        return false;
    }

    /// <param name="received">Told at once; null: only <paramref name="durable"/> counts.</param>
    public void Receive(SimulatedLink link, int block, BlockContent content, Action? received, Action durable)
    {
        if (received is not null) link.ToSource(received);
        Take(new Item(received is null ? Kind.Durable : Kind.Plain, block, content, () =>
        {
            node.Replica.Apply(block, content);
            var order = node.Replica.Order;
            node.After(received is not null ? world.Between(200, 1500) : world.Between(0.1, 3), () =>
            {
                node.Replica.Flush(block, order);
                link.ToSource(durable);
            });
        }));
    }

    /// <summary>A resync's copy.</summary>
    /// <param name="compares">Equal content is not written.</param>
    /// <param name="done">Told whether it was equal; else it is durable.</param>
    public void ReceiveCopy(SimulatedLink link, int block, BlockContent content, bool compares, Action<bool> done) =>
        Take(new Item(Kind.Copy, block, content, () =>
        {
            if (compares && node.Replica[block] == content)
            {
                link.ToSource(() => done(true));
                return;
            }

            node.Replica.Apply(block, content);
            var order = node.Replica.Order;
            node.After(world.Between(0.1, 3), () =>
            {
                node.Replica.Flush(block, order);
                link.ToSource(() => done(false));
            });
        }));

    /// <summary>A flush of the guest's: all that came before it.</summary>
    public void ReceiveFlush(SimulatedLink link, bool flushes, Action done) =>
        Take(new Item(Kind.Flush, -1, default, () =>
        {
            var order = flushes ? node.Replica.Order : 0;
            node.After(world.Between(0.1, 5), () =>
            {
                node.Replica.FlushAll(order);
                link.ToSource(done);
            });
        }));

    /// <summary>The link ended: everything that arrived is applied.</summary>
    public void Drain()
    {
        while (_received.TryDequeue(out var item)) item.Apply();
    }

    /// <summary>Nothing of what was received and not applied will ever be.</summary>
    public void Lose()
    {
        while (_received.TryDequeue(out var item))
            if (item.Kind is Kind.Durable or Kind.Plain) node.Replica.Lose(item.Content.First);
    }

    private void Take(Item item)
    {
        _received.Enqueue(item);
        Next();
    }

    private void Next()
    {
        if (_applying || _received.Count == 0) return;
        _applying = true;
        node.After(world.Between(0.02, 1), () =>
        {
            _applying = false;
            if (!_received.TryPeek(out var item)) return;
            if (item.Block >= 0 && node.Faults.FullAt > 0 && --node.Faults.FullAt == 0)
            {
                node.FailTarget();
                return;
            }

            _received.Dequeue();
            node.DataStep();
            item.Apply();
            Next();
        });
    }
}
