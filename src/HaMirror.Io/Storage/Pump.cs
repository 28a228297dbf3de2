// The thread of a module that owns its mounts, the source half of a link, the marks and a running resync.
// Invariant: nothing here is locked because nothing here is shared: others post closures and wake the poll. Only Status and
// Heartbeat are read from outside.
using HaMirror.Io.Crashes;
using System.Collections.Concurrent;
using HaMirror.Core.Configuration;
using HaMirror.Core.Extents;
using HaMirror.Core.Machine;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Replication;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

/// <summary>The pump of a module.</summary>
internal sealed unsafe partial class Pump : ISourceOwner, IResyncHost, IDisposable
{
    /// <summary>In <see cref="NativeIo.User"/>: a resync's read, not a slot.</summary>
    private const ulong ResyncUser = 1 << 16;

    /// <summary>Requests received before the first of them is worked on.</summary>
    private const int ReceiveMax = 64;

    /// <summary>Descriptors beside the mounts': wake, ring, data, control.</summary>
    private const int OtherPolls = 4;

    /// <summary>How long a resync yields after a guest's last read or write: one that waits for each has none under way while it computes.</summary>
    private const long GuestActiveMs = 20;

    private const int IdlePollMs = 250;
    private const int LinkedPollMs = 100;
    private const int ResyncPollMs = 5;
    private const long StatusIntervalMs = 200;

    private MirrorStorageOptions _options;
    private readonly IStorageEvents _events;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly WakeEvent _wake = new();
    private readonly SlotTable _slots = new();
    private readonly LocalDisk _disk = new();
    private readonly ResyncReads _reads;
    private readonly Verification _verification;
    private readonly List<MountPoint> _mounts;
    private readonly List<ResyncRoot> _roots = [];
    private readonly PageBlock _memory;
    private readonly RequestFlow _flow;
    private readonly DrainWatch _drain;
    private readonly SourceFlush _sourceFlush;
    private readonly InLineWatch _inLine;
    private readonly Action<int, long> _readDone;
    private SourceLink? _source;
    private string? _sourceFailure;
    private long _statusAt;
    private long _looked;
    private bool _stop;
    private long? _resyncLimit;
    private readonly ResyncMemory _memoryOfResync = new();

    /// <param name="ring">The intent log, just begun; null: none is kept. The pump disposes of it.</param>
    public Pump(MirrorStorageOptions options, IStorageEvents events, List<MountPoint> mounts, MarkSet marks, IntentRing? ring)
    {
        (_options, _events, _mounts, Marks) = (options, events, mounts, marks);
        _reads = new ResyncReads(options.Replication.ResyncStreams);
        _verification = new Verification(options, this, marks, _reads);
        foreach (var mount in mounts)
        {
            _roots.Add(new ResyncRoot(mount.Descriptor, mount.IsReplicated));
            mount.System.Nodes.Dropped = node => _source?.Unbind(node);
        }
        _memory = new PageBlock(ReceiveMax * sizeof(NativeRequest) + (mounts.Count + OtherPolls) * sizeof(NativePoll));
        Gates = new ChangeGates(events);
        _inLine = new InLineWatch(Succeed);
        _flow = new RequestFlow(_slots, _disk, Gates, marks, _reads, _inLine, events, options.Log) { Proof = options.Proof };
        _readDone = _flow.ReadAnswered;
        _drain = new DrainWatch(mounts, options, Post);
        _sourceFlush = new SourceFlush(mounts, options.Proof, Post);
        OpenIntents(ring);
        _verification.Record = files => Intents?.Record(files, KeepRecorded);
    }

    /// <summary>Told of each resync that ends well.</summary>
    public Action<ResyncSummary>? Ended { get; init; }

    public MarkSet Marks { get; }

    public ChangeGates Gates { get; }

    public IReadOnlyList<ResyncRoot> Roots => _roots;

    public bool IsBusy => _flow.ChangeCount > 0;

    public bool IsGuestActive => Environment.TickCount64 - _flow.LastDataRequest < GuestActiveMs;

    /// <summary>Any thread.</summary>
    public StorageStatus Status { get; private set; } = StorageStatus.None;

    /// <summary>When a round last ended, in ms of <see cref="Environment.TickCount64"/>. Any thread.</summary>
    public long Heartbeat => Volatile.Read(ref _heartbeat);

    private long _heartbeat = Environment.TickCount64;

