// Mounting and its end, neither of which waits for a disk for ever.
// Invariants: (1) whoever asks for either has an answer within about checktime; (2) what had not come back by then keeps these places
// held (HeldPlaces): nothing is mounted there again in this process until it has ended, and its end is heard in the order of all else;
// (3) what was given up before it began is not begun, but for an end.
using HaMirror.Core.Configuration;
using HaMirror.Io.Crashes;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Records;

namespace HaMirror.Io.Storage;

public sealed partial class MirrorStorage
{
    /// <summary>Of checktime. After a crash a mount first flushes what a dead process had written.</summary>
    private const int MountForbearance = 6;

    /// <summary>Of checktime: more than anything else takes that is done one after the other here and does not depend on how much there is.</summary>
    private const int WorkForbearance = 3;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private MountEnd? _ending;
    private Task<string?>? _mounting;
    private bool _wasHeld;
    private long _workSince; // When what is being done now began; 0: nothing is.
    private volatile int _workForbearance; // How long it may take, in checktimes.

    private TimeSpan CheckTime => _options.Replication.CheckTime;

    private IEnumerable<string> Places => _options.Replication.Directories.Select(directory => directory.Path).Append(_options.Marks.MarksPath);

    /// <summary>What a disk keeps of an earlier mount here, and what helps, as a sentence; null: nothing. Any thread.</summary>
    public string? Held => HeldPlaces.Find(Places);

    /// <summary>Mounts every directory read-only and starts the pump.</summary>
    /// <returns>Null, or why nothing was mounted, as a sentence.</returns>
    public Task<string?> MountAsync() => InTimeAsync(MountInTime, isEnd: false);

    /// <summary>Ends the links, unmounts, saves the marks. A disk that hangs is waited for as long as <c>checktime</c>; after that the module
    /// is unmounted all the same, and <see cref="Held"/> until the disk has answered.</summary>
    /// <param name="force">Requests that wait are aborted first.</param>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public Task<string?> UnmountAsync(bool force = false) => InTimeAsync(() => Unmount(force), isEnd: true);

    /// <summary>As <see cref="EnqueueAsync(Func{string})"/>, but not behind something that a disk keeps.</summary>
    /// <param name="isEnd">It is done whenever its turn comes.</param>
    private async Task<string?> InTimeAsync(Func<string?> action, bool isEnd)
    {
        var begun = 0;
        var task = EnqueueAsync(() => Interlocked.CompareExchange(ref begun, 1, 0) == 0 || isEnd ? action() : null);
        while (await Task.WhenAny(task, Task.Delay(LookInterval)).ConfigureAwait(false) != task)
        {
            var silence = Volatile.Read(ref _workSince) is not 0 and var since ? Environment.TickCount64 - since : 0;
            if (silence <= CheckTime.TotalMilliseconds * _workForbearance || Interlocked.CompareExchange(ref begun, 2, 0) != 0)
                continue;
            // Whatever it waits for: nobody may be served meanwhile.
            foreach (var directory in _options.Replication.Directories)
                if (Shim.MountKind(directory.Path) == MountPlace.ServedHere)
                    _ = Shim.FuseAbort(directory.Path);
            return $"What was asked of the data path of module {_options.Module} before has not ended for {silence / 1000.0:0.#} s: a disk of this node "
                + "hangs, or is very slow. Look for the cause in the kernel's log (dmesg) and repair or replace it; if it never answers, this host must be "
                + "restarted. The module is not mounted again before that.";
        }
        return await task.ConfigureAwait(false);
    }

    private void Work(Action action) => _ = Work<object?>(() =>
    {
        action();
        return null;
    });

    private T Work<T>(Func<T> action)
    {
        _workForbearance = WorkForbearance;
        Volatile.Write(ref _workSince, Environment.TickCount64);
        try
        {
            return action();
        }
        finally
        {
            Volatile.Write(ref _workSince, 0);
        }
    }

