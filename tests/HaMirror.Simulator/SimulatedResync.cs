using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>The source's half of a resync: block after block of what may differ, compared and copied beside live writes.</summary>
public sealed class SimulatedResync(World world, SimulatedNode node, SimulatedPump pump, Mutation mutation)
{
    private readonly SortedSet<int> _toCopy = [];
    private readonly List<int> _equal = [];
    private SimulatedLink? _link;

    /// <summary>The target's marks came: the union is looked at, or everything.</summary>
    public void Begin(SimulatedLink link, IReadOnlyCollection<int> theirs, ResyncPlan plan)
    {
        if (!pump.Links(link)) return;
        if (mutation.JoinsMarks) pump.Marks.UnionWith(theirs);
        _toCopy.Clear();
        _equal.Clear();
        if (plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll) _toCopy.UnionWith(Enumerable.Range(0, SimulatedReplica.BlockCount));
        _toCopy.UnionWith(pump.Marks);
        _link = link;
        if (world.Tracing) world.Note($"{node.Name} copies blocks {string.Join(',', _toCopy)}");
        CopyNext(link, plan);
    }

    public void End() => _link = null;

    private void CopyNext(SimulatedLink link, ResyncPlan plan)
    {
        if (_link != link) return;
        if (_toCopy.Count == 0)
        {
            Finish(link);
            return;
        }

        var block = _toCopy.Min;
        _toCopy.Remove(block);
        var early = node.Replica[block];
        node.After(world.Between(0.2, 20) + node.Disk.Wait, () =>
        {
            if (_link != link) return;
            if (node.Disk.Read() != DiskAnswer.Done)
            {
                node.Driver.EndLink("a block cannot be read");
                return;
            }

            var content = mutation.OrdersCopies ? node.Replica[block] : early;
            link.ToTarget(() => link.Target.Driver.Target.ReceiveCopy(link, block, content, plan != ResyncPlan.CopyAll, equal =>
            {
                if (_link != link) return;
                if (equal) _equal.Add(block);
                else pump.Copied(block);
                CopyNext(link, plan);
            }));
        });
    }

    /// <summary>Both disks are flushed behind everything: the target's whole file system, what an earlier process left included, and
    /// the source's own, which may hold what it took as a standby in its cache alone. Only then is durable what was found equal.</summary>
    private void Finish(SimulatedLink link) => pump.FlushBoth(mutation.FlushesSource, flushed =>
    {
        if (_link != link) return;
        if (!flushed)
        {
            node.Driver.EndLink("the source's disk cannot be flushed");
            return;
        }

        _link = null;
        foreach (var block in _equal) pump.Copied(block);
        node.Input(new MachineInput.ResyncEnded(link.Id));
    });
}
