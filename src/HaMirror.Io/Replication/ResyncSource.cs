// A resync at its source (docs/architecture.md, "A link"): names, then data, then a barrier that covers both.
//
//   Names    the walk visits directories; live changes are not sent but marked, and put their directories back in the
//            queue. Ends when the queue is empty and the target has sent all its marks: from that instant of the stream on
//            names are equal and every change is sent.
//   Data     each marked file is read and sent, or compared by hash first (AskingRule). What was sent is in flight in the
//            marks.
//   Closing  a barrier was sent behind the last block. Durable with nothing marked: Ended. New marks: back to Data.
//
// It ends while a guest writes, because writes during Data are sent live and mark nothing. It never blocks: each round of
// the pump gives it a turn, in which it stops when buffers, the window or the bandwidth cap are used up.
using HaMirror.Core.Extents;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Storage;

namespace HaMirror.Io.Replication;

/// <summary>A running resync. Belongs to the pump's thread.</summary>
internal sealed unsafe partial class ResyncSource : IDisposable
{
    /// <summary>Files open at once: many small ones keep the reads busy.</summary>
    private const int FilesMax = 32;

    /// <summary>Nobody waits for what a resync asks for but the resync: enough to keep the target's disk busy.</summary>
    private const long ComparedBytesMax = 32 << 20;

    private const int CompareBytes = 512 << 10;

    /// <summary>While a guest is at work, so much is under way until the peer has it: what a write of the guest's may find in front of it. With more
    /// its p99 would be the resync's.</summary>
    private const int BusyBytes = 128 << 10;

    /// <summary>And so much may wait to be compared over there.</summary>
    private const long BusyComparedBytes = 256 << 10;

    /// <summary>Yielding leaves a resync so much, in bytes a look: a guest that never rests must not keep a replica from becoming equal.</summary>
    private const long LeastBytes = 5 << 20;

    private const long LookMs = 100;

    /// <summary>More than this waiting to leave: the next block would only wait behind live writes' backs.</summary>
    private const long WaitingBytesMax = 4 << 20;

    /// <summary>So much waiting when all that could be sent has been: the link is slower than the disk.</summary>
    private const long BehindBytesMin = 64 << 10;

    private const long WalkMs = 20;
    private const long BusyWalkMs = 2;

    private readonly SourceLink _link;
    private readonly MarkSet _marks;
    private readonly IResyncHost _host;
    private readonly int _streams;
    private readonly BandwidthBudget _bandwidth;
    private readonly DirectoryWalk _walk;
    private readonly long _begun = Environment.TickCount64;
    private readonly ResyncFiles _files = new();
    private readonly List<FileCopy> _open = [];
    private readonly Queue<FileKey> _waiting = new();
    private readonly HashSet<FileKey> _waitingKeys = [];
    private readonly Dictionary<int, Read> _reads = [];
    private readonly AskingRule _asking;
    private readonly ResyncComparison _comparison;
    private readonly ResyncBlock _block;
    private readonly ResyncMemory _memory;
    private readonly NamesHold _hold;
    private long _readBytes;
    private long _begunBytes;
    private long _lookedAt;
    private bool _isStarved;
    private bool _targetMarksComplete;
    private bool _isMissing;
    private ulong _namesBarrier;
    private ulong _closingBarrier;

    private readonly record struct Read(FileCopy File, ulong Offset, int Bytes, Asking Asking);

    public ResyncSource(
        SourceLink link, ResyncPlan plan, MarkSet marks, IResyncHost host, int streams, long? bandwidth, ResyncMemory memory)
    {
        (_link, Plan, _marks, _host, _streams, _memory) = (link, plan, marks, host, Math.Max(streams, 1), memory);
        _bandwidth = new BandwidthBudget(bandwidth);
        _walk = new DirectoryWalk(link, plan, marks, _files, host.Roots, memory.Met);
        _hold = new NamesHold(host.HoldNames);
        _asking = new AskingRule(plan);
        _comparison = new ResyncComparison(link, ComparedBytesMax);
        _block = new ResyncBlock(link, host, Progress);
        Progress.GoOn(memory.BytesTotal, memory.BytesDone);
        for (var root = 0; root < host.Roots.Count; root++)
            _walk.Add(root, "", true);
    }

    public ResyncPlan Plan { get; }

    public ResyncPhase Phase { get; private set; } = ResyncPhase.Names;

    public ResyncProgress Progress { get; } = new();

    /// <summary>It goes on with a comparison that an earlier link did not end; known once names are visited.</summary>
    public bool IsResumed { get; private set; }

    /// <summary>Another turn at once would find something to do.</summary>
    public bool HasWork => Phase == ResyncPhase.Names && !_walk.IsEmpty && _link.Stream.WaitingBytes == 0;