    private string? MountInTime()
    {
        if (Held is { } held)
            return held;
        if (_pump is not null)
            return null;
        if (_wasHeld && Reload() is { } unknown)
            return unknown;
        _workForbearance = MountForbearance + 1;
        var mounting = Task.Factory.StartNew(Mount, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (Task.WaitAny([mounting], CheckTime * MountForbearance) >= 0)
            return mounting.GetAwaiter().GetResult();
        var sentence = $"Module {_options.Module} cannot be mounted: a disk of this node has not answered for {(CheckTime * MountForbearance).TotalSeconds:0.#} s. "
            + "Look for the cause in the kernel's log (dmesg) and repair or replace it, then start the module again; if it never answers, this host must be restarted.";
        HeldPlaces.Hold(Places, sentence);
        _mounting = mounting;
        _ = mounting.ContinueWith(_ => Enqueue(MountedLate), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return sentence;
    }

    /// <summary>A mount that was given up has come after all: it is taken away.</summary>
    private void MountedLate()
    {
        _ = _mounting?.Exception; // That it failed was said.
        _mounting = null;
        HeldPlaces.Release(Places);
        _ = Unmount(force: true);
        TellReleased();
    }

    /// <summary>What was loaded when somebody else's mount was still held here may have changed since.</summary>
    private string? Reload()
    {
        _marks.Clear();
        MarksUnknown = _options.Marks.Load(_marks);
        _wasHeld = MarksUnknown is not null;
        return MarksUnknown is { } reason ? $"{reason} Restart the agent for that (systemctl restart hamirrord)." : null;
    }

    private string? Mount()
    {
        var filters = _options.Replication.Directories.Select(directory => new ReplicationFilter(directory)).ToArray();
        try
        {
            for (var root = 0; root < filters.Length; root++)
            {
                _mounts.Add(MountPlace.Open(root, _options.Replication.Directories[root], filters[root]));
                _mounts[root].System.Uses = _options.Replication.Kernel;
            }
            ProveDisk();
            foreach (var mount in _mounts)
                mount.Mount($"hamirror:{_options.Module}");
            var pump = new Pump(_options, _events, [.. _mounts], _marks, OpenLog()) { Ended = Ended };
            pump.LimitResync(_resyncLimit);
            pump.Start();
            _pump = pump;
            Crash.At(CrashPoint.Mounted);
            foreach (var mount in _mounts)
                _options.Log.Mounted(mount.Path, _options.Module);
            Sweep();
            return null;
        }
        catch (IOException failure)
        {
            foreach (var mount in _mounts)
            {
                _ = mount.Unmount(abort: true);
                mount.Dispose();
            }
            _mounts.Clear();
            return failure.Message;
        }
    }

    /// <summary>What a dead process had written may still be in memory only: to be copied it must be as durable as it looks. And what is
    /// read must be what the disk has.</summary>
    private void ProveDisk()
    {
        if (_options.Marks.HasCrashed)
        {
            foreach (var mount in _mounts)
                Shim.Check(_options.Proof.Heed(Shim.SyncFileSystem(mount.Descriptor)), $"flush {mount.Path}");
            _options.Proof.Succeeds();
        }
        if (_options.Proof.DropPages(out var dropped) is { } hindrance)
            throw new IOException(hindrance);
        if (dropped)
            DropComparison();
    }

    private IntentRing? OpenLog() => _options.WithoutIntentLog ? null : _options.Marks.Open(_marks, _options.Replication.HotAreas);

    private string? Unmount(bool force)
    {
        if (_ending is { Ended.IsCompleted: false } earlier)
            return earlier.Sentence;
        if (Held is { } held && _pump is null)
            return held;
        if (_pump is not { } pump)
            return null;
        foreach (var mount in _mounts)
            mount.IsLeaving = true;
        var end = new MountEnd(_options, pump, _target, _completion, _accepted ? SettleKept : null, [.. _mounts], force);
        (_pump, _target, _completion, _accepted) = (null, null, null, false);
        if (Task.WaitAny([end.Ended], CheckTime) >= 0)
            return Take(end);
        _ending = end;
        Volatile.Write(ref _restStatus, StorageStatus.None with { MarkCount = pump.Status.MarkCount, DirtyBytes = pump.Status.DirtyBytes });
        HeldPlaces.Hold(Places, end.Sentence);
        _mounts.Clear();
        _options.Log.EndHeld(_options.Module, end.Sentence);
        _ = end.Ended.ContinueWith(_ => Enqueue(() => EndedLate(end)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return end.Sentence;
    }

    private string? Take(MountEnd end)
    {
        if (end.IsMounted)
        {
            (_pump, _target, _completion, _accepted) = (end.Pump, end.Target, end.Completion, end.Settles); // It is tried again.
            return end.Ended.GetAwaiter().GetResult();
        }
        _mounts.Clear();
        // A next mount begins its log with the marks in memory: what the log alone knew of must be among them.
        if (end.Content is { } content)
            _ = MarksContent.TryRead(content.Bytes.Span, _marks, out _, out _, out _);
        Volatile.Write(ref _restStatus, Rest());
        Volatile.Write(ref _lastVerification, end.Pump.Verification.Status ?? _lastVerification);
        return end.Ended.GetAwaiter().GetResult();
    }

    private void EndedLate(MountEnd end)
    {
        if (end.IsMounted || end.Ended.IsFaulted)
        {
            var why = end.Ended.Exception?.InnerException?.Message ?? end.Ended.Result;
            HeldPlaces.Hold(Places, $"Module {_options.Module} could not be unmounted: {why} Restart the agent (systemctl restart hamirrord).");
            return;
        }
        _ending = null;
        HeldPlaces.Release(Places);
        if (Take(end) is { } failure)
            _events.Told(failure);
        TellReleased();
    }

    private void TellReleased() => _events.Told(
        $"The disk has answered and holds nothing of module {_options.Module} any more: it can be started here again.");
}
