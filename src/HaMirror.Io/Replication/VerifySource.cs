// A verification at its source: both replicas are compared while the guest writes.
//
//   Names    each directory is compared at its place in the stream (VerifyNames); regular files are collected.
//   Data     each file block by block, by hash; a block that differs once more by extents; holes and the size by their own
//            frames. What differs is marked, and with repair sent again.
//   Closing  with repair or when stopped: a barrier behind the last of it; what is reported back before it is durable is
//            dealt with first.
//
// Nothing that is only under way is ever found: a read begins when no change of its range is under way and none begins until
// its hash has its place in the stream, and the target compares at that place. A finding is a mark (evidence) until a copy of
// it is durable at the target; nothing here ends the link.
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>A running verification. Belongs to the pump's thread.</summary>
internal sealed unsafe class VerifySource : IDisposable
{
    private const int FilesMax = 8;
    private const int CompareBytes = 512 << 10;

    /// <summary>While the guest has changes under way blocks are small and few: they are in front of its own.</summary>
    private const int BusyBytes = 128 << 10;
    private const long BusyComparedBytesMax = 512 << 10;

    /// <summary>The link is one whose loss freezes: what the target reads for us stays far below any time-out.</summary>
    private const long ComparedBytesMax = 4 << 20;

    private const ulong HoleBytesMax = 1UL << 30;
    private const long WaitingBytesMax = 1 << 20;
    private const long WalkMs = 10;
    private const long BusyWalkMs = 1;
    private const int FindingsMax = 200;

    private enum Step : byte
    {
        Compares,
        Divides,
        Copies,
    }

    private readonly SourceLink _link;
    private readonly MarkSet _marks;
    private readonly IResyncHost _host;
    private readonly int _streams;
    private readonly bool _repairs;
    private readonly VerifyNames _names;
    private readonly ResyncFiles _files = new();
    private readonly ResyncComparison _comparison;
    private readonly ResyncBlock _block;
    private readonly ResyncProgress _progress = new();
    private readonly HashSet<FileKey> _seen = [];
    private readonly Queue<FileKey> _waiting = new();
    private readonly HashSet<FileKey> _toCopy = [];
    private readonly HashSet<(int Root, string Path)> _missing = [];
    private readonly List<FileCopy> _open = [];
    private readonly Dictionary<int, (FileCopy File, ulong Offset, int Bytes, Step Step)> _reads = [];
    private readonly Dictionary<ulong, (FileCopy File, ulong Offset, ulong Hole)> _shapes = [];
    private readonly List<VerifyFinding> _findings = [];
    private readonly DateTimeOffset _begun = DateTimeOffset.UtcNow;
    private int _findingCount;
    private ulong _differentBytes;
    private long _fileCount;
    private ulong _barrier;
    private bool _isMissing;
    private bool _hasLooked;
    private bool _isUnreadable;
    private string? _stop;

    public VerifySource(SourceLink link, MarkSet marks, IResyncHost host, int streams, bool repairs)
    {
        (_link, _marks, _host, _streams, _repairs) = (link, marks, host, Math.Max(streams, 1), repairs);
        _comparison = new ResyncComparison(link, ComparedBytesMax);
        _block = new ResyncBlock(link, host, _progress);
        _names = new VerifyNames(link, host, Found, NameDiffers);
        for (var root = 0; root < host.Roots.Count; root++)
            _names.Add(root, "");
    }

    /// <summary>It came to its end.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Another turn at once would find something to do.</summary>
    public bool HasWork => _names.HasWork && _link.Stream.WaitingBytes == 0;

    /// <param name="end">Why it has ended early, when it has; else null.</param>
    public VerifyStatus Status(string? end) => new(
        !HasEnded && end is null, _repairs, end ?? (HasEnded ? _stop : null), _names.VisitCount, _fileCount, _progress.BytesTotal,
        Math.Min(_progress.BytesDone, _progress.BytesTotal), (ulong)_progress.BytesPerSecond, _progress.SecondsLeft, [.. _findings],
        _findingCount, _differentBytes, HasEnded && _repairs && _stop is null && !_names.IsStuck && !_isUnreadable, _begun, DateTimeOffset.UtcNow);