    private NativePoll* Polls => (NativePoll*)(_memory.Address + ReceiveMax * sizeof(NativeRequest));

    public void Start() => Begin();

    /// <summary>Has the pump's thread do something. Any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        _wake.Set();
    }

    // ---- what is posted to the pump ----

    public void SetWritable(bool writable)
    {
        Gates.SetWritable(writable);
        if (writable)
            Crash.At(CrashPoint.MadeWritable);
        foreach (var mount in _mounts)
            mount.SetWritable(writable);
        if (!writable)
            _flow.FailChanges();
    }

    public void Freeze()
    {
        if (!Gates.IsFrozen)
            _options.Log.Frozen(_options.Module);
        Gates.Freeze();
        Crash.At(CrashPoint.Frozen);
    }

    public void Thaw()
    {
        Crash.At(CrashPoint.Thawed);
        Gates.Thaw();
        _flow.SettleOrphans();
    }

    public void OpenGeneration()
    {
        Crash.At(CrashPoint.GenerationOpened);
        Gates.OpenGeneration();
        _flow.SettleOrphans();
    }

    public void Drain(TaskCompletionSource<string?> done)
    {
        _verification.Stop("The service of this node ends.");
        foreach (var mount in _mounts)
            mount.SetWritable(false);
        _drain.Begin(done);
    }

    public void Attach(PeerLink link)
    {
        EndLink("It was replaced by another link.");
        _source = _flow.Source = new SourceLink(link, _options.Replication, Marks, this);
        _intents?.Source = _source;
        _events.LinkUp(link.Number, true, link.Peer);
    }

    public void BeginSource(long number, ResyncPlan plan) => WithLink(number, source =>
    {
        source.Begin(plan, new ResyncSource(
            source, plan, Marks, this, _options.Replication.ResyncStreams, _resyncLimit, _memoryOfResync));
        _options.Log.Attached(_options.Module, number, plan, Marks.Count);
    });

    /// <summary>Does something with the link of that number, if it is still the one.</summary>
    public void WithLink(long number, Action<SourceLink> action)
    {
        if (_source is { } source && source.Number == number)
            action(source);
    }

    public void Offer(long number, Core.Generations.GenerationId generation) => WithLink(number, source =>
    {
        source.Offer(generation);
        // What comes after the peer is lost belongs to a history of its own.
        Gates.CloseGeneration();
    });

    /// <summary>Ends the link, if there is one.</summary>
    public void EndLink(string reason)
    {
        if (_source is not { } source)
            return;
        _source = null;
        _intents?.Source = null;
        _sourceFailure = null;
        // Before anybody can ask: a peer that was told it is equal may take over at any time from now on.
        if (source.IsCommitted && Gates.IsWritable)
            Freeze();
        Marks.LinkEnded();
        _flow.LinkLost(source.IsCommitted && Gates.IsWritable);
        _disk.Submit();
        if (source.Resync is { } resync)
        {
            _memoryOfResync.BrokenOff(resync.Progress);
            resync.Dispose();
        }
        _verification.LinkLost(source, $"The link was lost: {reason}");
        _reads.Reset();
        source.Close(reason);
        source.Dispose();
        _options.Log.LinkEnded(source.Number, _options.Module, reason);
        _drain.LinkLost(Gates.IsFrozen);
        _events.LinkDown(source.Number, reason, source.Owing);
    }

    // ---- ISourceOwner ----

    void ISourceOwner.Acknowledged(int slot) => _flow.Acknowledged(slot);

    void ISourceOwner.Flushed(ulong sequence)
    {
        _flow.Flushed(sequence);
        _drain.Flushed(sequence);
    }

    void ISourceOwner.PayloadTaken(int owner)
    {
        if (owner < SlotTable.Count)
            _flow.PayloadTaken(owner);
        else
            _reads.Release(owner - SlotTable.Count);
    }

    bool ISourceOwner.IsGuestWaiting => _flow.ChangeCount > 0;

    void ISourceOwner.OfferAccepted(long link)
    {
        _memoryOfResync.Forget();
        _events.OfferAccepted(link);
    }

    void ISourceOwner.SwapRequested(long link) => _events.SwapRequested(link);

    // ---- the thread ----

    public void Dispose()
    {
        _inLine.Dispose();
        _disk.Dispose();
        _intents?.Dispose();
        _slots.Dispose();
        _reads.Dispose();
        _memory.Dispose();
        _wake.Dispose();
        _ended.Dispose();
    }

    private void Run()
    {
        while (!_stop)
        {
            try
            {
                Round();
            }
            catch (PumpLeftException left)
            {
                // This thread is the pump no more: what its disk said in the end is for the one that is.
                Post(() => _flow.InLineDone(left.Slot, left.Ticket, left.Result));
                return;
            }
            catch (Exception failure)
            {
                _options.Log.PumpFailed(_options.Module, failure.Message, failure);
                _events.StorageFailed($"The data path of module {_options.Module} failed: {failure.Message}");
                // Nobody knows what was half-done: nothing may be acknowledged any more, and nobody may wait for ever.
                foreach (var mount in _mounts)
                    _ = mount.Unmount(abort: true);
                Serve();
            }
        }
        End();
    }

    /// <summary>After a failure: only what is posted is still done, so that the module can be stopped.</summary>
    private void Serve()
    {
        while (!_stop)
        {
            var entry = new NativePoll { Descriptor = _wake.Descriptor, Events = NativePoll.In };
            _ = Shim.Poll(&entry, 1, IdlePollMs);
            try
            {
                RunPosted();
            }
            catch (Exception failure)
            {
                // The other modules of this agent live on.
                _options.Log.PumpFailed(_options.Module, failure.Message, failure);
            }
        }
    }

    private void Round()
    {
        Poll();
        if (Polls[0].Happened != 0)
            RunPosted();
        for (var index = 0; index < _mounts.Count; index++)
            if (Polls[OtherPolls + index].Happened != 0)
                Receive(_mounts[index]);
        _flow.RetryHeld();
        _intents?.Commit();
        if (_flow.IsDiskLonger)
        {
            _flow.StartDisk();
            _disk.Submit();
        }
        Exchange(Polls[3].Happened != 0);
        _flow.StartDisk();
        _disk.Submit();
        Harvest();
        _flow.RetryHeld();
        _intents?.Commit();
        Exchange(false); // what goes to the disk in line was sent before, so that both disks work at once
        _flow.StartDisk();
        var now = Environment.TickCount64;
        Turn(now);
        Exchange(false);
        _disk.Submit();
        foreach (var mount in _mounts)
            if (mount.HasAnswers)
                _flow.SendAnswers(mount);
        Tick(now);
        Volatile.Write(ref _heartbeat, now);
    }

    private void Poll()
    {
        var polls = Polls;
        var source = _source;
        polls[0] = new NativePoll { Descriptor = _wake.Descriptor, Events = NativePoll.In };
        polls[1] = new NativePoll { Descriptor = _disk.InFlight > 0 ? _disk.Descriptor : -1, Events = NativePoll.In };
        polls[2] = new NativePoll
        {
            Descriptor = source?.DataDescriptor ?? -1, Events = (short)((source is { WaitsToSend: true } ? NativePoll.Out : 0) | (source is { Reads.Owed: > 0 } ? NativePoll.In : 0)),
        };
        polls[3] = new NativePoll
        {
            Descriptor = source?.ControlDescriptor ?? -1,
            Events = source is { WaitsToSendControl: true } ? (short)(NativePoll.In | NativePoll.Out) : NativePoll.In,
        };
        for (var index = 0; index < _mounts.Count; index++)
            polls[OtherPolls + index] = new NativePoll
            {
                Descriptor = _slots.FreeCount > 0 ? _mounts[index].Device : -1, Events = NativePoll.In,
            };
        var timeout = _flow.IsRetryDue ? 0
            : source is null ? IdlePollMs
            : source.HasPending ? 0
            : source.Verify is { HasWork: true } || source.Resync is { HasWork: true } ? 0
            : source is { Resync: null, Verify: null } ? LinkedPollMs
            : ResyncPollMs;
        var ready = Shim.Poll(polls, OtherPolls + _mounts.Count, timeout);
        _looked = Environment.TickCount64;
        if (ready < 0)
            throw new IOException($"poll failed: {Errno.Describe(ready)}.");
        if (source is { HasPending: true })
            polls[3].Happened |= NativePoll.In;
        if (source is { Reads.Owed: > 0 } && ((polls[2].Happened & NativePoll.In) != 0 || source.Reads.HasPending))
            _sourceFailure ??= source.Reads.Receive(_flow.RoomOf, _readDone);
        if (source is not null && (polls[2].Happened & (NativePoll.Error | NativePoll.HangUp)) != 0)
            _sourceFailure ??= $"The data connection to {source.PeerName} broke.";
        if (ready != 0 || _slots.ActiveCount > 0)
            return;
        _slots.Shrink();
        Marks.Shrink();
    }

    private void RunPosted()
    {
        _wake.Clear();
        while (_posted.TryDequeue(out var action))
            action();
        _statusAt = 0; // what was asked for shows with this round's status
    }

    private void Receive(MountPoint mount)
    {
        if (mount.Device < 0)
            return;
        var requests = (NativeRequest*)_memory.Address;
        var wanted = Math.Min(ReceiveMax, _slots.FreeCount);
        for (var index = 0; index < wanted; index++)
        {
            ref var request = ref _slots.PeekFree(index).Request;
            requests[index] = new NativeRequest { Header = request.Header, Data = request.Data, DataCapacity = request.DataCapacity };
        }
        var count = Shim.FuseReceive(mount.Device, requests, wanted);
        if (count < 0)
        {
            mount.Gone();
            if (!mount.IsLeaving)
                _events.MountLost($"The mount over {mount.Path} was taken away ({Errno.Describe(count)}).");
            return;
        }
        Span<int> taken = stackalloc int[ReceiveMax];
        for (var index = 0; index < count; index++)
        {
            var slot = _slots.PeekFree(index);
            slot.Mount = mount;
            slot.Request.Length = requests[index].Length;
            taken[index] = slot.Index;
        }
        _slots.Take(count);
        foreach (var index in taken[..count])
            _flow.Begin(_slots[index]);
    }

    /// <summary>Sends what waits; takes what the peer has said when there is something.</summary>
    private void Exchange(bool receive)
    {
        if (_source is { } source && (_sourceFailure ??= source.Exchange(receive)) is { } reason)
            EndLink(reason);
    }

    private void ResyncRead(int token, long result)
    {
        if (!_reads.End(token))
            return;
        if (_source?.Resync is { } resync)
            _sourceFailure ??= resync.ReadCompleted(token, _reads.Data(token), result);
        else
            _source?.Verify?.ReadCompleted(token, _reads.Data(token), result);
    }

    /// <summary>The resync's turn.</summary>
    private void Turn(long now)
    {
        _flow.ForgetWish();
        _verification.Turn(_source, now);
        if (_source is not { Resync: { } resync } source)
            return;
        _sourceFailure ??= resync.Turn(now);
        if (_sourceFailure is not null || resync.Phase != ResyncPhase.Ended || !_sourceFlush.IsDone(source.Number, ref _sourceFailure))
            return;
        Crash.At(CrashPoint.ResyncEnded);
        source.EndResync();
        _reads.Reset();
        _options.Log.ResyncEnded(
            _options.Module, resync.Progress.Directories, resync.Progress.BytesDone, resync.Progress.BytesSent);
        Ended?.Invoke(resync.Summary);
        _events.ResyncEnded(source.Number);
    }

    private void Tick(long now)
    {
        // A link that has ended meanwhile leaves the marks; its difference is no fault of the next one.
        if (_source is not null)
            _sourceFailure ??= _flow.Difference;
        _flow.Difference = null;
        if (_source is { } source && (_sourceFailure ??= source.Tick(now, _looked)) is { } reason)
            EndLink(reason);
        _drain.Tick(_flow, _source, Gates.IsFrozen);
        _intents?.Tick(now, _options.DiskPatience);
        if (now - _statusAt < StatusIntervalMs)
            return;
        _statusAt = now;
        _flow.LookForHang(now, _options.DiskPatience);
        Status = new StorageStatus(
            _mounts.TrueForAll(mount => mount.Device >= 0), _mounts.TrueForAll(mount => mount.System.Writable), Gates.IsFrozen, Marks.Count, Marks.Bytes,
            _flow.HeldCount + _flow.OrphanCount, _slots.ActiveCount, _source?.Number, _source is { IsCommitted: true },
            _source?.Window.Bytes ?? 0, _source?.Resync?.Status)
        {
            Note = _intents?.Note, AnsweredRequests = _flow.AnsweredCount, AnsweredWrites = _flow.WriteCount, WrittenBytes = _flow.WrittenBytes,
            Kernel = _mounts.Count > 0 ? _mounts[0].System.Agreement : null, PassedFiles = _mounts.Sum(mount => mount.System.PassedCount),
        };
    }
}
