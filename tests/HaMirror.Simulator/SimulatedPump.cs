using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>The data path of one process as docs/architecture.md describes it: gates, marks, the source half of a link.</summary>
/// <remarks>A durable write (O_DSYNC) is acknowledged when it is on this disk and, while linked, on the peer's; a plain one
/// when it is in this node's cache and, while linked, received by the peer; a flush when both disks have all that it covers.
/// What was in flight when a committed link was lost is a change made alone: it needs a generation of its own as well.</remarks>
public sealed partial class SimulatedPump
{
    private readonly World _world;
    private readonly Ledger _ledger;
    private readonly SimulatedNode _node;
    private readonly Mutation _mutation;
    private readonly SimulatedIntentLog _log;
    private readonly Queue<SimulatedChange> _held = new();
    private readonly List<SimulatedChange> _inFlight = [];
    private readonly List<SimulatedChange> _undurable = [];
    private readonly List<long> _covers = []; // Plain writes that no flush has covered yet.
    private readonly BlockContent[] _expected = new BlockContent[SimulatedReplica.BlockCount];
    private SimulatedDisk.Flusher _guestFlushes;
    private SimulatedDisk.Flusher _systemFlushes;
    private SimulatedLink? _link;
    private readonly List<Action> _barrierEnds = [];
    private bool _committed;
    private bool _frozen;
    private bool _writable;
    private bool _generationOpen;
    private bool _generationAsked;
    private long? _draining;
    private bool _flushing;
    private int _dropped; // Failed flushes after which the kernel forgot its clean pages.

    public SimulatedPump(World world, Ledger ledger, SimulatedNode node, Mutation mutation)
    {
        (_world, _ledger, _node, _mutation) = (world, ledger, node, mutation);
        (_guestFlushes, _systemFlushes) = (node.Disk.Open(), node.Disk.Open());
        _log = new SimulatedIntentLog(world, node, this, mutation);
        Resync = new SimulatedResync(world, node, this, mutation);
    }

    /// <summary>Blocks that may differ from the peer's, in memory.</summary>
    public HashSet<int> Marks { get; private set; } = [];

    public SimulatedResync Resync { get; }

    /// <summary>The link that this node is the source of; null: none.</summary>
    public SimulatedLink? Link => _link;

    /// <summary>Losing the peer freezes.</summary>
    public bool Committed => _committed && _link is not null;

    public bool IsChanging(int block)
    {
        foreach (var change in _inFlight) if (change.Block == block) return true;
        return _differs.Contains(block);
    }

    public bool Links(SimulatedLink link) => _link == link;

    /// <summary>The mounts are made.</summary>
    /// <returns>Null, or why they cannot be.</returns>
    public string? Load(IEnumerable<int> marks)
    {
        (_course, _hangs) = (Course.Attached, false);
        _unknown.Clear();
        // What the last process wrote may still lie in this node's page cache alone: a copy that clears a mark does not flush it.
        // What a flush that failed left there in the cache alone must not be taken for what is on the disk.
        DropPages(always: true);
        var files = _node.Disk.Open();
        if (_node.Disk.FlushAll(files, _node.Replica.Order) != DiskAnswer.Done) return "The directory cannot be flushed.";
        if (_node.Disk.LogFails) return "The intent log cannot be written.";
        (_guestFlushes, _systemFlushes) = (_node.Disk.Open(), files);
        Marks = [.. marks];
        _log.Open();
        return null;
    }

    /// <summary>What a failed flush left in the cache alone is neither served nor compared.</summary>
    private void DropPages(bool always = false)
    {
        if (!_mutation.ComparesDisk || (!always && _dropped == _node.Driver.FailedFlushes)) return;
        for (var block = 0; block < SimulatedReplica.BlockCount; block++) _node.DropClean(block);
        _dropped = _node.Driver.FailedFlushes;
    }

    /// <summary>What a clean stop saves.</summary>
    public IEnumerable<int> Close() => _log.Close();

    /// <summary>What this node says of differences as a target: also what is not known to be on its disk since a flush failed, though
    /// the peer has it.</summary>
    public IEnumerable<int> TargetMarks() => _log.IsUnproven ? _log.Close() : Marks;

    /// <summary>This replica is known to equal its source.</summary>
    public void Equalled()
    {
        Marks.Clear();
        _log.Equalled();
    }

    public void Write(int block, long value, bool plain)
    {
        if (IsOpen) _held.Enqueue(new SimulatedChange(block, value, plain));
        Go();
    }

    public void Flush()
    {
        if (IsOpen) _held.Enqueue(new SimulatedChange(-1, 0, false) { Covers = [.. _covers] });
        Go();
    }