    /// <summary>Ends it soon, as what it has found so far.</summary>
    /// <param name="reason">A sentence.</param>
    public void Stop(string reason) => _stop ??= reason;

    /// <summary>A live change of names or attributes was made and sent.</summary>
    public void Changed(NamespaceChange change)
    {
        _names.Changed(change);
        _files.Changed(change);
        _files.ForgetMoves();
    }

    /// <summary>What the target had to make, or was sent for a file that it lacks: all of it follows.</summary>
    public void TakeMarks(List<FileMarks> marks)
    {
        foreach (var mark in marks)
        {
            NativeStat stat;
            if (mark.Root >= _host.Roots.Count || Shim.StatAt(_host.Roots[mark.Root].Descriptor, mark.Path, &stat) != 0 || !DirectorySnapshot.IsRegular(stat))
                continue;
            var key = new FileKey(mark.Root, stat.Inode);
            _marks.MarkWhole(key);
            _files.Set(key, new ResyncFile(mark.Root, mark.Path, stat.Links > 1, stat.Blocks * 512));
            _barrier = 0;
            if (_toCopy.Add(key))
                _waiting.Enqueue(key);
        }
    }

    /// <summary>One turn. What keeps it from going on ends it, and nothing else.</summary>
    public void Turn(long now)
    {
        try
        {
            if (!_host.IsDiskSound)
                GiveUp();
            if (_stop is null)
                _names.Turn(_host.IsBusy ? BusyWalkMs : WalkMs);
            TurnData();
            if (IsIdle)
                Close();
            else
                _barrier = 0;
        }
        catch (IOException failure)
        {
            Stop(failure.Message);
        }
        _progress.Tick(now);
    }

    /// <summary>A read that <see cref="IResyncHost.TryRead"/> began is done.</summary>
    public void ReadCompleted(int token, byte* data, long result)
    {
        _reads.Remove(token, out var read);
        var (file, offset, bytes, step) = read;
        file.Outstanding--;
        if (file.IsAbandoned || !_host.IsDiskSound)
        {
            _host.Release(token);
            return;
        }
        var have = result < 0 ? result : Whole(file, offset, data, (int)Math.Min(result, bytes), bytes);
        if (have < 0)
        {
            _host.Release(token);
            _isUnreadable = true;
            Differs(file.File.Root, file.File.Path, offset, (ulong)bytes, $"cannot be compared, for it cannot be read on the primary: {Errno.Describe((int)-have)}");
            _progress.BytesDone += step == Step.Compares ? (ulong)bytes : 0;
        }
        else if (step == Step.Copies)
        {
            _block.IsLinkBehind = true;
            _block.Send(token, file, offset, data, (int)have);
            _marks.Copied(file.Key, offset, ExtentSet.RoundUp((ulong)bytes));
        }
        else
        {
            _progress.BytesDone += step == Step.Compares ? (ulong)bytes : 0;
            if (have > 0)
                _comparison.Ask(
                    new ComparedBlock(file, offset, bytes, (int)have, step == Step.Divides && have > ExtentSet.ExtentBytes), data, FrameFlags.Tentative);
            _host.Release(token);
        }
    }

