// Ranges that a resync frees or cuts off, of which much has to be saved before: that is done in pieces, beside what else the session does,
// for a live write must not wait until gigabytes are copied that have nothing to do with it.
// Invariants: (1) an extent that is owed holds what the replica had and means zeros; nothing under way touches it: a write takes the extents
// that it fills out of what is owed, and those that it fills in part, or that are read, are freed first; (2) a barrier is answered and an
// offer looked at when nothing is owed: until then all of it is in flight at the source, which marks it should the link end; (3) only
// while a resync runs, when nobody counts on this replica.
using HaMirror.Core.Extents;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Frees ranges and cuts files as their old content is saved. Belongs to the session's thread.</summary>
/// <param name="scratch">For file systems that cannot free ranges.</param>
internal sealed unsafe class OwedZeros(PageBlock scratch) : IDisposable
{
    private const int PunchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    private const uint TypeMask = 0xF000;
    private const uint TypeRegular = 0x8000;

    /// <summary>So much is saved at a time, and up to so much while others wait: some hundredths of a second on an ordinary disk.</summary>
    private const ulong PieceBytes = 8 << 20;

    private const int LookMs = 100;

    private readonly Dictionary<FileKey, OwedFile> _files = [];

    private sealed class OwedFile(FileKey key, int descriptor, string name)
    {
        public FileKey Key => key;
        public int Descriptor => descriptor;
        public string Name => name;

        public ExtentSet Extents { get; } = new();

        /// <summary>The length that the file is to get; null: it has it. What lies behind is owed.</summary>
        public ulong? Size { get; set; }

        /// <summary>What is being saved.</summary>
        public ExtentRange? Piece { get; set; }

        public PreimageWait Awaited { get; set; }
    }

    /// <summary>Null: nothing is kept, and so nothing owed anew.</summary>
    public PreimageJournal? Journal { get; set; }

    public bool IsOwing => _files.Count > 0;

    /// <summary>A range is to become a hole. No write of it may be under way.</summary>
    /// <returns>True: it is owed from here on. False: it is little, and to be done at once.</returns>
    public bool TryFree(TargetFile file, ulong offset, ulong bytes)
    {
        NativeStat stat;
        if (Journal is not { } journal || file.IsMissing || bytes <= PieceBytes || Shim.StatAt(file.Descriptor, "", &stat) < 0)
            return false;
        var key = file.Key;
        // What lies behind the end is zeros; the extent that the end lies in is freed whole with it.
        var end = offset + bytes >= stat.Size ? ExtentSet.RoundUp(stat.Size) : offset + bytes;
        var (first, last) = (ExtentSet.RoundUp(offset), ExtentSet.RoundDown(end));
        if (first >= last || journal.Within(key, file.Descriptor, first, last, PieceBytes) >= last)
            return false;
        if (Get(key, file.Descriptor, file.FullPath) is not { } owed)
            return false;
        FreeNow(owed, offset, first);
        FreeNow(owed, last, end);
        owed.Extents.Add(first, last - first);
        Advance(owed);
        return true;
    }

    /// <summary>A file is to get a length. No write of it may be under way.</summary>
    /// <param name="file">O_PATH will do.</param>
    /// <returns>True: it is owed from here on. False: it is to be given to it at once.</returns>
    public bool TryCut(FileKey key, int file, string name, ulong size)
    {
        NativeStat stat;
        if (Journal is not { } journal || Shim.StatAt(file, "", &stat) < 0 || (stat.Mode & TypeMask) != TypeRegular)
            return false;
        var isOwing = _files.TryGetValue(key, out var owed);
        if (size > stat.Size)
        {
            if (owed is not null)
                Finish(owed);
            return false;
        }
        if (!isOwing && stat.Size - size <= PieceBytes)
            return false;
        owed ??= Get(key, file, name);
        if (owed is null)
            return false;
        if (!isOwing && journal.Within(key, owed.Descriptor, size, stat.Size, PieceBytes) >= stat.Size)
        {
            Close(owed);
            return false;
        }
        var (first, end) = (ExtentSet.RoundUp(size), ExtentSet.RoundUp(stat.Size));
        if (!owed.Extents.Contains(size))
            FreeNow(owed, size, Math.Min(first, end));
        if (first < end)
            owed.Extents.Add(first, end - first);
        owed.Size = size;
        Advance(owed);
        return true;
    }

    /// <summary>A range is about to be written.</summary>
    public void Written(FileKey key, ulong offset, ulong bytes)
    {
        if (!_files.TryGetValue(key, out var owed))
            return;
        var end = offset + bytes;
        if (offset % ExtentSet.ExtentBytes != 0 || bytes < ExtentSet.ExtentBytes)
            FreeOwed(owed, ExtentSet.RoundDown(offset), ExtentSet.RoundDown(offset) + ExtentSet.ExtentBytes);
        if (end % ExtentSet.ExtentBytes != 0)
            FreeOwed(owed, ExtentSet.RoundDown(end), ExtentSet.RoundUp(end));
        owed.Extents.Remove(offset, bytes);
        Reached(key, end);
    }

    /// <summary>A range is about to be read.</summary>
    public void Read(FileKey key, ulong offset, ulong bytes)
    {
        if (bytes > 0 && _files.TryGetValue(key, out var owed))
            FreeOwed(owed, ExtentSet.RoundDown(offset), ExtentSet.RoundUp(offset + bytes));
    }

