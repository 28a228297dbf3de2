using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>The data path of one process as docs/architecture.md describes it: gates, marks, the source half of a link.</summary>
/// <remarks>Every write is durable (O_DSYNC): it is acknowledged when it is on this disk and, while linked, on the peer's.
/// What was in flight when a committed link was lost is a change made alone: it needs a generation of its own as well.</remarks>
public sealed class SimulatedPump(World world, Ledger ledger, SimulatedNode node)
{
    private readonly Queue<Change> _held = new();
    private readonly List<Change> _inFlight = [];
    private readonly HashSet<int> _toCopy = [];
    private SimulatedLink? _link;
    private bool _committed;
    private bool _frozen;
    private bool _writable;
    private bool _generationOpen;
    private bool _generationAsked;
    private long? _draining;
    private bool _resyncing;

    /// <summary>Blocks that may differ from the peer's, in memory.</summary>
    public HashSet<int> Marks { get; private set; } = [];

    public IReadOnlySet<int> Changing => _inFlight.Select(change => change.Block).ToHashSet();

    private sealed record Change(int Block, long Value)
    {
        public SimulatedLink? Link { get; set; }

        public bool LocalDurable { get; set; }

        public bool PeerDurable { get; set; }
    }

    public bool Links(SimulatedLink link) => _link == link;

    public void Load(IEnumerable<int> marks) => Marks = [.. marks];

    public void Submit(int block, long value)
    {
        if (!_writable || _draining is not null || _held.Count > 2) return;
        _held.Enqueue(new Change(block, value));
        Go();
    }

    public void SetWritable(bool writable)
    {
        _writable = writable;
        if (writable) _draining = null;
        else FailAll();
    }

    public void Freeze() => _frozen = true;

    public void Thaw()
    {
        _frozen = false;
        _committed = false;
        _generationOpen = false;
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
        _draining = ticket;
        _held.Clear();
        Settle();
    }

    public void BeginSource(SimulatedLink link, ResyncPlan plan)
    {
        _link = link;
        _committed = false;
        link.ToTarget(() => link.Target.PlanReceived(link, plan));
    }

    /// <summary>The target's marks came: the union is copied, or everything.</summary>
    public void BeginResync(SimulatedLink link, IReadOnlyCollection<int> theirs, ResyncPlan plan)
    {
        if (_link != link) return;
        Marks.UnionWith(theirs);
        _toCopy.Clear();
        if (plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll) _toCopy.UnionWith(Enumerable.Range(0, SimulatedReplica.BlockCount));
        _toCopy.UnionWith(Marks);
        _resyncing = true;
        world.Note($"{node.Name} copies blocks {string.Join(',', _toCopy)}");
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
        _resyncing = false;
        if (_committed) _frozen = true;
        foreach (var change in _inFlight.Where(change => change.Link == link))
        {
            Marks.Add(change.Block);
            change.Link = null;
        }

        Settle();
    }

    private void CopyNext(SimulatedLink link)
    {
        if (_link != link || !_resyncing) return;
        if (_toCopy.Count == 0)
        {
            _resyncing = false;
            node.Input(new MachineInput.ResyncEnded(link.Id));
            return;
        }

        var block = _toCopy.First();
        _toCopy.Remove(block);
        node.After(world.Between(0.2, 20), () =>
        {
            if (_link != link) return;
            var value = node.Replica[block];
            link.ToTarget(() => link.Target.ApplyFrom(link, block, value, () =>
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
        if (_draining is { } ticket && _inFlight.Count == 0)
        {
            _draining = null;
            _writable = false;
            node.Input(new MachineInput.Drained(ticket, null));
        }
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
        if (_link is { } link)
            link.ToTarget(() => link.Target.ApplyFrom(link, change.Block, change.Value, () =>
            {
                change.PeerDurable = true;
                TryComplete(change);
                Settle();
            }));
        else Marks.Add(change.Block);
        node.Replica.Apply(change.Block, change.Value);
        node.After(world.Between(0.1, 3), () =>
        {
            node.Replica.Flush(change.Block);
            change.LocalDurable = true;
            Settle();
        });
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
        if (_frozen || !change.LocalDurable || !_inFlight.Contains(change)) return;
        if (change.Link is not null ? !change.PeerDurable : !Opened()) return;
        _inFlight.Remove(change);
        var mirrored = change.Link is { } link && _committed ? link.Target : null;
        if (mirrored is not null) change.Link!.Offered.Add(change.Value);
        ledger.Acknowledge(node, mirrored, change.Value, node.Record.Current);
    }

    private void FailAll()
    {
        foreach (var change in _inFlight) Marks.Add(change.Block);
        _inFlight.Clear();
        _held.Clear();
    }
}
