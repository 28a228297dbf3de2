using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>What the data path becomes once its own disk has failed, as Io's RequestFlow does it.</summary>
/// <remarks>What meets a fault waits for the machine while a standby could stand in; else the error is its answer. While the
/// disk is detached a change counts by the peer's answer alone, and reads go there, behind everything that was sent before.</remarks>
public sealed partial class SimulatedPump
{
    /// <summary>Of <c>checktime</c>, which is 10 s: a disk that is silent for so long hangs.</summary>
    public const long DiskPatience = 6_000_000;

    /// <summary>The machine is told of the same fault at most this often.</summary>
    private const long TellInterval = 1_000_000;

    private readonly List<SimulatedChange> _met = [];
    private readonly HashSet<int> _unknown = []; // Blocks of which the guest was told that a write failed.
    private readonly HashSet<int> _differs = []; // Until the link ends for it.
    private Course _course;
    private bool _hangs;
    private bool _accepted;
    private long _toldAt = -TellInterval;

    private enum Course : byte { Attached, InQuestion, Detached, GivenUp }

    /// <summary>The peer stands in for the disk.</summary>
    public bool IsDetached => _course == Course.Detached;

    /// <summary>What the guest must find in a block; null: it was told of an error there.</summary>
    public BlockContent? Expected(int block) => _unknown.Contains(block) ? null : _expected[block];

    /// <summary>The disk has lost what the guest had written: its next flush says so.</summary>
    public void Forget(int block) => _unknown.Add(block);

    /// <summary>The target has accepted the offer.</summary>
    public void OfferAccepted(SimulatedLink link) => _accepted |= _link == link;

    /// <summary>Since when the peer has owed an answer; null: it owes none.</summary>
    public long? OwedSince(SimulatedLink link)
    {
        long? since = null;
        foreach (var change in _inFlight)
            if (change.Link == link && !change.PeerDone && (since is null || change.Since < since)) since = change.Since;
        return since;
    }

    private bool HasStandIn => _link is not null && _committed && _accepted && !_frozen && _writable;

    /// <summary>Both a guest's write and its flush: the disk's part.</summary>
    private void ToDisk(SimulatedChange change)
    {
        (change.OnDisk, change.Since) = (true, _world.Now);
        var answer = DiskAnswer.Done;
        if (!change.IsFlush && (answer = _node.Disk.Write()) == DiskAnswer.Done) _node.Replica.Apply(change.Block, BlockContent.Of(change.Value));
        var order = _node.Replica.Order;
        var wait = _node.Disk.Wait;
        if (wait > DiskPatience) _node.After(DiskPatience, () => LookForHang(change));
        if (wait < SimulatedDisk.Never)
            _node.After(_world.Between(0.1, 3) + wait, () =>
            {
                if (!change.OnDisk) return;
                change.OnDisk = false;
                if (answer == DiskAnswer.Done && !change.Plain && _mutation.FlushesLocally) answer = FlushGuests(change, order);
                if (change.IsFlush && !_mutation.HeedsFailedFlush) answer = DiskAnswer.Done;
                DiskDone(change, answer);
            });
        else _ = _world.Between(0.1, 3);
        if (change.Plain && answer == DiskAnswer.Done && wait < SimulatedDisk.Never)
            _node.After(_node.Disk.WriteBackTime + wait, () => _node.Disk.WriteBack(change.Block, order));
    }

    private DiskAnswer FlushGuests(SimulatedChange change, long order) =>
        _node.Driver.Flushed(change.IsFlush ? _node.Disk.FlushAll(_guestFlushes, order) : _node.Disk.Flush(_guestFlushes, change.Block, order));

    private void DiskDone(SimulatedChange change, DiskAnswer answer)
    {
        if (answer == DiskAnswer.Full && !_mutation.HeedsFullDisk) answer = DiskAnswer.Done;
        if (change is { Doubtful: true, Plain: false } && answer == DiskAnswer.Done) answer = DiskAnswer.Error;
        if (answer == DiskAnswer.Error && _course is Course.Attached or Course.InQuestion)
        {
            // The kernel has said it to this one: it will say nothing to the others.
            foreach (var other in _inFlight) other.Doubtful |= other.OnDisk && !other.Plain;
            var waits = HasStandIn && change.Link is not null;
            if (waits) _met.Add(change);
            Tell("An operation failed on the local disk.", waits);
            if (waits) return;
            Doubt();
        }

        // Nor does a flush prove anything that begins before it is decided who stands in.
        if (answer == DiskAnswer.Done && !change.Plain && _course == Course.InQuestion && HasStandIn && change.Link is not null) _met.Add(change);
        else if (answer == DiskAnswer.Done) change.LocalDone = true;
        else FailLocally(change);
        Settle();
    }