    public ResyncStatus Status => new(
        Plan, Phase == ResyncPhase.Names, Progress.Directories, Progress.BytesTotal, Progress.BytesDone, Progress.BytesSent,
        (ulong)Progress.BytesPerSecond, Progress.SecondsLeft);

    /// <summary>Of a resync that has ended.</summary>
    public ResyncSummary Summary => new(
        Plan, Progress.BytesDone - Progress.BytesBefore, Progress.BytesSent, TimeSpan.FromMilliseconds(Environment.TickCount64 - _begun), DateTimeOffset.UtcNow);

    /// <summary>Another cap from now on, in bytes a second; null: none.</summary>
    public void Limit(long? bytesPerSecond) => _bandwidth.Limit(bytesPerSecond);

    /// <summary>A live change of names or attributes was made.</summary>
    public void Changed(NamespaceChange change)
    {
        if (Phase == ResyncPhase.Names)
            _walk.Changed(change);
        else
            _files.Changed(change);
    }

    /// <summary>A live change marked a file while names are visited: it may lie where the walk has been already.</summary>
    public void Marked(IReplicatedFile file)
    {
        // Known already: its inode may have been another file's before, under a name that is gone.
        if (file.ReplicatedPath is { } path)
            _files.Set(file.Key, _files.TryGet(file.Key, out var known)
                ? known with { Path = path, IsLinked = known.IsLinked || known.Path != path }
                : new ResyncFile(file.Key.Root, path, true, 0));
    }

    /// <summary>The target's marks count like our own.</summary>
    /// <param name="last">Not More: before the plan, these were all.</param>
    public void TakeMarks(List<FileMarks> marks, bool last)
    {
        if (last && !_targetMarksComplete)
            Enter();
        _targetMarksComplete |= last;
        foreach (var mark in marks)
            if (mark.Root < _host.Roots.Count && _host.Roots[mark.Root].IsReplicated(mark.Path))
                TakeMark(mark);
    }

    /// <summary>All that the target had to say before names are visited has come.</summary>
    private void Enter()
    {
        IsResumed = _memory.Enter(Plan, _link.HeldComparison);
        if (!IsResumed && _memory.IsComparing)
            _link.SendComparison(_memory.Comparison);
        Progress.GoOn(_memory.BytesTotal, _memory.BytesDone);
        if (_memory.BytesTotal > 0)
            _host.GoesOn(_memory.BytesDone, _memory.BytesTotal);
    }

