// What a replica was before a resync changes it: kept while the resync runs, so that it can be undone (the undo record), and, on
// the losing side of a divergence, afterwards too (the salvage set).
// Invariants: (1) nothing of what the replica had is overwritten, cut or removed before its old content is in the journal on
// stable storage: whoever is about to asks for it to be saved, and does nothing while IsDone says no; (2) names and attributes need
// no record of their own: all of them stand at the journal's beginning; (3) every extent of a file is kept once, as it was first;
// what came into being since is nothing to keep; (4) an undo record that cannot be kept is given up, whole; a salvage set that cannot
// be kept ends the resync (design, G5).
using System.Collections.Concurrent;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>Keeps preimages. Belongs to the thread of the target's session, but for what says otherwise.</summary>
internal sealed unsafe class PreimageJournal : IDisposable
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int FileFlags = OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec;
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;

    /// <summary>Of a file that is made whole, at a time: whoever changes it waits no longer than that takes.</summary>
    private const ulong PartBytes = 1 << 20;

    /// <summary>From this on, in bytes, what is saved is read past the page cache: only less than that was just read to be compared.</summary>
    private const ulong DirectBytesMin = 1 << 20;

    /// <summary>Once the resync has ended nobody waits for more than this of a file to be saved, in bytes: what only this node held is, by then.</summary>
    private const ulong SoftBytesMax = 8 << 20;

    /// <summary>Of the room that the journal may take, what making files whole may use.</summary>
    private const double CompletionPart = 0.75;

    /// <summary>How long it is waited for a wake that should have come, in ms.</summary>
    private const int LookMs = 100;

    /// <summary>Held while something is saved, by whichever thread.</summary>
    private readonly Lock _lock = new();
    private readonly WakeEvent _wake = new();
    private readonly PreimageSaver _saver;

    /// <summary>Up to where the journal has to be on stable storage for a ticket, in their order.</summary>
    private readonly ConcurrentQueue<(ulong Ticket, long Bytes)> _ends = new();
    private readonly PreimageCatalog _catalog;
    private readonly JournalFile _journal;
    private readonly PreimageOrigin _origin;
    private readonly long _bytesMax;
    private readonly Action<string> _givenUp;
    private readonly DirectRead _direct = new();
    private bool _ended;
    private volatile bool _soft;
    private string? _failure;
    private ulong _hardTicket;

    /// <param name="bytesMax">Of the journal.</param>
    /// <param name="givenUp">Told why, when an undo record cannot be kept any longer; removes it.</param>
    public PreimageJournal(PreimageCatalog catalog, JournalFile journal, PreimageOrigin origin, long bytesMax, Action<string> givenUp)
    {
        (_catalog, _journal, _origin, _bytesMax, _givenUp) = (catalog, journal, origin, bytesMax, givenUp);
        _saver = new PreimageSaver(Save, _wake.Set);
        journal.Progressed = _wake.Set;
    }

    /// <summary>What the journal is of, with its length: once this is disposed, its last one.</summary>
    public PreimageOrigin Origin
    {
        get
        {
            var (bytes, number) = _journal.Extent;
            return _origin with { Bytes = bytes, LastNumber = number };
        }
    }

    /// <summary>Where large files that are removed go; null: all are copied.</summary>
    public KeptFiles? KeptFiles { get; init; }

    /// <summary>Called while much is copied, again and again; null: whoever waits for it is told nothing. On the copying thread.</summary>
    public Action? Copying { get; set; }

    /// <summary>A disk of the replica took no more. When that is because files are kept that the resync removes, an undo record is
    /// given up for them: the next resync finds their space.</summary>
    public void DiskRefused()
    {
        if (_ended || _origin.IsSalvage || _catalog.KeptBytes == 0 || KeptFiles is not { IsFull: true })
            return;
        Close();
        try
        {
            _givenUp($"The undo record of the resync is given up: the disk is full, and {_catalog.KeptBytes >> 20} MiB of it are files that {_origin.Peer} "
                + $"has no more. The resync goes on; if {_origin.Peer} dies before it ends, this node cannot go back to the replica that it had.");
        }
        catch (IOException)
        {
            // It stays as it is, and good: nothing is replaced on this link any more.
        }
    }

    /// <summary>To be polled while something is waited for; -1 once disposed. Readable: ask <see cref="IsDone"/> again, after
    /// <see cref="ClearWake"/>.</summary>
    public int WakeDescriptor => _wake.Descriptor;

    public void ClearWake() => _wake.Clear();

    /// <summary>The last ticket that needs its file no more.</summary>
    public ulong SavedTicket => _saver.Done;

    /// <summary>Nothing is kept any more. Any thread.</summary>
    public bool HasEnded => Volatile.Read(ref _ended);

    /// <summary>The resync has ended well: what is saved from here on only makes files whole, and nothing waits for a disk for it.
    /// Any thread.</summary>
    public void Soften()
    {
        lock (_lock)
            _soft = true;
        _wake.Set();
    }

    /// <summary>Files of which a part is saved and not all, with the names that they had. Any thread.</summary>
    public IReadOnlyList<(FileKey Key, IReadOnlyList<string> Paths)> Unfinished(Func<FileKey, PreimageFile, bool> wanted)
    {
        lock (_lock)
            return [.. _catalog.Files.Where(file => file.Value is { IsChanged: true, IsWhole: false, IsSpoiled: false } && wanted(file.Key, file.Value))
                .Select(file => (file.Key, (IReadOnlyList<string>)file.Value.Paths))];
    }

    /// <summary>Saves a part more of a file that is not replaced (yet). Any thread.</summary>
    /// <returns>False: there is nothing more, or no room to spare.</returns>
    public bool Complete(FileKey key, int file)
    {
        lock (_lock)
        {
            if (_ended || _catalog.Find(key) is not { IsWhole: false, IsSpoiled: false } kept || _journal.Bytes + (long)PartBytes > (long)(_bytesMax * CompletionPart))
                return false;
            try
            {
                var first = kept.Saved.TryNext(0, out var run) && run.Offset == 0 ? run.End : 0;
                Save(key, kept, file, first, Math.Min(first + PartBytes, kept.Size));
                return true;
            }
            catch (IOException)
            {
                return false; // Whoever must not go on without the journal meets the same at its next turn.
            }
        }
    }

    /// <summary>A range of a file is about to change, or may be before long: has it saved.</summary>
    /// <param name="file">Open in any way but O_PATH, until <see cref="SavedTicket"/> has reached the ticket.</param>
    /// <param name="end">Behind the range; beyond the end of the file will do.</param>
    /// <returns>What has to be done before it changes.</returns>
    /// <exception cref="TargetException">A salvage set cannot be kept.</exception>
    public PreimageWait Ask(FileKey key, int file, ulong offset, ulong end)
    {
        Judge();
        if (_ended || _catalog.Find(key) is not { } kept)
            return default;
        var first = ExtentSet.RoundDown(offset);
        end = Math.Min(ExtentSet.RoundUp(Math.Min(end, kept.Size)), kept.Size);
        if (first >= end)
            return default;
        if (!kept.Covers(first, end))
            return Spoils(kept, end - first) ? default : new PreimageWait(_saver.Ask(key, file, first, end), 0);
        var bytes = _journal.Bytes;
        if (_soft || _journal.Hardened >= bytes)
            return default;
        _journal.Demand(); // Perhaps whoever has saved it wanted no sync.
        return new PreimageWait(0, bytes);
    }

    /// <summary>Of a range that is about to change, how much can be asked for so that no more than so many bytes have to be copied.</summary>
    /// <param name="file">As for <see cref="Ask"/>.</param>
    /// <returns>Behind that part: a multiple of an extent, or <paramref name="end"/> when all of it can. The session's thread.</returns>
    public ulong Within(FileKey key, int file, ulong offset, ulong end, ulong bytesMax)
    {
        if (_ended || _soft || _catalog.Find(key) is not { } kept)
            return end;
        var last = Math.Min(end, kept.Size);
        var left = bytesMax;
        for (var at = ExtentSet.RoundDown(offset); at < last && kept.TryGap(at, last, out var gap);)
        {
            var data = Shim.Seek(file, gap.Offset, SeekData);
            if (data < 0 || (ulong)data >= last)
                break; // Saving it meets the error again, where there is one.
            at = gap.End;
            if ((ulong)data >= gap.End)
                continue;
            var hole = Shim.Seek(file, (ulong)data, SeekHole);
            var stop = hole < 0 ? gap.End : Math.Min((ulong)hole, gap.End);
            var first = ExtentSet.RoundDown((ulong)data);
            if (stop - first > left)
                return first + left;
            left -= stop - first;
            at = Math.Max(ExtentSet.RoundUp(stop), gap.Offset);
        }
        return end;
    }

    /// <summary>Whether what was to be awaited has come.</summary>
    public bool IsDone(in PreimageWait wait)
    {
        if (_ended)
            return true;
        var hardened = _journal.Hardened;
        while (_ends.TryPeek(out var end) && end.Bytes <= hardened && _ends.TryDequeue(out end))
            _hardTicket = end.Ticket;
        return _soft ? wait.Ticket <= _saver.Done : wait.Ticket <= _hardTicket && wait.Bytes <= hardened;
    }

    /// <summary>Waits until it has come.</summary>
    /// <exception cref="TargetException">A salvage set cannot be kept.</exception>
    public void Wait(in PreimageWait wait)
    {
        for (Judge(); !IsDone(wait); Judge())
        {
            var entry = new NativePoll { Descriptor = WakeDescriptor, Events = NativePoll.In };
            _ = Shim.Poll(&entry, 1, LookMs);
            ClearWake();
        }
    }

    /// <summary>Sees to it that what could not be saved has its consequence. Before that nothing is done that waits for it.</summary>
    /// <exception cref="TargetException">A salvage set cannot be kept.</exception>
    public void Judge()
    {
        if (_ended || (Volatile.Read(ref _failure) ?? _journal.Failure) is not { } failure)
            return;
        Close();
        if (_soft)
            return;
        if (_origin.IsSalvage)
            throw new TargetException(
                $"What only this node holds since the nodes diverged cannot be saved, so the resync does not go on over it: {failure} "
                + $"Free space for {_origin.Node}'s salvage set, or give it up with 'hamirror start --as-secondary --full-sync' here.",
                replicaFailed: true);
        GiveUp(failure);
    }

    /// <summary>As <see cref="Ask"/>, of a file that is open with O_PATH or so and is about to be cut. Durable when this returns.</summary>
    public void SaveCut(int root, int path, ulong size)
    {
        NativeStat stat;
        if (_ended || Shim.StatAt(path, "", &stat) < 0 || stat.Size <= size
            || (_catalog.Find(new FileKey(root, stat.Inode)) is { } cut && Spoils(cut, cut.Size - Math.Min(size, cut.Size))))
            return;
        Keep(() =>
        {
            NativeStat now;
            if (Shim.StatAt(path, "", &now) < 0 || _catalog.Find(new FileKey(root, now.Inode)) is not { } kept)
                return;
            var file = Shim.Check(Shim.Reopen(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec), "open a file that is cut");
            try
            {
                Save(new FileKey(root, now.Inode), kept, file, size, kept.Size);
            }
            finally
            {
                _ = Shim.Close(file);
            }
            HardenUnlessSoft();
        });
    }

    /// <summary>A name is about to be removed or replaced. Durable when this returns.</summary>
    public void Leave(int root, int parent, string name)
    {
        fixed (byte* zero = System.Text.Encoding.UTF8.GetBytes(name + "\0"))
            Leave(root, parent, zero);
    }

    /// <inheritdoc cref="Leave(int, int, string)"/>
    /// <param name="name">Ends with a zero.</param>
    public void Leave(int root, int parent, byte* name)
    {
        NativeStat stat;
        if (_ended || Shim.StatAt(parent, name, &stat) < 0 || (stat.Mode & TypeMask) == TypeDirectory)
            return;
        var (key, links, found) = (new FileKey(root, stat.Inode), stat.Links, stat);
        Keep(() =>
        {
            // With more names than the replica had one may lie outside of it, where nobody would find it again.
            if (_catalog.Find(key) is not { } kept || (links > 1 && links <= kept.Paths.Count))
                return;
            if (kept.IsRegular && KeptFiles?.TryKeep(root, parent, name, found, _catalog.KeptBytes) == true)
            {
                var allocated = found.Blocks * 512;
                _journal.Append(PreimageKind.Kept, FrameFlags.None, root, key.Inode, 0, allocated, 0);
                _catalog.Kept(kept, allocated);
                // Not softened: a name in a directory counts for nothing without its record.
                _journal.Harden();
                return;
            }
            if (Spoils(kept, found.Blocks * 512))
                return;
            if (kept.IsRegular)
            {
                ExpectRoom(found.Blocks * 512, kept);
                var file = Shim.Check(Shim.Open(parent, name, FileFlags, 0), "open a file that is removed");
                try
                {
                    Save(key, kept, file, 0, kept.Size);
                }
                finally
                {
                    _ = Shim.Close(file);
                }
            }
            _journal.Append(PreimageKind.Gone, FrameFlags.None, root, key.Inode, 0, 0, 0);
            kept.IsGone = true;
            HardenUnlessSoft();
        });
    }

    /// <summary>Nothing is kept from here on.</summary>
    public void Dispose()
    {
        if (!_ended && _origin.IsSalvage)
            try
            {
                _saver.Dispose();
                _journal.Harden();
            }
            catch (IOException)
            {
                // Only what makes files whole is left out, for nothing was replaced that was not on the disk; the set says of each
                // file whether it is whole.
            }
        Close();
        _wake.Dispose();
    }

    private void Close()
    {
        _saver.Dispose();
        lock (_lock)
        {
            if (_ended)
                return;
            Volatile.Write(ref _ended, true);
            _direct.Dispose();
            _journal.Dispose();
        }
    }

    private void HardenUnlessSoft()
    {
        if (!_soft)
            _journal.Harden();
    }

    private void Keep(Action save)
    {
        lock (_lock)
            try
            {
                if (!_ended && _failure is null)
                    save();
            }
            catch (IOException failure)
            {
                Volatile.Write(ref _failure, failure.Message);
            }
        Judge();
    }

    /// <summary>On the saver's thread. What fails is told by <see cref="Judge"/>, for only the session can act on it.</summary>
    /// <returns>Nothing else will wake the session for it.</returns>
    private bool Save(PreimageRequest request)
    {
        lock (_lock)
            try
            {
                if (_failure is null && _catalog.Find(request.Key) is { } kept)
                    Save(request.Key, kept, request.File, request.Offset, request.End);
            }
            catch (IOException failure)
            {
                Volatile.Write(ref _failure, failure.Message);
            }
        if (_soft || _failure is not null)
            return true;
        var bytes = _journal.Bytes;
        _ends.Enqueue((request.Ticket, bytes));
        if (_journal.Hardened >= bytes)
            return true;
        _journal.Demand();
        return false;
    }

    private void GiveUp(string failure)
    {
        try
        {
            _givenUp($"The undo record of the resync is given up: {failure} The resync goes on; if {_origin.Peer} dies before it ends, "
                + "this node cannot go back to the replica that it had.");
        }
        catch (IOException stuck)
        {
            // An undo of what is left of it would make a replica that never was.
            throw new TargetException($"The undo record cannot be removed, so the resync does not go on beside it: {stuck.Message}", replicaFailed: true);
        }
    }

    /// <summary>Whether so much of a file may change unsaved, which ends its being made whole.</summary>
    private bool Spoils(PreimageFile kept, ulong bytes)
    {
        kept.IsSpoiled |= _soft && bytes > SoftBytesMax;
        return kept.IsSpoiled;
    }

    private void Save(FileKey key, PreimageFile kept, int file, ulong offset, ulong end)
    {
        var first = ExtentSet.RoundDown(offset);
        end = Math.Min(end, kept.Size);
        if (first >= end)
            return;
        end = Math.Min(ExtentSet.RoundUp(end), kept.Size);
        for (; kept.TryGap(first, end, out var gap); first = gap.End)
            SaveGap(key, kept, file, gap.Offset, gap.End);
    }

    private void SaveGap(FileKey key, PreimageFile kept, int file, ulong offset, ulong end)
    {
        while (offset < end)
        {
            var data = Shim.Seek(file, offset, SeekData);
            if (data is < 0 and not -Errno.ENXIO)
                Shim.Check(data, "look for the data of a file that changes");
            var begin = data < 0 ? end : Math.Min((ulong)data, end);
            if (begin > offset)
                Append(PreimageKind.Hole, key, kept, offset, begin - offset, 0);
            if (begin >= end)
                return;
            var hole = Math.Min((ulong)Shim.Check(Shim.Seek(file, begin, SeekHole), "look for the holes of a file that changes"), end);
            for (offset = begin; offset < hole;)
                offset += SaveBytes(key, kept, file, offset, Math.Min(hole - offset, FrameHeader.PayloadLengthMax));
        }
    }

    /// <summary>Says before the first byte of much that the last one will not fit.</summary>
    private void ExpectRoom(ulong allocated, PreimageFile kept)
    {
        if (allocated > kept.Saved.Bytes && _journal.Bytes + (long)(allocated - kept.Saved.Bytes) > _bytesMax && allocated > PartBytes)
            throw NoRoom();
    }

    private IOException NoRoom() => new($"it needs more than {_bytesMax >> 20} MiB, half of what was free under /var/lib/hamirror.");

    private ulong SaveBytes(FileKey key, PreimageFile kept, int file, ulong offset, ulong bytes)
    {
        if (_journal.Bytes + (long)bytes > _bytesMax)
            throw NoRoom();
        Copying?.Invoke();
        var isDirect = bytes >= DirectBytesMin && (offset | bytes) % ExtentSet.ExtentBytes == 0 && _direct.Of(key, file) >= 0;
        var room = _journal.Reserve(isDirect);
        var result = isDirect ? _direct.Read(room, bytes, offset) : Shim.ReadAt(file, room, bytes, offset);
        if (result < 0)
            _journal.Unreserve();
        var read = (ulong)Shim.Check(result, "read what a resync replaces");
        // Shorter: somebody else has cut the file; there is nothing more to keep.
        if (read < bytes)
            new Span<byte>(room + read, (int)(bytes - read)).Clear();
        var isZero = Shim.IsZero(room, bytes) != 0;
        Append(isZero ? PreimageKind.Zeros : PreimageKind.Bytes, key, kept, offset, bytes, isZero ? 0 : (int)bytes);
        return bytes;
    }

    private void Append(PreimageKind kind, FileKey key, PreimageFile kept, ulong offset, ulong length, int payloadBytes)
    {
        _journal.Append(kind, FrameFlags.None, key.Root, key.Inode, offset, length, payloadBytes);
        _catalog.Saved(kept, new PreimageRange(kind, offset, length, 0), withRanges: false);
    }
}
