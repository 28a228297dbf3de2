// Barriers and flushes of everything, on a thread of their own: they take as long as the disk likes, and meanwhile the
// session receives, acknowledges and applies.
// Invariants: (1) jobs end in the order they came; (2) a job's files stay open until the session has taken its answer.
using System.Collections.Concurrent;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>What a barrier or a flush covers.</summary>
/// <param name="Files">To be made durable one by one.</param>
/// <param name="Names">Names changed as well: the whole file systems.</param>
internal sealed record SyncJob(FrameType Answer, ulong Sequence, IReadOnlyList<TargetFile> Files, bool Names)
{
    /// <summary>Set when it failed: a sentence.</summary>
    public string? Failure { get; set; }
}

/// <summary>The sync thread of a target session.</summary>
internal sealed class TargetSync : IDisposable
{
    private readonly TargetSettings _settings;
    private readonly WakeEvent _done;
    private readonly BlockingCollection<SyncJob> _jobs = [];
    private readonly ConcurrentQueue<SyncJob> _answers = new();
    private readonly Thread _thread;
    private readonly int _failures; // flushes of this disk that had failed before

    /// <param name="done">Set when an answer waits.</param>
    public TargetSync(TargetSettings settings, WakeEvent done)
    {
        (_settings, _done) = (settings, done);
        _failures = settings.Proof?.Failures ?? 0;
        _thread = new Thread(Run) { IsBackground = true, Name = "target sync" };
        _thread.Start();
    }

    /// <summary>Jobs whose answer has not been taken; session's thread only.</summary>
    public int Waiting { get; private set; }

    /// <summary>Since when the job under way is, in ms of TickCount64; 0: none is. Any thread.</summary>
    public long Since => Volatile.Read(ref _since);

    private long _since;

    public void Add(SyncJob job)
    {
        Waiting++;
        _jobs.Add(job);
    }

    public bool TryTake(out SyncJob job)
    {
        if (!_answers.TryDequeue(out job!))
            return false;
        Waiting--;
        return true;
    }

    /// <summary>Does a job on the caller's thread.</summary>
    public void Perform(SyncJob job)
    {
        Flush(job);
        if (job.Failure is not null)
            _settings.Proof?.Failed();
        else if (_settings.Proof is { } proof && proof.Failures != _failures)
            job.Failure = "The disk of this node could not be flushed, and what it lacks since is not known. Repair the disk; the link is tried again by itself.";
    }

    private void Flush(SyncJob job)
    {
        foreach (var file in job.Files)
            if (Shim.Sync(file.Descriptor, 1) is < 0 and var error)
            {
                job.Failure = $"{file.FullPath} could not be made durable on this node: {Errno.Describe(-error)}. Repair the disk.";
                return;
            }
        if (!job.Names)
            return;
        foreach (var root in _settings.Roots)
            if (Sync(root) is < 0 and var error)
            {
                job.Failure = $"The file system of {root.Path} could not be made durable on this node: {Errno.Describe(-error)}. Repair the disk.";
                return;
            }
    }

    /// <summary>Waits for the jobs under way: their files are closed next.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        _jobs.Dispose();
    }

    /// <summary>Makes the whole file system of a root durable.</summary>
    /// <returns>0 or -errno.</returns>
    public static int Sync(TargetRoot root)
    {
        // The same descriptor each time: it is told of every error since it was opened, a new one only of those that nobody was told of.
        if (Shim.SyncFileSystem(root.Descriptor) is var same and not -Errno.EBADF)
            return same;
        // The root was opened with O_PATH, which cannot be synced.
        var descriptor = Shim.Open(root.Descriptor, "", OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
            return descriptor;
        var result = Shim.SyncFileSystem(descriptor);
        _ = Shim.Close(descriptor);
        return result;
    }

    private void Run()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            Volatile.Write(ref _since, Environment.TickCount64);
            Perform(job);
            Volatile.Write(ref _since, 0);
            _answers.Enqueue(job);
            _done.Set();
        }
    }
}
