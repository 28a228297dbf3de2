// The face of a module's data path: mounts, gates, and both ends of a link.
// Invariants: what is asked for is done in the order in which it was asked, whoever's thread does it; changes are let in only
// after a target session, if there was one, has applied all that it received.
using HaMirror.Io.Crashes;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

/// <summary>The data path of a module. Every method may be called from any thread; what returns no task returns at once.</summary>
public sealed partial class MirrorStorage : IAsyncDisposable, IDisposable
{
    private const int DirectoryFlags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;

    /// <summary>How long a target waits for the intent log: as long as a resync waits for a slow disk.</summary>
    private static readonly TimeSpan RecordPatience = TimeSpan.FromSeconds(20);

    private MirrorStorageOptions _options;
    private readonly IStorageEvents _events;
    private readonly Lock _gate = new();
    private readonly MarkSet _marks = new();
    private readonly List<MountPoint> _mounts = [];
    private long? _resyncLimit;
    private ResyncSummary? _lastResync;
    private VerifyStatus? _lastVerification;
    private Task _tail = Task.CompletedTask;
    private Pump? _pump;
    private TargetSession? _target;
    private IReadOnlyList<FileMarks> _targetMarks = [];
    private SalvageCompletion? _completion;
    private bool _accepted; // The replica is equal, and its salvage set is still being made whole.

    public MirrorStorage(MirrorStorageOptions options, IStorageEvents events)
    {
        (_options, _events) = (options, events);
        _wasHeld = Held is not null;
        MarksUnknown = options.Marks.Load(_marks);
        if (MarksUnknown is { } reason)
            options.Log.MarksUnknown(options.Module, reason);
        _restStatus = Rest();
        _resyncLimit = options.Replication.ResyncBandwidth;
        LastResync = options.SummaryFile is { } file ? ResyncSummary.Load(file) : null;
    }

    /// <summary>While nothing is mounted: what the marks were when that began. They belong to the pump otherwise.</summary>
    private StorageStatus _restStatus;

    private StorageStatus Rest() => StorageStatus.None with { MarkCount = _marks.Count, DirtyBytes = _marks.Bytes };

    /// <summary>Why the marks or the intent log could not be read: everything must be compared. Null: they were, or there were
    /// none.</summary>
    public string? MarksUnknown { get; private set; }

    /// <summary>The marks hold all that may differ, after a crash too: marks were kept here, and all of them could be read.</summary>
    public bool AreMarksComplete => MarksUnknown is null && _options.Marks.IsKnown;

    /// <summary>A snapshot; see <see cref="StorageStatus"/>.</summary>
    public StorageStatus Status => _pump?.Status ?? Volatile.Read(ref _restStatus);

    /// <summary>How far the resync is that makes this replica equal; null: this node is no target, or is equal.</summary>
    public ResyncStatus? TargetResync => _target?.Progress;

    /// <summary>How the last resync went for which this node was the source; null: none is known.</summary>
    public ResyncSummary? LastResync
    {
        get => Volatile.Read(ref _lastResync);
        private set => Volatile.Write(ref _lastResync, value);
    }