    /// <summary>The guest is told of an error. The kernel says it once: what was not durable before may never be.</summary>
    private void Doubt()
    {
        _ledger.FlushFailed(_covers);
        _covers.Clear();
        foreach (var change in _inFlight) change.Doubtful |= change.Plain;
    }

    private void Tell(string reason, bool asks)
    {
        if (asks && _course == Course.Attached) _course = Course.InQuestion;
        else if (_world.Now - _toldAt < TellInterval) return;
        _toldAt = _world.Now;
        _node.Input(new MachineInput.DiskFailed(reason));
    }

    private void LookForHang(SimulatedChange change)
    {
        if (!change.OnDisk || _hangs || _course is Course.Detached or Course.GivenUp) return;
        _hangs = true;
        _toldAt = -TellInterval;
        var asks = HasStandIn;
        Tell("The local disk has not answered.", asks);
        if (asks) return;
        _course = Course.GivenUp;
        GiveUp();
        Settle();
    }

    /// <summary>The intent log cannot be written any more.</summary>
    public void LogFailed()
    {
        if (_course is Course.Detached or Course.GivenUp) return;
        if (HasStandIn) Tell("The intent log cannot be written.", true);
        else _node.Input(new MachineInput.StorageFailed("The intent log cannot be written."));
    }

    /// <summary>The machine says that nobody stands in.</summary>
    public void KeepDisk()
    {
        if (_course == Course.InQuestion) _course = _hangs ? Course.GivenUp : Course.Attached;
        if (_course == Course.GivenUp) GiveUp();
        if (_log.Failed) _node.Input(new MachineInput.StorageFailed("The intent log cannot be written."));
        var met = _met.ToArray();
        _met.Clear();
        if (met.Length > 0) Doubt();
        foreach (var change in met) FailLocally(change);
        Settle();
    }

    /// <summary>The machine asks the peer to stand in.</summary>
    public void Detach(SimulatedLink link)
    {
        if (_link == link) link.ToTarget(() => link.Target.Driver.Target.ReceiveDetached(link));
    }

    /// <summary>The standby has recorded that it alone is up to date.</summary>
    public void DetachAccepted(SimulatedLink link)
    {
        if (_link != link) return;
        _course = Course.Detached;
        _met.Clear();
        if (_world.Tracing) _world.Note($"{_node.Name} serves through its peer");
        _ledger.Detached(_node);
        foreach (var change in _inFlight) if (!change.LocalDone) WithoutDisk(change);
        _node.Input(new MachineInput.DetachAccepted(link.Id));
        Settle();
    }

    private void WithoutDisk(SimulatedChange change)
    {
        (change.OnDisk, change.LocalDone) = (false, true);
        if (change.Link is not null) return;
        change.Failed = true;
        if (!change.IsFlush) _unknown.Add(change.Block);
    }

    private void GiveUp()
    {
        foreach (var change in _inFlight) if (!change.LocalDone) FailLocally(change);
    }

    /// <summary>The error of the disk is the answer. What the peer took of it is marked, and the link ends for it.</summary>
    private void FailLocally(SimulatedChange change)
    {
        (change.OnDisk, change.LocalDone, change.Failed) = (false, true, true);
        if (change.IsFlush) return;
        Marks.Add(change.Block);
        _unknown.Add(change.Block);
        if (_link is not { } link) return;
        _differs.Add(change.Block);
        _node.After(1, () =>
        {
            if (_link == link) _node.Driver.EndLink("the disk here refused a write that the peer has taken");
        });
    }

    /// <summary>The guest reads: it must find what it wrote.</summary>
    public void Read()
    {
        if (!_writable || _course == Course.GivenUp || (_course != Course.Detached && _node.Disk.Wait > 0)) return;
        if (_course == Course.Detached && _mutation.ReadsThroughPeer)
        {
            ReadFromPeer();
            return;
        }

        if (_course != Course.Detached && _node.Disk.Read() != DiskAnswer.Done)
        {
            Tell("A read failed on the local disk.", HasStandIn);
            return;
        }

        for (var block = 0; block < SimulatedReplica.BlockCount; block++)
            if (_node.Replica[block] != _expected[block] && !_unknown.Contains(block) && !IsChanging(block))
                Misread(block, _node.Replica[block], _expected[block]);
    }

    private void ReadFromPeer()
    {
        if (!Committed) return;
        var link = _link!;
        BlockContent?[] expected = [.. Enumerable.Range(0, SimulatedReplica.BlockCount).Select(Expected)];
        link.ToTarget(() => link.Target.Driver.Target.ReceiveRead(link, read =>
        {
            for (var block = 0; block < read.Length; block++)
                if (expected[block] is { } wanted && read[block] != wanted) Misread(block, read[block], wanted);
        }));
    }

    private void Misread(int block, BlockContent found, BlockContent wanted) =>
        _world.Violate($"the guest of {_node.Name} read block {block} as {found} though it had written {wanted} (G2)");
}