    /// <summary>The target has compared a block, a size or a hole.</summary>
    public void HashResult(ulong sequence, bool equal)
    {
        if (_shapes.Remove(sequence, out var shape))
        {
            shape.File.Outstanding--;
            if (equal && shape.Hole > 0)
                Equal(shape.File, shape.Offset, shape.Hole);
            else if (equal)
                _marks.Cut(shape.File.Key, shape.Offset);
            else if (shape.Hole > 0 && !shape.File.IsAbandoned)
                Divide(shape.File, shape.Offset, shape.Hole);
            else
                DiffersInSize(shape.File);
        }
        else if (_comparison.TryTake(sequence, out var block))
        {
            if (equal)
                Equal(block.File, block.Offset, (ulong)block.Bytes);
            else if (block.ExtentCount > 1 && !block.File.IsAbandoned)
                Divide(block.File, block.Offset, (ulong)block.Bytes);
            else
                DiffersInData(block.File, block.Offset, block.Bytes);
        }
    }

    /// <summary>The target has compared each extent of a block.</summary>
    public void HashResults(ulong sequence, ReadOnlySpan<byte> different)
    {
        if (!_comparison.TryTake(sequence, out var block))
            return;
        for (int from = 0, to; from < block.ExtentCount; from = to)
        {
            var differs = IsSet(different, from);
            for (to = from + 1; to < block.ExtentCount && IsSet(different, to) == differs;)
                to++;
            var offset = block.Offset + (ulong)from * ExtentSet.ExtentBytes;
            var bytes = (to == block.ExtentCount ? block.Bytes : to * ExtentSet.ExtentBytes) - from * ExtentSet.ExtentBytes;
            if (differs)
                DiffersInData(block.File, offset, bytes);
            else
                Equal(block.File, offset, (ulong)bytes);
        }
    }

    /// <summary>The target has compared a directory.</summary>
    public void NamesResult(ulong sequence, List<NameFinding> findings) => _names.Result(sequence, findings, _repairs);

    public void Dispose()
    {
        foreach (var file in _open)
            _ = Shim.Close(file.Descriptor);
        _open.Clear();
    }

    /// <summary>The local disk has failed: a write that only the peer has would be found, and repaired with what it replaced.</summary>
    private void GiveUp()
    {
        Stop("The disk of this node has failed.");
        foreach (var file in _open)
            file.Abandon();
    }

    private bool IsIdle => _open.Count == 0 && (_stop is not null || (_names.IsDone && _waiting.Count == 0));

    private static bool IsSet(ReadOnlySpan<byte> bits, int index) => index / 8 < bits.Length && (bits[index / 8] >> index % 8 & 1) != 0;

    /// <summary>Only a second answer says that the file ends at a short read.</summary>
    private static long Whole(FileCopy file, ulong offset, byte* data, int have, int bytes)
    {
        if (have == 0 || have == bytes)
            return have;
        var rest = Shim.ReadAt(file.Descriptor, data + have, (ulong)(bytes - have), offset + (ulong)have);
        return rest < 0 ? rest : have + rest;
    }

    private void Found(FileKey key, ResyncFile file)
    {
        if (!_seen.Add(key))
            return;
        _files.Set(key, file);
        _waiting.Enqueue(key);
        _progress.BytesTotal += file.AllocatedBytes;
    }

    private void NameDiffers(int root, string path, NameFinding finding)
    {
        Differs(root, path, 0, 0, finding.What);
        if (finding.Kind == NameFindingKind.Missing)
            _missing.Add((root, path));
    }

    private void Differs(int root, string path, ulong offset, ulong bytes, string what)
    {
        _findingCount++;
        _differentBytes += bytes;
        if (_findings.Count > 0 && bytes > 0 && _findings[^1] is var last && last.Root == root && last.Path == path && last.What == what
            && last.Offset + last.Bytes == offset)
        {
            _findingCount--;
            _findings[^1] = last with { Bytes = last.Bytes + bytes };
        }
        else if (_findings.Count < FindingsMax)
        {
            _findings.Add(new VerifyFinding(root, path, offset, bytes, what));
        }
    }