    /// <summary>The directories beneath the mounts, or by their paths when nothing is mounted, and the marks.</summary>
    /// <exception cref="IOException">A directory cannot be opened, or the disk does not answer; the message is a sentence.</exception>
    public Task<ReplicaView> LookAsync() => InOrderAsync(async () =>
    {
        if (Held is { } held)
            throw new IOException(held);
        var directories = _options.Replication.Directories;
        if (_pump is not { } pump)
            return await DiskCall.RunAsync(
                () => new ReplicaView(directories, root => Shim.Open(Shim.CurrentDirectory, directories[root].Path, DirectoryFlags, 0), _marks.Copy()),
                CheckTime, late => late.Dispose(), Unanswered).ConfigureAwait(false);
        var marks = new TaskCompletionSource<IReadOnlyDictionary<FileKey, FileMark>>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() => marks.TrySetResult(_marks.Copy()));
        var mounts = _mounts.ToArray();
        try
        {
            var copy = await marks.Task.WaitAsync(CheckTime).ConfigureAwait(false);
            return new ReplicaView(directories, root => Shim.Reopen(mounts[root].Descriptor, DirectoryFlags), copy);
        }
        catch (TimeoutException)
        {
            throw new IOException(Unanswered);
        }
    });

    private string Unanswered => $"The data path of module {_options.Module} has not answered for {CheckTime.TotalSeconds:0.#} s: a disk of this node hangs. Look for "
        + "the cause in the kernel's log (dmesg), then ask again.";

    /// <summary>The verification that runs, or the last one since the agent's start; null: there was none.</summary>
    public VerifyStatus? Verification => _pump?.Verification.Status ?? Volatile.Read(ref _lastVerification);

    /// <summary>Begins to compare both replicas.</summary>
    /// <param name="repairs">What differs is made equal to this node's.</param>
    /// <param name="ended">Told how it ended, on a thread that must not be kept.</param>
    /// <returns>Null, or why it cannot, as a sentence.</returns>
    public Task<string?> VerifyAsync(bool repairs, Action<VerifyStatus>? ended = null) => InOrderAsync(async () =>
    {
        if (_pump is not { } pump)
            return "The module does not run here.";
        var asked = 0;
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() =>
        {
            if (Interlocked.Exchange(ref asked, 1) == 0)
                answer.SetResult(pump.BeginVerify(repairs, ended));
        });
        try
        {
            return await answer.Task.WaitAsync(CheckTime).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing is begun that nobody waits for.
            return Interlocked.Exchange(ref asked, 1) == 0 ? Unanswered : await answer.Task.ConfigureAwait(false);
        }
    });

    /// <summary>Ends a verification early; what it has found stays marked.</summary>
    /// <param name="reason">A sentence.</param>
    public void StopVerify(string reason) => Enqueue(() => _pump?.Post(() => _pump.Verification.Stop(reason)));

    /// <summary>Another cap for resyncs of this replica, the running one included, in bytes a second; null: none.</summary>
    public void LimitResync(long? bytesPerSecond) => Enqueue(() =>
    {
        _resyncLimit = bytesPerSecond;
        _pump?.Post(() => _pump.LimitResync(bytesPerSecond));
    });

    /// <summary>Other time-outs for the disk and for links, the running ones included; nothing else is taken.</summary>
    public void ChangePatience(ReplicationConfiguration patience) => Enqueue(() =>
    {
        var changed = _options = _options.With(patience);
        _target?.ChangePatience(changed.Replication.LockTimeout);
        _pump?.Post(() => _pump.ChangePatience(changed));
    });

    /// <summary>When the pump last ended a round, in ms of <see cref="Environment.TickCount64"/>; it does so four times a
    /// second when idle. Null: it does not run.</summary>
    public long? PumpHeartbeat => _pump?.Heartbeat;

    /// <summary>Holds every change, acknowledges none.</summary>
    public void Freeze() => Enqueue(() => _pump?.Post(_pump.Freeze));

    /// <summary>Goes on without the peer, after a generation was opened.</summary>
    public void Thaw() => Enqueue(() => _pump?.Post(_pump.Thaw));

    /// <summary>The new generation is durable in the record: what waited for it may go.</summary>
    public void OpenGeneration(GenerationId current)
    {
        _ = current; // the record keeps it; here it only matters that there is one
        Enqueue(() => _pump?.Post(_pump.OpenGeneration));
    }

    /// <summary>Closes to changes and waits until everything is durable here and at a linked peer.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public Task<string?> DrainAsync() => EnqueueAsync(() =>
    {
        if (_pump is not { } pump)
            return Task.FromResult<string?>(null);
        var done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() => pump.Drain(done));
        return DrainedAsync(pump, done.Task);
    });

    private async Task<string?> DrainedAsync(Pump pump, Task<string?> done)
    {
        while (await Task.WhenAny(done, Task.Delay(LookInterval)).ConfigureAwait(false) != done)
            if (Environment.TickCount64 - pump.Heartbeat > CheckTime.TotalMilliseconds)
                return Unanswered;
        return await done.ConfigureAwait(false);
    }

    /// <summary>Takes a link over; <see cref="IStorageEvents.LinkUp"/> and, some day, LinkDown follow.</summary>
    public void Attach(PeerLink link) => Enqueue(() =>
    {
        if (_pump is not { } pump)
        {
            const string reason = "The module is not mounted.";
            link.Close(reason);
            _events.LinkDown(link.Number, reason);
        }
        else if (link.IsSource)
        {
            pump.Post(() => pump.Attach(link));
        }
        else
        {
            AttachTarget(pump, link);
        }
    });

    /// <summary>Target: begins to apply, as soon as what is to be kept can be.</summary>
    public void BeginTarget(long link, ResyncPlan plan, Preserving? keeps = null) => WithTarget(link, target =>
    {
        try
        {
            Begin(target, plan, keeps ?? Preserving.Nothing);
        }
        catch (IOException failure)
        {
            target.Cut($"What only this node holds since the nodes diverged cannot be saved, so nothing is copied over it: {failure.Message}");
        }
    });

    /// <summary>Source: from now on losing the peer freezes; tells the target that it is equal.</summary>
    public void Offer(long link, GenerationId generation) => Enqueue(() => _pump?.Post(() => _pump.Offer(link, generation)));

    /// <summary>Target: the offer is durable in the record. What was marked here is settled.</summary>
    public void AcceptOffer(long link) => WithTarget(link, target =>
    {
        if (_pump is { } pump)
            pump.Post(() =>
            {
                _marks.Clear();
                pump.Intents?.Equalled();
            });
        DropComparison();
        target.AcceptOffer(() => Accepted(target));
    });

    /// <summary>Source, drained: tells the target to go on.</summary>
    public void SendHandover(long link, bool swap) =>
        Enqueue(() => _pump?.Post(() => _pump.WithLink(link, source => source.SendHandover(swap))));

    /// <summary>Target: asks the source to exchange roles.</summary>
    public void SendSwapRequest(long link) => WithTarget(link, target => target.SendSwapRequest());

    /// <summary>Source: asks the target to stand in for the disk of this node, which failed.</summary>
    public void Detach(long link) => Enqueue(() => _pump?.Post(() => _pump.Detach(link)));

    /// <summary>Source: what met the failed disk gets its error.</summary>
    public void KeepDisk() => Enqueue(() => _pump?.Post(_pump.KeepDisk));

    /// <summary>Target: it is durable in the record that this replica alone is up to date.</summary>
    public void AcceptDetach(long link) => WithTarget(link, target => target.AcceptDetach());

    /// <summary>Tries the disk under every mounted directory.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public Task<string?> ProbeAsync()
    {
        lock (_gate)
            return DiskProbe.TryAsync([.. _mounts.Select(mount => (mount.Path, mount.Descriptor))], _options.Replication.CheckTime);
    }

    /// <summary>Ends a link; the peer is told why.</summary>
    public void CutLink(long link, string reason) => Enqueue(() =>
    {
        if (_target?.Link == link)
            _target.Cut(reason);
        else
            _pump?.Post(() => _pump.WithLink(link, _ => _pump.EndLink(reason)));
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => _ = await UnmountAsync(force: true).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Dispose() => UnmountAsync(force: true).GetAwaiter().GetResult();

    private void Enqueue(Action action)
    {
        lock (_gate)
            _tail = _tail.ContinueWith(
                _ => Work(action), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private Task<string?> EnqueueAsync(Func<string?> action) => EnqueueAsync(() => Task.FromResult(action()));

    /// <summary>What follows does not wait for the task that <paramref name="action"/> returns: a drain is followed by the
    /// thaw that lets it end.</summary>
    private Task<string?> EnqueueAsync(Func<Task<string?>> action)
    {
        lock (_gate)
        {
            var task = _tail.ContinueWith(
                _ => Work(action), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _tail = task;
            return task.Unwrap();
        }
    }

    private Task<T> InOrderAsync<T>(Func<Task<T>> action)
    {
        lock (_gate)
        {
            var task = _tail.ContinueWith(
                _ => action(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            _tail = task;
            return task;
        }
    }

    /// <summary>On the pump's thread, which does not wait for the disk.</summary>
    private void Ended(ResyncSummary summary)
    {
        LastResync = summary;
        if (_options.SummaryFile is { } file)
            Enqueue(() => Keep(summary, file));
    }

    private void Keep(ResyncSummary summary, string file)
    {
        try
        {
            summary.Save(file);
        }
        catch (IOException failure)
        {
            _options.Log.SummaryNotKept(_options.Module, failure.Message);
        }
    }

    private void WithTarget(long link, Action<TargetSession> action) => Enqueue(() =>
    {
        if (_target is { } target && target.Link == link)
            action(target);
    });

    private void EndTarget()
    {
        _completion?.Dispose();
        _completion = null;
        _target?.Dispose();
        _target = null;
        if (_accepted)
            SettleKept();
        _accepted = false;
    }

    private void SettleKept()
    {
        try
        {
            _options.Preimages?.Settle();
        }
        catch (IOException failure)
        {
            _events.Told($"The salvage set could not be put away: {failure.Message} It is done at the next start.");
        }
    }

    private void AttachTarget(Pump pump, PeerLink link)
    {
        if (_target is { } before && !before.TryEnd(before.IsStuck ? TimeSpan.Zero : _options.Replication.CheckTime))
        {
            RefuseTarget(link, "The disk of this node still has not answered to what an earlier link sent. Look for its cause in the kernel's log "
                + "(dmesg) and repair or replace it; the link is tried again by itself once it answers.");
            return;
        }
        EndTarget();
        if (TrustNoPages() is { } hindrance)
        {
            RefuseTarget(link, hindrance);
            return;
        }
        var done = new TaskCompletionSource<List<FileMarks>>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() =>
        {
            try
            {
                pump.EndLink("This node becomes a target.");
                pump.ForgetResync();
                MarkUnproven(pump);
                done.SetResult(MarkPaths.Collect(_marks, pump.Roots));
            }
            catch (IOException failure)
            {
                done.SetException(failure);
            }
        });
        try
        {
            if (Task.WaitAny([done.Task], _options.Replication.CheckTime) < 0)
            {
                RefuseTarget(link, "The disk of this node does not let its data path go. Look for its cause in the kernel's log (dmesg) and repair or "
                    + "replace it; the link is tried again by itself.");
                return;
            }
            var marks = done.Task.GetAwaiter().GetResult();
            _targetMarks = marks;
            var settings = new TargetSettings(
                [.. TargetRoots()], _options.Replication.Ack, _options.Replication.LockTimeout, [.. marks])
            {
                CheckTime = _options.Replication.CheckTime,
                Proof = _options.Proof,
                Missing = files => Record(pump, files),
            };
            _target = new TargetSession(link, settings, _events, _options.Log);
        }
        catch (IOException failure)
        {
            link.Close(failure.Message);
            _events.LinkDown(link.Number, failure.Message);
        }
    }

    private void RefuseTarget(PeerLink link, string reason)
    {
        link.Close(reason);
        _events.TargetFailed(link.Number, reason);
        _events.LinkDown(link.Number, reason);
    }

    private List<TargetRoot> TargetRoots() =>
        [.. _mounts.Zip(_options.Replication.Directories, (mount, directory) =>
            new TargetRoot(mount.Descriptor, mount.Path, new ReplicationFilter(directory)))];

    /// <summary>Content is missing here: dirty from now on, and on stable storage when this returns. On the target's thread.</summary>
    private string? Record(Pump pump, IReadOnlyList<FileMarks> files)
    {
        var done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() =>
        {
            foreach (var file in files)
                _marks.Mark(new FileKey(file.Root, file.Inode), FileMark.Of(file));
            if (pump.Intents is { } intents)
                intents.Record(files, done.SetResult);
            else
                done.SetResult(null);
        });
        return done.Task.Wait(RecordPatience)
            ? done.Task.Result
            : $"The intent log took nothing for {RecordPatience.TotalSeconds:0} s; the disk that holds it hangs or is broken.";
    }
}
