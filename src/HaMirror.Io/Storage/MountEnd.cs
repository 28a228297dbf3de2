// The end of a module's mounts, on a thread of its own: each of its steps may have to wait for a disk that hangs.
// Invariants: (1) first of all the mounts go, so that nobody is served any more; (2) nothing is given back before no thread and no
// write of the data path is left in the disk; (3) the marks are saved last, by an end that has come so far: until then the marks file
// and the intent log on the disk say whatever may differ, as after a crash.
using HaMirror.Core.Configuration;
using HaMirror.Io.Crashes;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>Ends what <see cref="MirrorStorage"/> had mounted.</summary>
internal sealed class MountEnd
{
    private readonly long _since = Environment.TickCount64;
    private readonly MirrorStorageOptions _options;
    private readonly IReadOnlyList<MountPoint> _mounts;
    private volatile string _at = "";

    /// <param name="settles">Puts away what was kept of the replica, once nobody uses it.</param>
    public MountEnd(
        MirrorStorageOptions options, Pump pump, TargetSession? target, SalvageCompletion? completion, Action? settles,
        IReadOnlyList<MountPoint> mounts, bool force)
    {
        (_options, Pump, Target, Completion, Settles, _mounts) = (options, pump, target, completion, settles is not null, mounts);
        target?.Cut("The module ends on this node.");
        Ended = Task.Factory.StartNew(() => Run(force, settles), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Pump Pump { get; }

    public TargetSession? Target { get; }

    public SalvageCompletion? Completion { get; }

    /// <summary>Something was kept that is put away.</summary>
    public bool Settles { get; }

    /// <summary>With null, or what went wrong, as a sentence.</summary>
    public Task<string?> Ended { get; }

    /// <summary>Nothing has ended, for a mount could not be taken away: it can be tried again.</summary>
    public bool IsMounted { get; private set; }

    /// <summary>All that was dirty at the end; null: no intent log was kept.</summary>
    public MarksContent? Content { get; private set; }

    /// <summary>What is waited for, what follows and what helps.</summary>
    public string Sentence =>
        $"Module {_options.Module} is unmounted, but a disk of this node has not let go of it for {(Environment.TickCount64 - _since) / 1000.0:0.#} s: "
        + $"{_at}. It cannot be mounted here again before that has ended, which it does by itself when the disk answers. Look for the cause in the "
        + "kernel's log (dmesg) and repair or replace the disk; if it never answers, this host must be restarted. Nothing is lost by that: what the disk "
        + "may lack stays marked.";

    private string? Run(bool force, Action? settles)
    {
        _at = "its mounts are being taken away";
        foreach (var mount in _mounts)
            if (mount.Unmount(force) is { } failure)
            {
                IsMounted = true;
                return failure;
            }
        _at = "what the peer had sent is still being written";
        Completion?.Dispose();
        Target?.Dispose();
        settles?.Invoke();
        _at = "a read, write or flush of its data has not come back";
        Pump.Stop();
        _at = $"{_options.Marks.MarksPath} is being written";
        var content = Pump.Intents?.Close();
        if (Pump.EndFailure is null)
            Content = content;
        _at = "its files are being closed";
        var unproven = DropUnproven();
        foreach (var mount in _mounts)
            mount.Dispose();
        Pump.Dispose();
        Crash.At(CrashPoint.MarksSaving);
        _at = $"{_options.Marks.MarksPath} is being written";
        return Pump.EndFailure ?? unproven ?? (content is null ? _options.Marks.Save(Pump.Marks) : _options.Marks.Save(content));
    }

    /// <summary>The next agent does not know of a flush that failed in this one.</summary>
    private string? DropUnproven()
    {
        if (!_options.Proof.HasUnproven)
            return null;
        foreach (var mount in _mounts)
            _ = _options.Proof.Heed(Shim.SyncFileSystem(mount.Descriptor));
        if (_options.Proof.DropPages(out var dropped) is { } hindrance)
            return hindrance;
        if (dropped && HeldComparison.Drop([.. _mounts.Zip(_options.Replication.Directories, (mount, directory) =>
            new TargetRoot(mount.Descriptor, mount.Path, new ReplicationFilter(directory)))]) is { } failure)
            _options.Log.ComparisonNotDropped(_options.Module, failure);
        return null;
    }
}