    /// <summary>A file is at least so long.</summary>
    public void Reached(FileKey key, ulong end)
    {
        if (_files.TryGetValue(key, out var owed) && owed.Size < end)
            owed.Size = end;
    }

    /// <summary>Does what is owed of one file.</summary>
    public void Finish(FileKey key)
    {
        if (_files.TryGetValue(key, out var owed))
            Finish(owed);
    }

    /// <summary>Does all that is owed, however long that takes.</summary>
    /// <param name="waiting">Called again and again meanwhile.</param>
    public void Finish(Action? waiting)
    {
        for (Settle(); IsOwing; Settle())
        {
            waiting?.Invoke();
            WaitForJournal();
        }
    }

    /// <summary>Does what can be done by now.</summary>
    /// <exception cref="TargetException">A salvage set cannot be kept, or the disk refuses.</exception>
    public void Settle()
    {
        if (_files.Count == 0)
            return;
        Journal?.Judge();
        foreach (var owed in _files.Values.ToArray())
            Advance(owed);
    }

    /// <summary>What is owed is never done: the source marks it. Nothing is saved any more.</summary>
    public void Dispose()
    {
        foreach (var owed in _files.Values.ToArray())
            Close(owed);
    }

    private OwedFile? Get(FileKey key, int file, string name)
    {
        if (_files.TryGetValue(key, out var owed))
            return owed;
        var opened = Shim.Reopen(file, OpenFlags.ReadWrite | OpenFlags.CloseOnExec);
        if (opened < 0)
            return null;
        _files.Add(key, owed = new OwedFile(key, opened, name));
        return owed;
    }

    private void Advance(OwedFile owed)
    {
        while (true)
        {
            if (owed.Piece is { } piece)
            {
                if (Journal is { } journal && !journal.IsDone(owed.Awaited))
                    return;
                // A write may have taken some of it meanwhile.
                for (var at = piece.Offset; owed.Extents.TryNext(at, out var run) && run.Offset < piece.End; at = run.End)
                    Free(owed, Math.Max(run.Offset, piece.Offset), Math.Min(run.End, piece.End));
                owed.Extents.Remove(piece.Offset, piece.Length);
                owed.Piece = null;
            }
            if (!owed.Extents.TryNext(0, out var next))
            {
                Cut(owed);
                Close(owed);
                return;
            }
            var end = Journal?.Within(owed.Key, owed.Descriptor, next.Offset, next.End, PieceBytes) ?? next.End;
            owed.Piece = next with { Length = end - next.Offset };
            owed.Awaited = Journal?.Ask(owed.Key, owed.Descriptor, next.Offset, end) ?? default;
        }
    }

    private void Finish(OwedFile owed)
    {
        for (Advance(owed); _files.ContainsKey(owed.Key); Advance(owed))
            WaitForJournal();
    }

    private void WaitForJournal()
    {
        if (Journal is not { } journal)
            return;
        journal.Judge();
        var entry = new NativePoll { Descriptor = journal.WakeDescriptor, Events = NativePoll.In };
        _ = Shim.Poll(&entry, 1, LookMs);
        journal.ClearWake();
    }

    /// <summary>Frees what is owed of a range of whole extents, and waits for it to be saved.</summary>
    private void FreeOwed(OwedFile owed, ulong first, ulong end)
    {
        for (var at = first; owed.Extents.TryNext(at, out var run) && run.Offset < end; at = run.End)
        {
            var (from, to) = (Math.Max(run.Offset, first), Math.Min(run.End, end));
            FreeNow(owed, from, to);
            owed.Extents.Remove(from, to - from);
        }
    }

    private void FreeNow(OwedFile owed, ulong first, ulong end)
    {
        if (first >= end)
            return;
        if (Journal is { } journal)
            journal.Wait(journal.Ask(owed.Key, owed.Descriptor, first, end));
        Free(owed, first, end);
    }

    private void Free(OwedFile owed, ulong first, ulong end) => WithTimes(owed, () =>
    {
        var result = Shim.Allocate(owed.Descriptor, PunchHole, first, end - first);
        return result == -Errno.EOPNOTSUPP
            ? ZeroRange.Allocate(owed.Descriptor, PunchHole, first, end - first, new Span<byte>(scratch.Address, (int)scratch.Bytes))
            : result;
    }, $"{end - first} bytes at {first} of {owed.Name} could not be freed");

    private void Cut(OwedFile owed)
    {
        if (owed.Size is { } size)
            WithTimes(owed, () => Shim.Truncate(owed.Descriptor, size), $"{owed.Name} could not be made {size} bytes long");
    }

    /// <summary>The times that the source told of this change, or of a later one, are there already.</summary>
    private static void WithTimes(OwedFile owed, Func<int> act, string failed)
    {
        const long nanoseconds = 1_000_000_000;
        NativeStat stat;
        var result = Shim.StatAt(owed.Descriptor, "", &stat);
        if (result >= 0)
            result = act();
        if (result >= 0)
            result = TargetNames.SetTimes(
                owed.Descriptor, (stat.AccessSeconds * nanoseconds) + stat.AccessNanoseconds, (stat.ModifySeconds * nanoseconds) + stat.ModifyNanoseconds);
        if (result < 0)
            throw new TargetException(
                $"{failed} on this node: {Errno.Describe(-result)}. Free space or repair the disk; the link is tried again by itself.", replicaFailed: true);
    }

    private void Close(OwedFile owed)
    {
        _files.Remove(owed.Key);
        _ = Shim.Close(owed.Descriptor);
    }
}
