// The source's own disk at the end of a resync: what it took as a standby, or copied from its page cache, may be in memory alone.
// Invariant: a target is not declared equal before both disks have what was found equal or copied, for no mark is left of it.
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>Flushes this node's disk once for each link whose resync has ended. Belongs to the pump's thread.</summary>
internal sealed class SourceFlush(IReadOnlyList<MountPoint> mounts, DiskProof proof, Action<Action> post)
{
    private long _link;
    private bool _isDone;
    private string? _failure;

    /// <summary>Whether the disk has been flushed since the resync of this link ended; begins it at the first call.</summary>
    /// <param name="failure">Why it cannot be, as a sentence: the link is to end.</param>
    public bool IsDone(long link, ref string? failure)
    {
        if (_link != link)
        {
            (_link, _isDone, _failure) = (link, false, null);
            Begin(link);
        }
        failure ??= _failure;
        return _isDone && _failure is null;
    }

    private void Begin(long link)
    {
        var descriptors = mounts.Select(mount => (mount.Path, mount.Descriptor)).ToArray();
        // Not on the pump's thread: a whole file system may take seconds. A disk that hangs keeps the thread.
        _ = Task.Factory.StartNew(() =>
        {
            string? failure = null;
            foreach (var (path, descriptor) in descriptors)
                if (Shim.SyncFileSystem(descriptor) is < 0 and var error)
                    failure = $"{path} cannot be flushed at the end of the resync: {Errno.Describe(error)}. Repair that disk.";
            if (failure is not null)
                proof.Failed();
            post(() =>
            {
                if (_link == link)
                    (_isDone, _failure) = (true, failure);
            });
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