    /// <summary>One turn.</summary>
    /// <returns>Null, or why the link cannot go on, as a sentence.</returns>
    public string? Turn(long now)
    {
        try
        {
            if (Phase == ResyncPhase.Names)
                TurnNames();
            if (Phase == ResyncPhase.Data)
                TurnData(now);
            if (Phase == ResyncPhase.Closing)
                TurnClosing();
            Progress.Tick(now);
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    public void Dispose()
    {
        _hold.End();
        foreach (var file in _open)
            _ = Shim.Close(file.Descriptor);
        _open.Clear();
    }

    private void TakeMark(FileMarks mark)
    {
        foreach (var path in _files.Translate(mark.Root, mark.Path))
            TakeMark(mark, path);
    }

    private void TakeMark(FileMarks mark, string path)
    {
        NativeStat stat;
        if (Shim.StatAt(_host.Roots[mark.Root].Descriptor, path, &stat) != 0)
            return; // gone here: names decide, and they are equal or will be
        var key = new FileKey(mark.Root, stat.Inode);
        if (DirectorySnapshot.IsDirectory(stat) && mark.Whole)
        {
            _marks.MarkWhole(key);
            _walk.Add(mark.Root, path, true);
            VisitNames();
        }
        if (!DirectorySnapshot.IsRegular(stat))
            return;
        if (mark.Whole)
            _marks.MarkWhole(key);
        foreach (var range in mark.Extents.Ranges())
            _marks.Mark(key, range.Offset, range.Length);
        if (_marks.Find(key) is null)
            return;
        var file = new ResyncFile(mark.Root, path, stat.Links > 1, stat.Blocks * 512);
        _files.Set(key, file);
        if (Phase is not (ResyncPhase.Data or ResyncPhase.Closing))
            return;
        Wait(key);
        Phase = ResyncPhase.Data;
    }

    private void TurnNames()
    {
        if (!_targetMarksComplete || !_walk.Turn(_host.IsBusy ? BusyWalkMs : WalkMs))
        {
            Progress.Directories = _walk.VisitCount;
            _hold.Judge(Environment.TickCount64, _walk.FirstEntries, _walk.AgainEntries);
            return;
        }
        _hold.End();
        Progress.Directories = _walk.VisitCount;
        Phase = ResyncPhase.Data;
        _isMissing = false;
        foreach (var key in _marks.All.Keys.Where(key => !_files.Contains(key)).ToArray())
            _marks.Forget(key); // no replicated name leads to it: there is nothing to be equal to
        var ahead = Progress.BytesTotal;
        Progress.BytesTotal = 0;
        foreach (var key in _files.Keys)
            if (_marks.Find(key) is not null)
                Wait(key);
        Progress.Remain(ahead);
        _link.IsStreaming = true;
        _namesBarrier = _link.SendBarrier();
    }

    /// <summary>Names have to be visited again: until they have, changes are marked and not sent.</summary>
    private void VisitNames()
    {
        if (Phase == ResyncPhase.Names)
            return;
        Phase = ResyncPhase.Names;
        _link.StopStreaming();
        // What is under way would speak of a moment after which changes are not sent: it is asked for again.
        _comparison.Clear();
        _asking.Forget();
        foreach (var file in _open)
            file.Abandon();
        // A visit tells sizes, and what was sent and is not yet done here would be cut off over there.
        _host.MarkUnderWay();
    }

    private void Wait(FileKey key)
    {
        if (!_waitingKeys.Add(key))
            return;
        _waiting.Enqueue(key);
        if (_marks.Find(key) is { } mark && _files.TryGet(key, out var file))
            Progress.BytesTotal += mark.IsWhole ? file.AllocatedBytes : mark.Extents.Bytes;
    }

    private void TurnData(long now)
    {
        if (_namesBarrier != 0 && _link.IsDurable(_namesBarrier))
        {
            _files.ForgetMoves();
            _namesBarrier = 0;
        }
        _block.IsLinkBehind = _link.Stream.WaitingBytes > BehindBytesMin || _bandwidth.IsLimited;
        for (var index = _open.Count - 1; index >= 0; index--)
            if (_open[index].IsDone)
                Finish(_open[index], index);
        var mayGo = true;
        for (var index = 0; mayGo && index < _open.Count; index++)
            mayGo = Ask(_open[index], now);
        while (mayGo && _open.Count < FilesMax && _link.Stream.Room > 1024 && _waiting.TryDequeue(out var key))
        {
            _waitingKeys.Remove(key);
            if (Open(key) is not { } file)
                continue;
            _open.Add(file);
            mayGo = Ask(file, now);
        }
        if (_open.Count == 0 && _waiting.Count == 0)
            DataEnded();
    }

    private void DataEnded()
    {
        foreach (var key in _marks.All.Keys)
            if (_files.Contains(key))
                Wait(key);
        if (_waiting.Count > 0)
            return;
        if (_isMissing)
        {
            // A file with several names lost the one we knew: the walk finds the others.
            for (var root = 0; root < _host.Roots.Count; root++)
                _walk.Add(root, "", true);
            VisitNames();
            return;
        }
        _closingBarrier = _link.SendBarrier();
        Phase = ResyncPhase.Closing;
    }

    private void TurnClosing()
    {
        if (!_link.IsDurable(_closingBarrier))
            return;
        Phase = _marks.Count == 0 ? ResyncPhase.Ended : ResyncPhase.Data;
    }

    private FileCopy? Open(FileKey key)
    {
        if (!_files.TryGet(key, out var file) || _marks.Find(key) is not { } mark)
            return null;
        var descriptor = SparseFile.Open(_host.Roots[file.Root].Descriptor, file.Path, key.Inode, "the resync", out var stat);
        foreach (var other in descriptor < 0 ? _files.NamesOf(key) : [])
            if (descriptor < 0 && (descriptor = SparseFile.Open(_host.Roots[file.Root].Descriptor, other, key.Inode, "the resync", out stat)) >= 0)
                file = file with { Path = other };
        if (descriptor < 0)
        {
            _files.Remove(key);
            _isMissing |= file.IsLinked;
            if (!file.IsLinked)
                _marks.Forget(key);
            return null;
        }
        if (mark.IsWhole)
            _marks.ResolveWhole(key, stat.Size);
        return new FileCopy(key, file, descriptor, _link.BindPath(file.Root, file.Path));
    }

    private void Finish(FileCopy file, int index)
    {
        SendTimes(file);
        _link.Unbind(file.WireFile);
        _ = Shim.Close(file.Descriptor);
        _open.RemoveAt(index);
        if (_marks.Find(file.Key) is not null)
            Wait(file.Key); // marked again behind the cursor
        else
            _files.Remove(file.Key);
    }

    /// <summary>Copying has given the file over there the time of the copy.</summary>
    private void SendTimes(FileCopy file)
    {
        if (file.IsAbandoned)
            return;
        NativeStat stat;
        Shim.Check(Shim.StatAt(file.Descriptor, "", &stat), $"look at {file.File.Path}");
        const long nanoseconds = 1_000_000_000;
        _link.SendRange(
            FrameType.ResyncTimes, file.WireFile, (ulong)(stat.ModifySeconds * nanoseconds + stat.ModifyNanoseconds),
            (ulong)(stat.AccessSeconds * nanoseconds + stat.AccessNanoseconds), 0, -1);
    }

    /// <summary>Asks for blocks of a file until something is used up.</summary>
    /// <returns>False: nothing more can be asked for in this turn.</returns>
    private bool Ask(FileCopy file, long now)
    {
        while (!file.IsExhausted || file.Different.Count > 0)
        {
            if (_reads.Count >= _streams || _comparison.IsFull || Yields(now) || _link.Stream.WaitingBytes > WaitingBytesMax
                || _link.IsFull || !_bandwidth.HasRoom(now))
                return false;
            NativeStat stat;
            Shim.Check(Shim.StatAt(file.Descriptor, "", &stat), $"look at {file.File.Path}");
            if (file.Different.TryPeek(out var range))
            {
                if (range.Offset < stat.Size)
                {
                    if (!Begin(file, range.Offset, (int)range.Bytes, range.IsDivided ? Asking.Extents : Asking.Sends))
                        return false;
                }
                else
                {
                    Copied(file.Key, range.Offset, (int)range.Bytes);
                }
                file.Different.Dequeue();
            }
            else if (!AskNext(file, stat.Size))
            {
                return false;
            }
        }
        return true;
    }

    private bool Yields(long now)
    {
        if (now - _lookedAt >= LookMs)
        {
            _isStarved = _begunBytes < LeastBytes;
            (_lookedAt, _begunBytes) = (now, 0);
        }
        return _host.IsGuestActive && IsInTheWay && !_isStarved;
    }

    /// <summary>So much of the resync's own is on its way that a guest's write would wait for more than itself.</summary>
    private bool IsInTheWay => _readBytes + _block.BytesUnderWay >= BusyBytes || _comparison.Bytes >= BusyComparedBytes;

    private bool AskNext(FileCopy file, ulong size)
    {
        if (_marks.Find(file.Key) is not { } mark || !mark.Extents.TryNext(file.Cursor, out var range) || range.Offset >= size)
        {
            // A write that makes the file longer and is not done yet may have nothing but its mark behind the present end.
            if (!_host.Quieten(file.Key, ExtentSet.RoundDown(size), ulong.MaxValue))
                return false;
            _marks.Cut(file.Key, size);
            file.IsExhausted = true;
            return true;
        }
        var end = Math.Min(range.End, size);
        var data = SparseFile.Data(file.Descriptor, range.Offset, size);
        if (data > range.Offset)
        {
            var hole = Math.Min(data, end) - range.Offset;
            if (!_host.Quieten(file.Key, range.Offset, ExtentSet.RoundUp(hole)))
                return false;
            _link.SendRange(FrameType.ResyncZero, file.WireFile, range.Offset, hole, 0, -1);
            file.Cursor = range.Offset + hole;
            _marks.Copied(file.Key, range.Offset, ExtentSet.RoundUp(hole));
            return true;
        }
        if (!_host.CanRead)
            return false; // the rule counts the blocks that it is asked about
        var asking = _asking.Next();
        if (asking == Asking.Waits)
            return false;
        var most = _host.IsBusy || _host.IsGuestActive ? BusyBytes : asking != Asking.Sends ? CompareBytes : IResyncHost.BlockBytes;
        var bytes = (int)Math.Min(Math.Min(end, SparseFile.Hole(file.Descriptor, range.Offset, end)) - range.Offset, (ulong)most);
        if (!Begin(file, range.Offset, bytes, asking))
            return false;
        file.Cursor = range.Offset + ExtentSet.RoundUp((ulong)bytes);
        return true;
    }

    private bool Begin(FileCopy file, ulong offset, int bytes, Asking asking)
    {
        var token = _host.TryRead(file.Key, file.Descriptor, offset, bytes);
        if (token < 0)
            return false;
        _reads.Add(token, new Read(file, offset, bytes, asking));
        _readBytes += bytes;
        _begunBytes += bytes;
        file.Outstanding++;
        return true;
    }

    private void Copied(FileKey key, ulong offset, int bytes)
    {
        _marks.Copied(key, offset, ExtentSet.RoundUp((ulong)bytes));
        Progress.BytesDone += (ulong)bytes;
    }
}