    /// <summary>Something in the range differs: marked as it is until the answer for each extent takes away what is equal, for
    /// that answer may never come.</summary>
    private void Divide(FileCopy file, ulong offset, ulong bytes)
    {
        _marks.Mark(file.Key, offset, bytes);
        file.Different.Enqueue(new DifferentRange(offset, bytes, IsDivided: true));
    }

    /// <summary>An equal hash is what takes a mark away, once it is durable that the target has it.</summary>
    private void Equal(FileCopy file, ulong offset, ulong bytes)
    {
        if (_marks.Find(file.Key) is not null)
            _marks.Copied(file.Key, offset, ExtentSet.RoundUp(bytes));
    }

    private void DiffersInData(FileCopy file, ulong offset, int bytes)
    {
        _marks.Mark(file.Key, offset, (ulong)bytes);
        if (file.IsAbandoned)
            return;
        Differs(file.File.Root, file.File.Path, offset, (ulong)bytes, "has other data");
        if (_repairs)
            file.Different.Enqueue(new DifferentRange(offset, (ulong)bytes, IsDivided: false));
    }

    private void DiffersInSize(FileCopy file)
    {
        _marks.MarkWhole(file.Key);
        if (file.IsAbandoned)
            return;
        var path = _files.TryGet(file.Key, out var now) ? now.Path : file.File.Path;
        Differs(file.File.Root, path, 0, 0, "has another size, or is missing");
        if (!_repairs || !_names.Repair(file.File.Root, path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : ""))
            return;
        // Behind the repair of the size in the stream; it takes the mark away when all of it is durable.
        if (_toCopy.Add(file.Key))
            _waiting.Enqueue(file.Key);
    }

