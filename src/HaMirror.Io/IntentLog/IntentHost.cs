// What the intent log of a pump does outside: blocks go through the pump's own ring, whole files through other threads.
// Invariant: whatever completes elsewhere is posted to the pump; one replacement of the marks file and one flush at a time.
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.IntentLog;

/// <summary>The disks and the peer behind an <see cref="IntentGate"/>. Belongs to the pump's thread.</summary>
internal sealed unsafe class IntentHost : IIntentHost, IDisposable
{
    private readonly IntentStore _store;
    private readonly IntentRing _ring;
    private readonly LocalDisk _disk;
    private readonly MarkSet _marks;
    private readonly IReadOnlyList<MountPoint> _mounts;
    private readonly RequestFlow _flow;
    private readonly ulong _user;
    private readonly ILogger _log;
    private readonly string _module;
    private readonly DiskProof _proof;
    private readonly int _failures;
    private readonly IntentGate _gate;
    private Task _replacing = Task.CompletedTask;
    private SourceLink? _asked;
    private long _wroteAt;
    private long _toldAt;

    /// <param name="ring">Just begun; disposed of with this.</param>
    /// <param name="user">Of its operations in the disk's ring.</param>
    public IntentHost(
        MirrorStorageOptions options, IntentRing ring, LocalDisk disk, MarkSet marks, IReadOnlyList<MountPoint> mounts, RequestFlow flow,
        ulong user)
    {
        (_store, _ring, _disk, _marks, _mounts, _flow, _user) = (options.Marks, ring, disk, marks, mounts, flow, user);
        (_log, _module, _proof, _failures) = (options.Log, options.Module, options.Proof, options.Proof.Failures);
        _gate = new IntentGate(this, marks, ring, options.Replication.HotAreas);
        flow.Intent = new IntentChanges(_gate);
    }

    /// <summary>Has the pump's thread do something. Any thread.</summary>
    public required Action<Action> Post { private get; init; }

    /// <summary>Null: no peer.</summary>
    public SourceLink? Source { private get; set; }

    /// <summary>What an operator should know while the log still goes on, as a sentence; null: nothing.</summary>
    public string? Note { get; private set; }

    void IIntentHost.MarksRefused(string? reason)
    {
        var note = reason is null ? null : $"{reason} The intent log of module {_module} goes on while it has room; once it is full the disk counts as failed.";
        if (note is not null && Note is null)
            _log.MarksRefused(_module, note);
        Note = note;
    }

    bool IIntentHost.HasFlushFailed => _proof.Failures != _failures;

    bool IIntentHost.AreAwaitedDone => _flow.AreAwaitedDone;

    /// <inheritdoc cref="IntentGate.Commit"/>
    public void Commit() => _gate.Commit();

    /// <inheritdoc cref="IntentGate.Written"/>
    public void Written(long result)
    {
        Crash.At(CrashPoint.IntentLogged);
        _gate.Written(result);
    }

    /// <param name="now">In ms of <see cref="Environment.TickCount64"/>.</param>
    /// <param name="patience">The log may be silent for so long before its disk counts as failed.</param>
    public void Tick(long now, TimeSpan patience)
    {
        _gate.Flushes.Tick(now, Source?.Resync is not null);
        if (!_gate.IsWriting || _wroteAt == _toldAt || now - _wroteAt <= (long)patience.TotalMilliseconds)
            return;
        _toldAt = _wroteAt;
        _flow.LogFailed($"The disk that holds the intent log {_ring.Path} has not answered for {(now - _wroteAt) / 1000.0:0.#} s.", hangs: true);
    }

    /// <inheritdoc cref="IntentFlushes.Drained"/>
    public void Drained() => _gate.Flushes.Drained();

    /// <inheritdoc cref="IntentGate.Equalled"/>
    public void Equalled() => _gate.Equalled();

    /// <summary>Records that content is missing here.</summary>
    /// <inheritdoc cref="IntentGate.Record"/>
    public void Record(IEnumerable<FileMarks> files, Action<string?> done) => _gate.Record(KeysOf(files), done);

    /// <summary>Since a flush of the local disk failed: what is marked, and what is not known to be on this disk, though the peer has it.
    /// Null: none has failed, and the marks say everything.</summary>
    public MarksContent? Unproven() => _proof.Failures != _failures ? _gate.Close() : null;

    /// <summary>What a clean stop saves. After the pump's thread has ended; as slow as the disk.</summary>
    public MarksContent Close()
    {
        _replacing.Wait();
        return _gate.Close();
    }

    public void Dispose()
    {
        _gate.Dispose();
        _ring.Dispose();
    }

    public void WriteBlocks(byte* blocks, int bytes, ulong offset)
    {
        _wroteAt = Environment.TickCount64;
        Crash.At(CrashPoint.IntentQueued);
        _disk.Queue(NativeIoOperation.Write, _ring.Descriptor, blocks, (ulong)bytes, offset, _user);
    }

    public void ReplaceMarks(MarksContent content, Action<string?> done) => _replacing = Task.Run(() =>
    {
        string? failure = null;
        try
        {
            _store.Replace(content);
            Crash.At(CrashPoint.MarksReplaced);
        }
        catch (Exception exception)
        {
            failure = exception.Message; // Whatever it is: the gate waits for an answer.
        }
        Post(() => done(failure));
    });

    public void AwaitChanges() => _flow.AwaitRanges();

    public void FlushLocal(Action<string?> done)
    {
        var descriptors = _mounts.Select(mount => (mount.Path, mount.Descriptor)).ToArray();
        // On a thread that nobody else needs: a disk that hangs keeps it.
        _ = Task.Factory.StartNew(() =>
        {
            string? failure = null;
            foreach (var (path, descriptor) in descriptors)
                if (Shim.SyncFileSystem(descriptor) is < 0 and var error)
                    failure = $"{path} cannot be flushed: {Errno.Describe(error)}.";
            Crash.At(CrashPoint.PeriodFlushed);
            if (failure is not null)
            {
                _proof.Failed();
                _log.FlushFailed(_module, failure);
            }
            Post(() => done(failure));
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public bool TrySendBarrier(out ulong barrier)
    {
        barrier = 0;
        _asked = null;
        if (Source is not { } source || !_marks.HasInFlight)
            return true;
        if (source.Stream.Room == 0)
            return false;
        _asked = source;
        barrier = source.SendBarrier();
        return true;
    }

    public bool IsDurable(ulong barrier) => barrier == 0 || _asked is not { } asked || asked != Source || asked.IsDurable(barrier);

    public void LogFailed(string reason) => _flow.LogFailed(reason, hangs: false);

    /// <summary>Files and areas that cover marks: all of a file where there are very many areas.</summary>
    private static List<IntentKey> KeysOf(IEnumerable<FileMarks> marks)
    {
        var keys = new List<IntentKey>();
        foreach (var mark in marks)
        {
            var first = keys.Count;
            foreach (var range in mark.Extents.Ranges())
                for (var area = range.Offset / ExtentSet.AreaBytes; area * ExtentSet.AreaBytes < range.End && keys.Count - first <= IntentGate.DirtyMax; area++)
                    keys.Add(new IntentKey(mark.Root, mark.Inode, area));
            if (!mark.Whole && keys.Count - first <= IntentGate.DirtyMax)
                continue;
            keys.RemoveRange(first, keys.Count - first);
            keys.Add(IntentKey.OfWhole(mark.Root, mark.Inode));
        }
        return keys;
    }
}
