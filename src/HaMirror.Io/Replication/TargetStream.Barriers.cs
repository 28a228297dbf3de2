// What the data connection of a target makes durable: flushes that a guest waits for, and barriers behind which the source lets marks go.
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;

namespace HaMirror.Io.Replication;

internal sealed unsafe partial class TargetStream
{
    /// <summary>Files that wait for a barrier with a descriptor each; with more, the barrier takes the whole file system.</summary>
    private const int AwaitingMax = 512;

    private readonly List<TargetFile> _awaiting = [];
    private bool _namesChanged;

    private void AwaitBarrier(TargetFile file)
    {
        if (file.AwaitsBarrier)
            return;
        if (_awaiting.Count >= AwaitingMax)
        {
            _namesChanged = true; // syncfs covers it
            return;
        }
        file.AwaitsBarrier = true;
        file.Retain();
        _awaiting.Add(file);
    }

    private void Flush(in FrameHeader header, bool alone)
    {
        if (header.File != 0)
        {
            var file = _files.Get(header.File);
            if (file.IsMissing)
                _outgoing.Add(FrameType.Flushed, sequence: header.Sequence, file: header.File);
            else
                _writes.Sync(file, header.Sequence, (header.Flags & FrameFlags.DataOnly) != 0, alone);
            return;
        }
        _writes.WaitForAll();
        Begin(new SyncJob(FrameType.Flushed, header.Sequence, [], Names: true), alone);
    }

    private void Barrier(in FrameHeader header)
    {
        CopiesEverything &= !_hadData;
        if (Holds(header))
            return;
        _writes.WaitForAll();
        TargetFile[] files = _namesChanged ? [] : [.. _awaiting];
        foreach (var file in _awaiting)
        {
            file.AwaitsBarrier = false;
            if (_namesChanged)
                file.Release(); // syncfs needs no descriptor of it
        }
        _awaiting.Clear();
        Begin(new SyncJob(FrameType.Durable, header.Sequence, files, _namesChanged), alone: false);
        _namesChanged = false;
    }

    private void Begin(SyncJob job, bool alone)
    {
        if (!alone || _sync.Waiting > 0)
        {
            _sync.Add(job);
            return;
        }
        _sync.Perform(job);
        Answer(job);
    }

    private void Answer(SyncJob job)
    {
        foreach (var file in job.Files)
            file.Release();
        if (job.Failure is { } failure)
            throw new TargetException(failure, replicaFailed: true);
        Crash.At(CrashPoint.BarrierDurable);
        _outgoing.Add(job.Answer, sequence: job.Sequence);
    }
}
