using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>The data path of one process as docs/architecture.md describes it: gates, marks, the source half of a link.</summary>
/// <remarks>A durable write (O_DSYNC) is acknowledged when it is on this disk and, while linked, on the peer's; a plain one
/// when it is in this node's cache and, while linked, received by the peer.
/// What was in flight when a committed link was lost is a change made alone: it needs a generation of its own as well.</remarks>
public sealed class SimulatedPump(World world, Ledger ledger, SimulatedNode node, bool plainWrites, Mutation mutation)
{
    private readonly Queue<Change> _held = new();
    private readonly List<Change> _inFlight = [];
    private readonly HashSet<int> _toCopy = [];
    private readonly List<Change> _undurable = [];
    private SimulatedLink? _link;
    private bool _committed;
    private bool _frozen;
    private bool _writable;
    private bool _generationOpen;
    private bool _generationAsked;
    private long? _draining;
    private bool _flushing;
    private bool _resyncing;

    /// <summary>Blocks that may differ from the peer's, in memory.</summary>
    public HashSet<int> Marks { get; private set; } = [];

    public IReadOnlySet<int> Changing => _inFlight.Select(change => change.Block).ToHashSet();

    private sealed record Change(int Block, long Value, bool Plain)
    {
        public SimulatedLink? Link { get; set; }

        public bool LocalDone { get; set; }

        public bool PeerDone { get; set; }
    }

    public bool Links(SimulatedLink link) => _link == link;

    public void Load(IEnumerable<int> marks) => Marks = [.. marks];

    public void Submit(int block, long value)
    {
        if (!_writable || _draining is not null || _held.Count > 2) return;
        _held.Enqueue(new Change(block, value, plainWrites && world.Guests.Next(2) == 0));
        Go();
    }

    public void SetWritable(bool writable)
    {
        _writable = writable;
        if (writable)
        {
            _draining = null;
            return;
        }

        if (mutation.EndsWrites) FailAll();
        (_frozen, _generationOpen, _generationAsked) = (false, false, false);
    }

    public void Freeze() => _frozen = mutation.Freezes;

    public void Thaw()
    {
        _frozen = false;
        _committed = false;
        if (mutation.ClosesGenerations) _generationOpen = false;
        _generationAsked = false;
        Settle();
    }

    public void OpenGeneration()
    {
        _generationOpen = true;
        Settle();
    }

    public void Drain(long ticket)
    {
        (_draining, _flushing) = (ticket, false);
        _held.Clear();
        Settle();
    }

    public void BeginSource(SimulatedLink link, ResyncPlan plan)
    {
        _link = link;
        _committed = false;
        link.ToTarget(() => link.Target.Driver.PlanReceived(link, plan));
    }

    /// <summary>The target's marks came: the union is copied, or everything.</summary>
    public void BeginResync(SimulatedLink link, IReadOnlyCollection<int> theirs, ResyncPlan plan)
    {
        if (_link != link) return;
        if (mutation.JoinsMarks) Marks.UnionWith(theirs);
        _toCopy.Clear();
        if (plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll) _toCopy.UnionWith(Enumerable.Range(0, SimulatedReplica.BlockCount));
        _toCopy.UnionWith(Marks);
        _resyncing = true;
        if (world.Tracing) world.Note($"{node.Name} copies blocks {string.Join(',', _toCopy)}");
        CopyNext(link);
    }

    public void Offer(SimulatedLink link, GenerationId generation)
    {
        if (_link != link) return;
        _committed = true;
        link.Offered = [.. node.Replica.Holds];
        link.ToTarget(() => link.Target.Input(new MachineInput.OfferReceived(link.Id, generation)));
        Settle();
    }

    /// <summary>The link is gone: what it had not made durable over there is marked; a committed one freezes at once.</summary>
    public void LinkLost(SimulatedLink link)
    {
        if (_link != link) return;
        _link = null;
        _resyncing = _flushing = false;
        if (_committed && _writable && mutation.Freezes) _frozen = true;
        foreach (var change in _inFlight.Where(change => change.Link == link))
        {
            if (mutation.MarksLosses) Marks.Add(change.Block);
            change.Link = null;
        }

        // Acknowledged, and perhaps only in the peer's memory.
        if (mutation.MarksLosses) Marks.UnionWith(_undurable.Select(change => change.Block));
        _undurable.Clear();
        Settle();
    }

