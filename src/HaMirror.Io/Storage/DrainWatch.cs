// A drain: no change is let in, those under way end, then both disks are flushed.
// Invariants: (1) it ends well only when this disk is flushed and, with a peer, everything that was ever sent is durable there; (2) it
// ends in any case: a disk that hangs is not waited for.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>The running drain of a module, if any. Belongs to the pump's thread.</summary>
internal sealed class DrainWatch(IReadOnlyList<MountPoint> mounts, MirrorStorageOptions options, Action<Action> post)
{
    /// <summary>Of checktime: a disk that is well may have much to write.</summary>
    private const int Forbearance = 3;

    private long _since;

    private TaskCompletionSource<string?>? _done;
    private bool _flushing;
    private bool _localDone;
    private string? _failure;
    private ulong _flushOwed;
    private ulong _barrier;

    /// <summary>Told when it has ended well: nothing was changed since everything was flushed.</summary>
    public Action? Drained { get; set; }

    public void Begin(TaskCompletionSource<string?> done)
    {
        _done?.TrySetResult("Another drain took its place.");
        (_done, _flushing, _localDone, _failure, _flushOwed, _barrier) = (done, false, false, null, 0, 0);
    }

    public void Flushed(ulong sequence)
    {
        if (sequence == _flushOwed)
            _flushOwed = 0;
    }

    public void LinkLost(bool frozen)
    {
        if (_flushing && frozen)
            _failure ??= "The peer was lost while everything was being flushed there.";
        _flushOwed = _barrier = 0;
    }

    public void Tick(RequestFlow flow, SourceLink? source, bool frozen)
    {
        if (_done is null)
            return;
        if (!_flushing)
        {
            // The peer was lost: what waits for it is never acknowledged, and nobody thaws a service that ends.
            if (frozen)
                flow.FailChanges();
            if (flow.ChangeCount == 0)
                Flush(source, flow);
            return;
        }
        if (!_localDone && Environment.TickCount64 - _since > (long)options.Replication.CheckTime.TotalMilliseconds * Forbearance)
            GiveUp();
        if (!_localDone || _failure is null && (_flushOwed != 0 || (_barrier != 0 && source is not null && !source.IsDurable(_barrier))))
            return;
        var done = _done;
        _done = null;
        if (_failure is null)
            Drained?.Invoke();
        done.TrySetResult(_failure);
    }

    private void GiveUp()
    {
        _localDone = true;
        _failure ??= $"The disk of module {options.Module} on this node has not been flushed within "
            + $"{(Environment.TickCount64 - _since) / 1000.0:0.#} s: it hangs, or is very slow. What it may lack stays marked.";
    }

    private void Flush(SourceLink? source, RequestFlow flow)
    {
        _flushing = true;
        _since = Environment.TickCount64;
        if (source is { IsStreaming: true })
        {
            _flushOwed = source.Send(FrameType.Flush);
            source.FlushIsOwed();
            _barrier = source.SendBarrier();
        }
        if (flow.IsDetached)
        {
            // Nothing of what counts is on this disk.
            _localDone = true;
            _failure ??= source is { IsCommitted: true } ? null : "The disk of this node is detached and its peer is lost.";
            return;
        }
        if (flow.HasDiskHung)
        {
            _localDone = true;
            _failure ??= $"The disk of module {options.Module} on this node does not answer, so it was not flushed. What it may lack stays marked.";
            return;
        }
        var drain = _done;
        var descriptors = mounts.Select(mount => (mount.Path, mount.Descriptor)).ToArray();
        // Not on the pump's thread: a whole file system may take seconds, and heads of the link would grow impatient. A disk that
        // hangs keeps the thread.
        _ = Task.Factory.StartNew(() =>
        {
            string? failure = null;
            foreach (var (path, descriptor) in descriptors)
                if (Shim.SyncFileSystem(descriptor) is < 0 and var error)
                    failure = $"{path} cannot be flushed: {Errno.Describe(error)}.";
            if (failure is not null)
                options.Proof.Failed();
            post(() =>
            {
                if (!ReferenceEquals(_done, drain))
                    return;
                _localDone = true;
                _failure ??= failure;
            });
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