    private void TurnData()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            if (_open[index].IsDone)
                Finish(_open[index], index);
        var mayGo = true;
        for (var index = 0; mayGo && index < _open.Count; index++)
            mayGo = Ask(_open[index]);
        // A size is repaired before data is copied, and a stop begins nothing new but what makes findings equal.
        while (mayGo && _stop is null && _names.IsDone && _open.Count < FilesMax && _link.Stream.Room > 1024 && _waiting.TryDequeue(out var key))
            if (Open(key) is { } file)
            {
                _open.Add(file);
                mayGo = Ask(file);
            }
    }

    private FileCopy? Open(FileKey key)
    {
        if (!_files.TryGet(key, out var file))
            return null;
        var descriptor = SparseFile.Open(_host.Roots[file.Root].Descriptor, file.Path, key.Inode, "the verification", out var stat);
        if (descriptor < 0)
        {
            _files.Remove(key);
            // Removed, or it has another name still: the walk finds that one.
            if (file.IsLinked)
                _isMissing |= _seen.Remove(key);
            if (_toCopy.Remove(key) && !file.IsLinked)
                _marks.Forget(key);
            return null;
        }
        _fileCount++;
        if (!_repairs && _missing.Contains((file.Root, file.Path)))
        {
            _marks.MarkWhole(key); // nothing is there to compare with
            _ = Shim.Close(descriptor);
            return null;
        }
        var isCopied = _toCopy.Remove(key);
        _marks.ResolveWhole(key, stat.Size); // an older mark: what is found equal takes it away piece by piece
        return new FileCopy(key, file, descriptor, _link.BindPath(file.Root, file.Path, FrameFlags.Tentative)) { IsCopied = isCopied };
    }

    private void Finish(FileCopy file, int index)
    {
        _link.Unbind(file.WireFile);
        _ = Shim.Close(file.Descriptor);
        _open.RemoveAt(index);
        if (!_toCopy.Contains(file.Key)) // else its turn to be copied comes
            _files.Remove(file.Key);
    }

    /// <returns>False: nothing more can be asked for in this turn.</returns>
    private bool Ask(FileCopy file)
    {
        while (!file.IsExhausted || file.Different.Count > 0)
        {
            var busy = _host.IsBusy;
            if (_reads.Count >= (busy ? 1 : _streams) || _comparison.IsFull || (busy && _comparison.Bytes >= BusyComparedBytesMax)
                || _link.Stream.WaitingBytes > WaitingBytesMax || _link.IsFull || !_host.CanRead)
                return false;
            if (_stop is not null)
            {
                file.IsExhausted = true;
                if (!_repairs)
                    file.Different.Clear();
            }
            if (file.Different.TryPeek(out var range))
            {
                if (!AskDifferent(file, range))
                    return false;
            }
            else if (!file.IsExhausted && !AskNext(file, busy))
            {
                return false;
            }
        }
        return true;
    }

    private bool AskDifferent(FileCopy file, DifferentRange range)
    {
        var bytes = Math.Min(range.Bytes, CompareBytes);
        if (!Begin(file, range.Offset, (int)bytes, range.IsDivided ? Step.Divides : Step.Copies))
            return false;
        file.Different.Dequeue();
        if (bytes < range.Bytes)
            file.Different.Enqueue(new DifferentRange(range.Offset + bytes, range.Bytes - bytes, range.IsDivided));
        return true;
    }

    private bool AskNext(FileCopy file, bool busy)
    {
        var isCopy = file.IsCopied;
        NativeStat stat;
        Shim.Check(Shim.StatAt(file.Descriptor, "", &stat), $"look at {file.File.Path}");
        var size = stat.Size;
        if (file.Cursor >= size)
        {
            if (!_host.Quieten(file.Key, ExtentSet.RoundDown(size), ulong.MaxValue))
                return false;
            Shape(file, size, 0);
            file.IsExhausted = true;
            return true;
        }
        var data = SparseFile.Data(file.Descriptor, file.Cursor, size);
        if (data > file.Cursor)
        {
            var hole = Math.Min(data - file.Cursor, HoleBytesMax);
            if (!_host.Quieten(file.Key, file.Cursor, ExtentSet.RoundUp(hole)))
                return false;
            if (isCopy)
            {
                _link.SendRange(FrameType.ResyncZero, file.WireFile, file.Cursor, hole, 0, -1);
                _marks.Copied(file.Key, file.Cursor, ExtentSet.RoundUp(hole));
            }
            else
            {
                Shape(file, file.Cursor, hole);
            }
            file.Cursor += hole;
            return true;
        }
        var most = busy ? BusyBytes : CompareBytes;
        var bytes = (int)Math.Min(Math.Min(size, SparseFile.Hole(file.Descriptor, file.Cursor, size)) - file.Cursor, (ulong)most);
        if (!Begin(file, file.Cursor, bytes, isCopy ? Step.Copies : Step.Compares))
            return false;
        file.Cursor += ExtentSet.RoundUp((ulong)bytes);
        return true;
    }

    private void Shape(FileCopy file, ulong offset, ulong hole)
    {
        var sequence = hole == 0
            ? _link.Send(FrameType.ResyncHashes, FrameFlags.Tentative, file.WireFile, offset)
            : _link.SendRange(FrameType.ResyncHashes, file.WireFile, offset, hole, 0, -1);
        _shapes.Add(sequence, (file, offset, hole));
        file.Outstanding++;
    }

    private bool Begin(FileCopy file, ulong offset, int bytes, Step step)
    {
        var token = _host.TryRead(file.Key, file.Descriptor, offset, bytes);
        if (token < 0)
            return false;
        _reads.Add(token, (file, offset, bytes, step));
        file.Outstanding++;
        return true;
    }

    private void Close()
    {
        if (_isMissing && _stop is null && !_hasLooked)
        {
            (_isMissing, _hasLooked) = (false, true);
            for (var root = 0; root < _host.Roots.Count; root++)
                _names.Add(root, "");
            return;
        }
        if (_barrier == 0 && _link.Stream.Room > 0)
            _barrier = _link.SendBarrier();
        if (_barrier != 0 && _link.IsDurable(_barrier))
            HasEnded = true;
    }
}