    private bool IsOpen => _writable && _draining is null && _held.Count <= 2;

    public void SetWritable(bool writable)
    {
        if (writable) DropPages();
        if (writable) _unknown.Clear();
        if (writable && !_writable)
            for (var block = 0; block < SimulatedReplica.BlockCount; block++) _expected[block] = _node.Replica[block];
        _writable = writable;
        if (writable)
        {
            _draining = null;
            return;
        }

        _covers.Clear();
        _met.Clear();
        if (_mutation.EndsWrites) FailAll();
        (_frozen, _generationOpen, _generationAsked) = (false, false, false);
    }

    public void Freeze() => _frozen = _mutation.Freezes;

    public void Thaw()
    {
        _frozen = false;
        _committed = false;
        if (_mutation.ClosesGenerations) _generationOpen = false;
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
        DropPages();
        if (_log.IsUnproven) Marks.UnionWith(_log.Close()); // What the peer has may be gone here.
        _link = link;
        (_committed, _accepted) = (false, false);
        link.ToTarget(() => link.Target.Driver.PlanReceived(link, plan));
    }

    public void Offer(SimulatedLink link, HaMirror.Core.Generations.GenerationId generation)
    {
        if (_link != link) return;
        _committed = true;
        link.Offered = [.. _node.Replica.Holds];
        link.ToTarget(() => link.Target.Input(new MachineInput.OfferReceived(link.Id, generation)));
        Settle();
    }

    /// <summary>The link is gone: what it had not made durable over there is marked; a committed one freezes at once.</summary>
    public void LinkLost(SimulatedLink link)
    {
        if (_link != link) return;
        _link = null;
        _flushing = false;
        _differs.Clear();
        Resync.End();
        if (_committed && _writable && _mutation.Freezes && (!IsDetached || _mutation.EndsDetached)) _frozen = true;
        foreach (var change in _inFlight)
        {
            if (change.Link != link) continue;
            if (_mutation.MarksLosses && !change.IsFlush) Marks.Add(change.Block);
            change.Link = null;
        }

        // Acknowledged, and perhaps only in the peer's memory.
        if (_mutation.MarksEpochs && _mutation.MarksLosses)
            foreach (var change in _undurable) Marks.Add(change.Block);
        _undurable.Clear();
        foreach (var end in _barrierEnds.ToArray()) end();
        _barrierEnds.Clear();
        Settle();
    }

    /// <summary>Flushes both disks, after the changes that are under way here. When the link ends meanwhile, all that was on
    /// its way over there is marked.</summary>
    /// <param name="here">False: only the peer's.</param>
    /// <param name="done">Told whether this disk was flushed.</param>
    public void FlushBoth(bool here, Action<bool> done)
    {
        var (left, well) = (2, true);
        void Part()
        {
            if (--left == 0) done(well);
        }

        if (_link is { } link)
        {
            var ended = false;
            void End()
            {
                if (ended) return;
                ended = true;
                Part();
            }

            _barrierEnds.Add(End);
            link.ToTarget(() => link.Target.Driver.Target.ReceiveBarrier(link, () => link.ToSource(() =>
            {
                if (_link == link) End();
            })));
        }
        else Part();
        AwaitLocal([.. _inFlight], here, flushed =>
        {
            well = flushed;
            Part();
        });
    }

    private void AwaitLocal(SimulatedChange[] changes, bool here, Action<bool> done)
    {
        if (changes.Any(change => !change.LocalDone))
        {
            _node.After(20_000, () => AwaitLocal(changes, here, done));
            return;
        }

        var order = here ? _node.Replica.Order : 0;
        _node.After(_world.Disks.Next(1000, 20_000) + _node.Disk.Wait, () => done(FlushSystem(order)));
    }

    private bool FlushSystem(long order) => _node.Driver.Flushed(_node.Disk.FlushAll(_systemFlushes, order)) == DiskAnswer.Done;

    public void Settle()
    {
        if (_draining is not null && _frozen) FailAll();
        for (var index = 0; index < _inFlight.Count;)
            if (!TryComplete(_inFlight[index])) index++;
        Go();
        if (_draining is { } ticket && _inFlight.Count == 0 && !_flushing) FlushDrained(ticket);
    }