    private void CopyNext(SimulatedLink link)
    {
        if (_link != link || !_resyncing) return;
        if (_toCopy.Count == 0)
        {
            // The barrier behind the visit of names: the target's whole file system, what an earlier process left included.
            link.ToTarget(() => link.Target.Driver.Flush(() => link.ToSource(() =>
            {
                if (_link != link || !_resyncing) return;
                _resyncing = false;
                node.Input(new MachineInput.ResyncEnded(link.Id));
            })));
            return;
        }

        var block = _toCopy.First();
        _toCopy.Remove(block);
        var early = node.Replica[block];
        node.After(world.Between(0.2, 20), () =>
        {
            if (_link != link) return;
            var value = mutation.OrdersCopies ? node.Replica[block] : early;
            link.ToTarget(() => link.Target.Driver.Target.Receive(link, block, value, null, () =>
            {
                if (_link != link) return;
                Marks.Remove(block);
                CopyNext(link);
            }));
        });
    }

    private void Settle()
    {
        if (_draining is not null && _frozen) FailAll();
        foreach (var change in _inFlight.ToArray()) TryComplete(change);
        Go();
        if (_draining is not { } ticket || _inFlight.Count > 0 || _flushing) return;
        node.Replica.FlushAll();
        if (_link is not { } link)
        {
            Drained(ticket);
            return;
        }

        _flushing = true;
        link.ToTarget(() => link.Target.Driver.Flush(() => link.ToSource(() =>
        {
            if (_link == link && _draining == ticket) Drained(ticket);
        })));
    }

    private void Drained(long ticket)
    {
        (_draining, _flushing, _writable) = (null, false, false);
        node.Input(new MachineInput.Drained(ticket, null));
    }

    private void Go()
    {
        while (_held.TryPeek(out var change))
        {
            if (!_writable) _held.Clear();
            if (_held.Count == 0 || _frozen || !Opened() || _inFlight.Any(other => other.Block == change.Block)) return;
            _held.Dequeue();
            Start(change);
        }
    }

    private void Start(Change change)
    {
        _inFlight.Add(change);
        change.Link = _link;
        if (_link is { } link) Send(link, change);
        else Marks.Add(change.Block);
        node.Replica.Apply(change.Block, change.Value);
        node.After(world.Between(0.1, 3), () =>
        {
            if (!change.Plain && mutation.FlushesLocally) node.Replica.Flush(change.Block);
            change.LocalDone = true;
            Settle();
        });
        if (change.Plain) node.After(world.Between(200, 1500), () => node.Replica.Flush(change.Block));
    }

    private void Send(SimulatedLink link, Change change)
    {
        _undurable.Add(change);
        void Done()
        {
            change.PeerDone = true;
            if (!mutation.AwaitsDurable) _undurable.Remove(change);
            TryComplete(change);
            Settle();
        }

        void Durable()
        {
            _undurable.Remove(change);
            if (!change.Plain) Done();
        }

        link.ToTarget(() => link.Target.Driver.Target.Receive(link, change.Block, change.Value, change.Plain ? Done : null, Durable));
    }

    private bool Opened()
    {
        if (_committed || _generationOpen) return true;
        if (!_generationAsked && !_frozen) node.Input(new MachineInput.GenerationNeeded());
        _generationAsked = true;
        return false;
    }

    private void TryComplete(Change change)
    {
        if (_frozen || !change.LocalDone || !_inFlight.Contains(change)) return;
        if (change.Link is not null ? !change.PeerDone && mutation.AwaitsPeer : !Opened()) return;
        _inFlight.Remove(change);
        // One that began before the link was marked, and has been copied since.
        var link = change.Link ?? _link;
        var mirrored = _committed ? link?.Target : null;
        if (mirrored is not null) link!.Offered.Add(change.Value);
        ledger.Acknowledge(node, mirrored, change.Value, node.Record.Current, change.Plain);
    }

    private void FailAll()
    {
        foreach (var change in _inFlight) Marks.Add(change.Block);
        _inFlight.Clear();
        _held.Clear();
    }
}
