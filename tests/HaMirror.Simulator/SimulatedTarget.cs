using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>What the target of one process has received: acknowledged, applied in order, then flushed.</summary>
/// <remarks>What was acknowledged as received is applied before the end of the link is told; only the death of the process,
/// or a disk that refuses it, loses it. What a disk that hangs keeps is applied when it answers, and no other link comes before.</remarks>
public sealed class SimulatedTarget(World world, SimulatedNode node, Mutation mutation)
{
    /// <summary>A disk that is silent for longer counts as failed (<c>checktime</c>).</summary>
    private const long CheckTime = 10_000_000;

    private readonly Queue<Item> _received = new();
    private readonly List<Action> _afterwards = [];
    private readonly SimulatedDisk.Flusher _flushes = node.Disk.Open();
    private SimulatedLink? _link;
    private long _stuckUntil; // An operation that a hang met ends with it, even if the disk is repaired before.
    private bool _applying;
    private bool _ended;
    private bool _acksApplied;

    /// <summary>Something of what was received was not applied: nothing may be let in.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Its primary's disk is detached: what was acknowledged since is applied.</summary>
    public bool StandsIn { get; private set; }

    private enum Kind : byte { Durable, Plain, Copy, Flush, Word }

    /// <param name="Apply">False: the disk refuses it.</param>
    private sealed record Item(Kind Kind, int Block, BlockContent Content, Func<bool> Apply);

    /// <summary>Its disk hangs under what it received.</summary>
    public bool IsStuck => _received.Count > 0 && (node.Disk.Hangs || world.Now < _stuckUntil);

    public bool IsPending(int block)
    {
        foreach (var item in _received) if (item.Block == block) return true;
        return false;
    }

    /// <summary>A link has come up.</summary>
    public void Begin(SimulatedLink link) => (_link, _acksApplied, _ended, StandsIn, HasFailed) = (link, false, false, false, false);

    /// <summary>The source's disk failed: the machine hears it when all that was received before is applied.</summary>
    public void ReceiveDetached(SimulatedLink link) => Take(new Item(Kind.Word, -1, default, () =>
    {
        node.Input(new MachineInput.PeerDetached(link.Id));
        return true;
    }));

    /// <summary>This replica alone counts from now on: the answer goes behind all that was received, and a write counts once it is applied.</summary>
    public void AcceptDetach(SimulatedLink link)
    {
        _acksApplied = mutation.AcksApplied;
        Take(new Item(Kind.Word, -1, default, () =>
        {
            StandsIn = true;
            link.ToSource(() => link.Source.Driver.Pump.DetachAccepted(link));
            return true;
        }));
    }

    /// <param name="received">Told at once, or when it is applied; null: only <paramref name="durable"/> counts.</param>
    public void Receive(SimulatedLink link, int block, BlockContent content, Action? received, Action durable)
    {
        var late = _acksApplied;
        if (received is not null && !late) link.ToSource(received);
        Take(new Item(received is null ? Kind.Durable : Kind.Plain, block, content, () =>
        {
            if (!Write(block, content)) return false;
            if (received is not null && late) link.ToSource(received);
            var order = node.Replica.Order;
            After(received is not null ? world.Between(200, 1500) : world.Between(0.1, 3), () =>
            {
                // Barriers flow while the link stands; afterwards only the kernel cares.
                if (node.Driver.Link != link) node.After(node.Disk.WriteBackTime, () => node.Disk.WriteBack(block, order));
                else if (Flushed(link, node.Disk.Flush(_flushes, block, order))) link.ToSource(durable);
            });
            return true;
        }));
    }

    /// <summary>A resync's copy.</summary>
    /// <param name="compares">Equal content is not written.</param>
    /// <param name="done">Told whether it was equal; else it is durable.</param>
    public void ReceiveCopy(SimulatedLink link, int block, BlockContent content, bool compares, Action<bool> done) =>
        Take(new Item(Kind.Copy, block, content, () =>
        {
            if (compares)
            {
                if (node.Disk.Read() != DiskAnswer.Done) return false;
                if (mutation.ComparesDisk) node.DropClean(block);
                if (node.Replica[block] == content)
                {
                    link.ToSource(() => done(true));
                    return true;
                }
            }

            if (!Write(block, content)) return false;
            node.Replaced(block, content);
            var order = node.Replica.Order;
            After(world.Between(0.1, 3), () =>
            {
                if (Flushed(link, node.Disk.Flush(_flushes, block, order))) link.ToSource(() => done(false));
            });
            return true;
        }));