    /// <summary>Everything is done: both disks are flushed, or the peer's alone while this one is detached.</summary>
    private void FlushDrained(long ticket)
    {
        if (!IsDetached && _node.Disk.Wait is > 0 and var wait)
        {
            _flushing = true;
            _node.After(wait + 1, () =>
            {
                _flushing = false;
                Settle();
            });
            return;
        }

        var failure = IsDetached ? Committed ? null : "The disk of this node is detached and its peer is lost."
            : FlushSystem(_node.Replica.Order) ? null : "The directory cannot be flushed.";
        if (_link is not { } link || failure is not null)
        {
            Drained(ticket, failure);
            return;
        }

        _flushing = true;
        link.ToTarget(() => link.Target.Driver.Target.ReceiveBarrier(link, () => link.ToSource(() =>
        {
            if (_link == link && _draining == ticket) Drained(ticket, null);
        })));
    }

    private void Drained(long ticket, string? failure)
    {
        (_draining, _flushing, _writable) = (null, false, false);
        _node.Input(new MachineInput.Drained(ticket, failure));
    }

    private void Go()
    {
        while (_held.TryPeek(out var change))
        {
            if (!_writable) _held.Clear();
            if (_held.Count == 0 || _frozen || !Opened() || IsChanging(change.Block)) return;
            if (_course == Course.GivenUp)
            {
                if (_held.Dequeue().IsFlush) Unflushed(change);
                continue;
            }

            if (!change.IsFlush && !IsDetached && !_log.Enter(change.Block)) return;
            _held.Dequeue();
            Start(change);
        }
    }

    private void Start(SimulatedChange change)
    {
        _inFlight.Add(change);
        change.Link = _link;
        if (_link is { } link) Send(link, change);
        else if (!change.IsFlush) Marks.Add(change.Block);
        change.Since = _world.Now;
        if (!change.IsFlush)
        {
            _expected[change.Block] = BlockContent.Of(change.Value);
            _unknown.Remove(change.Block);
            _ledger.Started(_node, change.Block, change.Value);
        }

        _node.DataStep();
        if (!IsDetached) ToDisk(change);
        else
        {
            WithoutDisk(change);
            if (change.Failed) _node.After(1, Settle);
        }
    }

    private void Send(SimulatedLink link, SimulatedChange change)
    {
        void Done()
        {
            change.PeerDone = true;
            if (!_mutation.AwaitsDurable) _undurable.Remove(change);
            Settle();
        }

        void Durable()
        {
            _undurable.Remove(change);
            if (!change.Plain) Done();
        }

        if (change.IsFlush)
        {
            link.ToTarget(() => link.Target.Driver.Target.ReceiveFlush(link, _mutation.FlushesPeer, Done));
            return;
        }

        _undurable.Add(change);
        link.ToTarget(() => link.Target.Driver.Target.Receive(
            link, change.Block, BlockContent.Of(change.Value), change.Plain ? Done : null, Durable));
    }

    private bool Opened()
    {
        if (_committed || _generationOpen) return true;
        if (!_generationAsked && !_frozen) _node.Input(new MachineInput.GenerationNeeded());
        _generationAsked = true;
        return false;
    }

    private bool TryComplete(SimulatedChange change)
    {
        if (_frozen || !change.LocalDone) return false;
        if (change.Link is not null ? !change.PeerDone && _mutation.AwaitsPeer : !Opened()) return false;
        _inFlight.Remove(change);
        if (change.Failed)
        {
            if (change.IsFlush) Unflushed(change);
            return true;
        }

        // One that began before the link was marked, and has been copied since.
        var link = change.Link ?? _link;
        var mirrored = _committed ? link?.Target : null;
        if (change.IsFlush)
        {
            _ledger.Flushed(_node, change.Link is not null ? mirrored : null, change.Covers, IsDetached);
            _covers.RemoveAll(change.Covers.Contains);
            return true;
        }

        if (change.Plain && !change.Doubtful) _covers.Add(change.Value);
        if (mirrored is not null) link!.Offered.Add(change.Value);
        _ledger.Acknowledge(_node, mirrored, change.Block, change.Value, (IsDetached && mirrored is not null ? mirrored : _node).Record.Current, change.Plain, link?.TargetBoot ?? 0, IsDetached);
        if (change.Doubtful) _ledger.FlushFailed([change.Value]);
        return true;
    }

    /// <summary>The guest was told that a flush failed: of what it covered nobody promises anything.</summary>
    private void Unflushed(SimulatedChange flush)
    {
        _ledger.FlushFailed(flush.Covers);
        _covers.RemoveAll(flush.Covers.Contains);
    }

    private void FailAll()
    {
        foreach (var change in _inFlight) if (!change.IsFlush) Marks.Add(change.Block);
        _inFlight.Clear();
        _held.Clear();
    }

    /// <summary>A block was copied, and the copy is durable, or both are known to hold the same.</summary>
    public void Copied(int block)
    {
        Marks.Remove(block);
        _node.DataStep();
        _log.Renew(block);
    }
}