    /// <summary>A flush of the guest's: all that came before it.</summary>
    public void ReceiveFlush(SimulatedLink link, bool flushes, Action done) =>
        Take(new Item(Kind.Flush, -1, default, () =>
        {
            var order = flushes ? node.Replica.Order : 0;
            After(world.Between(0.1, 5), () =>
            {
                if (Flushed(link, node.Disk.FlushAll(_flushes, order))) link.ToSource(done);
            });
            return true;
        }));

    /// <summary>A read of a guest whose own disk is detached, behind all that was received.</summary>
    public void ReceiveRead(SimulatedLink link, Action<BlockContent[]> read) => Take(new Item(Kind.Word, -1, default, () =>
    {
        if (node.Disk.Read() != DiskAnswer.Done) return true; // The guest gets the error.
        BlockContent[] content = [.. Enumerable.Range(0, SimulatedReplica.BlockCount).Select(block => node.Replica[block])];
        link.ToSource(() => read(content));
        return true;
    }));

    /// <summary>A barrier: everything that was received is durable.</summary>
    public void ReceiveBarrier(SimulatedLink link, Action done) => Finish(() =>
    {
        var order = node.Replica.Order;
        After(world.Between(1, 20), () =>
        {
            if (Flushed(link, node.Disk.FlushAll(_flushes, order))) done();
        });
    });

    /// <summary>The link ended: everything that arrived is applied, now or when the disk answers.</summary>
    /// <param name="then">Follows it.</param>
    public void Drain(Action? then = null)
    {
        _ended = true;
        Finish(then ?? (() => { }));
    }

    /// <summary>Nothing of what was received and not applied will ever be.</summary>
    /// <returns>Writes that were received.</returns>
    public IReadOnlyList<long> Lose()
    {
        if (_received.Count == 0) return [];
        long[] lost = [.. _received.Where(item => item.Kind is Kind.Durable or Kind.Plain).Select(item => item.Content.First)];
        _received.Clear();
        foreach (var value in lost) node.Replica.Lose(value);
        return lost;
    }

    /// <summary>Applies everything, then does something.</summary>
    private void Finish(Action then)
    {
        if (IsStuck)
        {
            _afterwards.Add(then);
            return;
        }

        while (_received.TryDequeue(out var item)) if (!Apply(item)) break;
        then();
    }

    private void Proceed()
    {
        if (_received.Count > 0) return;
        Action[] afterwards = [.. _afterwards];
        _afterwards.Clear();
        foreach (var action in afterwards) action();
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
        var wait = node.Disk.Wait;
        if (wait > CheckTime && _link is { } link) node.After(CheckTime, () => Hung(link));
        if (wait > 0) _stuckUntil = world.Now + wait;
        var usual = world.Between(0.02, 1);
        if (wait < SimulatedDisk.Never) node.After(usual + wait, ApplyNext);
    }

    private void ApplyNext()
    {
        _applying = false;
        do
        {
            if (!_received.TryDequeue(out var item)) break;
            if (item.Block >= 0 && node.Faults.FullAt > 0 && --node.Faults.FullAt == 0)
            {
                Refused(item);
                break;
            }

            node.DataStep();
            if (!Apply(item)) break;
        }
        while (_ended || _afterwards.Count > 0);

        Proceed();
        Next();
    }

    private bool Apply(Item item)
    {
        if (item.Apply()) return true;
        Refused(item);
        return false;
    }

    private void Refused(Item item)
    {
        if (item.Kind is Kind.Durable or Kind.Plain) node.Replica.Lose(item.Content.First);
        _ = Lose();
        HasFailed = true;
        if (_link is { } link) node.FailTarget(link);
    }

    private bool Write(int block, BlockContent content)
    {
        if (node.Disk.Write() != DiskAnswer.Done) return false;
        node.Replica.Apply(block, content);
        return true;
    }

    private bool Flushed(SimulatedLink link, DiskAnswer answer)
    {
        if (node.Driver.Flushed(answer) == DiskAnswer.Done || !mutation.HeedsTargetFlush) return true;
        if (node.Driver.Link == link) node.FailTarget(link);
        return false;
    }

    private void Hung(SimulatedLink link)
    {
        if (_link != link || !IsStuck) return;
        link.Close(node, "the disk of the target hangs");
        node.CannotApply();
        node.Input(new MachineInput.TargetFailed(link.Id, "The disk has not answered."));
    }

    private void After(long microseconds, Action action) => node.After(microseconds + node.Disk.Wait, action);
}
