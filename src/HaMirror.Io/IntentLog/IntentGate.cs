// The gate of cold areas: no change is let through whose area the intent log does not name on stable storage.
// Invariants, at every instant and whatever is lost in that instant:
//  1. An extent that may differ between the two disks is in a hot area of the log, or dirty in the log or in the marks file.
//  2. An area goes cold in a transaction that also holds its dirty extents: those written since it became hot, unless both
//     disks have them since (a flush of the local disk that began after they were done, a barrier behind them durable at the
//     peer) and nothing of it is marked. A transaction is one write with checksums: it counts whole or not at all.
//  3. The block from which on the log counts is written over only after marks was replaced by one that names a later block
//     and holds what the blocks before that one said.
// All cold areas of a batch share one transaction, and those that come meanwhile the next one.
using System.Runtime.CompilerServices;
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>The intent log of a module at work. Belongs to the pump's thread.</summary>
internal sealed unsafe partial class IntentGate : IDisposable
{
    /// <summary>A change of more areas than this makes all of the file hot.</summary>
    private const ulong AreasMax = 8;

    /// <summary>Areas that are made hot ahead of a sequential writer, and how near it may come before more are.</summary>
    private const ulong AheadAreas = 8;
    private const ulong AheadMin = 3;

    /// <summary>Changes of the hot set in one transaction at most, so that the first of them does not wait for very many.</summary>
    private const int ChangesMax = 256;

    /// <summary>Files reported dirty in one transaction at most.</summary>
    public const int DirtyMax = 2048;

    /// <summary>Blocks kept free for the transaction that holds all that is hot.</summary>
    private const ulong SpareBlocks = 64;

    private readonly IIntentHost _host;
    private readonly MarkSet _marks;
    private readonly IntentRing _ring;
    private readonly HotSet _hot;
    private readonly IntentTransaction _transaction = new();
    private readonly RecordedDirt _recorded = new();
    private readonly UnsettledNames _names = new();
    private readonly SequentialWriters _writers = new();
    private readonly List<IntentKey> _wanted = [];
    private readonly HashSet<IntentKey> _wantedKeys = [];
    private readonly List<int> _entering = [];
    private readonly List<int> _leaving = [];
    private readonly Queue<(IntentKey Key, Action<string?>? Done)> _dirty = new();
    private readonly List<Action<string?>> _told = [];
    private PageBlock _memory = new(16 * IntentTransaction.BlockBytes);
    private ulong _next;
    private ulong _start;
    private ulong _newStart;
    private int _writing;
    private long _unwritten;
    private long _failedWith;
    private bool _isReplacing;
    private string? _refused;
    private bool _isMapDue;
    private bool _isMapWriting;

    /// <param name="areas">Size of the hot set.</param>
    public IntentGate(IIntentHost host, MarkSet marks, IntentRing ring, int areas)
    {
        (_host, _marks, _ring) = (host, marks, ring);
        _hot = new HotSet(areas);
        _start = ring.Start;
        _next = ring.Start + 1;
        Flushes = new IntentFlushes(host, this, _recorded);
        marks.Unmarked = Unmarked;
    }

    /// <summary>Number of the present period: rises with each flush of both disks that begins.</summary>
    public long Period { get; private set; } = 1;

    /// <summary>Both disks have all that was written up to the end of this period, or it is marked.</summary>
    public long Settled { get; private set; }

    /// <summary>Something was changed in this period.</summary>
    public bool IsTouched { get; private set; }

    public IntentFlushes Flushes { get; }

    /// <summary>Why the log cannot be written any more, as a sentence; null: it can.</summary>
    public string? Failure { get; private set; }

    public int HotCount => _hot.Count;

    /// <summary>A write of the log is under way.</summary>
    public bool IsWriting => _writing > 0;

    /// <summary>Transactions written since the log was opened.</summary>
    public long TransactionCount { get; private set; }

    /// <summary>The marks file or the log says of something that it is dirty.</summary>
    public bool HoldsDirt { get; private set; }

    /// <summary>Nothing is marked here.</summary>
    public bool IsUnmarked => _marks.Count == 0;

    public void Dispose()
    {
        _marks.Unmarked = null;
        if (IsWriting)
            GC.SuppressFinalize(_memory); // a disk that hangs may still use it
        else
            _memory.Dispose();
    }

    /// <summary>Whether a change of a file's data may go. It goes at once, then; else its areas are on their way into the log.</summary>
    public bool Enter(FileKey key, ulong offset, ulong bytes)
    {
        if (bytes == 0)
            return true;
        var last = (offset + (bytes - 1)) / ExtentSet.AreaBytes;
        var first = offset / ExtentSet.AreaBytes;
        var isMany = last - first >= AreasMax;
        var made = _names.IsMade(key);
        var whole = -1;
        var ready = !made && !isMany || IsHot(IntentKey.OfWhole(key.Root, key.Inode), out whole);
        if (!isMany)
            for (var area = first; area <= last; area++)
                ready &= IsHot(new IntentKey(key.Root, key.Inode, area), out _);
        if (!ready)
            return false;
        if (made)
            _names.Forget(key);
        if (whole >= 0)
            Touch(whole);
        if (!isMany)
            for (var area = first; area <= last; area++)
                Write(key, area, offset, bytes);
        if (_writers.Note(key, offset, bytes))
            GoAhead(key, last);
        return true;
    }

    /// <summary>Whether a change that touches all of these files may go. It goes at once, then.</summary>
    public bool EnterWhole(List<FileKey> keys)
    {
        var ready = true;
        foreach (var key in keys)
            ready &= IsHot(IntentKey.OfWhole(key.Root, key.Inode), out _);
        if (!ready)
            return false;
        foreach (var key in keys)
        {
            Touch(_hot.Find(IntentKey.OfWhole(key.Root, key.Inode)));
            _names.Forget(key);
        }
        return true;
    }

    /// <summary>The file that had this name until it was removed, when both disks are not known to agree on that.</summary>
    public bool TryFindRemoved(FileKey directory, string name, out FileKey file) => _names.TryFindRemoved(directory, name, out file);

    /// <summary>A name of a regular file was removed.</summary>
    public void Removed(FileKey directory, string name, FileKey file)
    {
        IsTouched = true;
        _names.Removed(directory, name, file, Period);
    }

    /// <summary>A regular file was made. It is probably written next.</summary>
    public void Made(FileKey key)
    {
        IsTouched = true;
        _names.Made(key, Period);
        Want(IntentKey.OfWhole(key.Root, key.Inode));
        Want(new IntentKey(key.Root, key.Inode, 0));
    }

    /// <summary>Records that all of some files or areas is dirty, though nobody changes them.</summary>
    /// <param name="done">Null once that is on stable storage; else why it cannot be.</param>
    public void Record(IReadOnlyList<IntentKey> keys, Action<string?> done)
    {
        for (var index = 0; index < keys.Count; index++)
            _dirty.Enqueue((keys[index], index == keys.Count - 1 ? done : null));
        if (Failure is { } failure)
            Tell(failure);
        Commit();
    }

    /// <summary>This replica is known to equal its source on both disks.</summary>
    public void Equalled()
    {
        EndPeriod();
        SettleUpTo(Period - 1);
        _recorded.Clear();
        _names.Clear();
        _leaving.Clear();
        foreach (var slot in _hot.Slots)
            if (!_hot.IsEntering(slot))
                _leaving.Add(slot);
        Condense();
    }

    /// <summary>The marks file is to be replaced by one that says how things are now.</summary>
    public void Condense() => _isMapDue = true;

    /// <summary>A flush of both disks begins.</summary>
    public void EndPeriod()
    {
        Period++;
        IsTouched = false;
    }

    /// <summary>Both disks have all that was done up to the end of a period.</summary>
    /// <param name="idle">Periods without a change after which an area goes cold by itself.</param>
    public void SettleUpTo(long period, long idle = 0)
    {
        Settled = Math.Max(Settled, period);
        _recorded.EndFlush();
        _names.Settled(period, _marks);
        _leaving.Clear();
        foreach (var slot in _hot.Slots)
            if (!_hot.IsEntering(slot) && _hot.Touched(slot) <= Settled && !IsMarked(_hot.Key(slot)))
            {
                _hot.Map(slot).Clear();
                if (_hot.Key(slot).IsWhole || (idle > 0 && _hot.Touched(slot) <= Settled - idle))
                    _leaving.Add(slot);
            }
    }

    /// <summary>Begins a transaction if there is something to say and none is under way.</summary>
    public void Commit()
    {
        if (_writing > 0 || Failure is not null)
            return;
        _isMapDue |= !_isReplacing && _next - _start >= _ring.BlockCount / 2;
        var withMap = _isMapDue && !_isReplacing && _refused is null;
        if (_wanted.Count == 0 && _leaving.Count == 0 && _dirty.Count == 0 && !withMap)
            return;
        if (!HasRoom(withMap))
        {
            // While the marks file is being replaced there will be room; otherwise nothing would ever go on.
            if (_refused is not null || withMap)
                Fail(_refused ?? $"The intent log {_ring.Path} has no room left for what is hot.");
            return;
        }
        _transaction.Begin(anew: withMap);
        if (withMap)
            foreach (var key in _hot.Keys)
                _transaction.Hot(key);
        foreach (var slot in _leaving)
            if (_hot.Touched(slot) <= Settled)
                Cool(slot);
        _leaving.Clear();
        TakeWanted();
        TakeDirty();
        if (_transaction.IsEmpty)
            return;
        (_isMapDue, _isMapWriting) = (_isMapDue && !withMap, withMap);
        _newStart = withMap ? _next : _newStart;
        Write();
    }

    /// <summary>A write that <see cref="IIntentHost.WriteBlocks"/> was asked for is done.</summary>
    /// <param name="result">Bytes or -errno.</param>
    public void Written(long result)
    {
        _writing--;
        _failedWith = result < 0 ? result : _failedWith;
        _unwritten -= Math.Max(result, 0);
        if (_writing > 0)
            return;
        if (_failedWith == 0 && _unwritten != 0)
            _failedWith = -Errno.EIO; // a block that is missing looks after a crash like one that was never begun
        if (_failedWith < 0)
        {
            Fail($"The intent log {_ring.Path} cannot be written: {Errno.Describe((int)-_failedWith)}. Nothing that it does not "
                + "name may be changed; repair that disk.");
            return;
        }
        foreach (var slot in _entering)
            _hot.Entered(slot);
        _entering.Clear();
        Tell(null);
        if (_isMapWriting)
            ReplaceMarks();
    }

    /// <summary>What a clean stop leaves: the marks, and what the two disks are not known to have alike.</summary>
    public MarksContent Close()
    {
        var content = new MarksContent();
        _marks.Visit(content.Add);
        _recorded.Visit(content.Add);
        foreach (var slot in _hot.Slots)
        {
            var key = _hot.Key(slot);
            if (_hot.Touched(slot) <= Settled)
                continue;
            var last = new RecordedDirt();
            if (key.IsWhole)
                last.AddAll(key);
            else
                last.Add(key, _hot.Map(slot));
            last.Visit(content.Add);
        }
        return content;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsHot(in IntentKey key, out int slot)
    {
        slot = _hot.Find(key);
        if (slot >= 0)
            return !_hot.IsEntering(slot);
        Want(key);
        return false;
    }

    private void Want(in IntentKey key)
    {
        if (_hot.Find(key) < 0 && _wantedKeys.Add(key))
            _wanted.Add(key);
    }

    private void Touch(int slot)
    {
        IsTouched = true;
        _hot.Touch(slot, Period);
    }

    private void Write(FileKey key, ulong area, ulong offset, ulong bytes)
    {
        var slot = _hot.Find(new IntentKey(key.Root, key.Inode, area));
        Touch(slot);
        var begin = area * ExtentSet.AreaBytes;
        var first = offset > begin ? offset - begin : 0;
        var end = Math.Min(offset + bytes - begin, ExtentSet.AreaBytes);
        _hot.Write(slot, (int)(first / ExtentSet.ExtentBytes), (int)((end + ExtentSet.ExtentBytes - 1) / ExtentSet.ExtentBytes));
    }

    private void GoAhead(FileKey key, ulong area)
    {
        if (_hot.Find(new IntentKey(key.Root, key.Inode, area + AheadMin)) >= 0)
            return;
        for (var ahead = area + 1; ahead <= area + AheadAreas; ahead++)
            Want(new IntentKey(key.Root, key.Inode, ahead));
    }

    /// <summary>What was copied is on its way to the peer, like a write of this period.</summary>
    private void Unmarked(FileKey key, ulong offset, ulong bytes)
    {
        IsTouched = true;
        Renew(_hot.Find(IntentKey.OfWhole(key.Root, key.Inode)));
        if (bytes == 0)
            return;
        var (first, last) = (offset / ExtentSet.AreaBytes, (offset + (bytes - 1)) / ExtentSet.AreaBytes);
        if (last - first < AreasMax)
        {
            for (var area = first; area <= last; area++)
                Renew(_hot.Find(new IntentKey(key.Root, key.Inode, area)));
            return;
        }
        foreach (var slot in _hot.Slots)
            if (_hot.Key(slot) is var hot && hot.Inode == key.Inode && hot.Root == key.Root && hot.Area >= first && hot.Area <= last)
                Renew(slot);
    }

    private void Renew(int slot)
    {
        if (slot >= 0)
            _hot.Renew(slot, Period);
    }

    /// <summary>A large change makes all of a file hot and marks extents: those are what the whole has to tell of.</summary>
    private bool IsMarked(in IntentKey key) =>
        _marks.Find(new FileKey(key.Root, key.Inode)) is { } mark
        && (mark.IsWhole || key.IsWhole || mark.Extents.Intersects(key.Offset, ExtentSet.AreaBytes));

    /// <summary>Takes an area out, with what is dirty of it.</summary>
    private void Cool(int slot)
    {
        var key = _hot.Key(slot);
        var isDirty = _hot.Touched(slot) > Settled || IsMarked(key);
        if (!isDirty)
        {
            _transaction.Cold(key, default);
        }
        else if (key.IsWhole)
        {
            _transaction.ColdWhole(key);
            _recorded.AddAll(key);
            HoldsDirt = true;
        }
        else
        {
            _transaction.Cold(key, _hot.Map(slot));
            _recorded.Add(key, _hot.Map(slot));
            HoldsDirt = true;
        }
        _hot.Remove(slot);
    }

    private void TakeWanted()
    {
        var most = Math.Min(ChangesMax, _hot.Capacity / 2);
        var taken = 0;
        for (; taken < _wanted.Count && _entering.Count < most; taken++)
        {
            var key = _wanted[taken];
            _wantedKeys.Remove(key);
            if (_hot.Find(key) >= 0)
                continue;
            if (_hot.Count == _hot.Capacity)
                Cool(OldestEntered());
            _entering.Add(_hot.Add(key, entering: true));
            // An area counts as not written yet, its map tells of what is; a whole file has no map, so it counts from now on.
            _hot.Touch(_entering[^1], key.IsWhole ? Period : 0);
            _transaction.Hot(key);
        }
        _wanted.RemoveRange(0, taken);
    }

    private int OldestEntered()
    {
        var slot = _hot.Oldest;
        while (_hot.IsEntering(slot))
            slot = _hot.Newer(slot); // at most half of the set is entering
        return slot;
    }

    private void TakeDirty()
    {
        for (var left = DirtyMax; left > 0 && _dirty.TryDequeue(out var dirty); left--)
        {
            _transaction.Dirty(dirty.Key);
            _recorded.AddAll(dirty.Key);
            HoldsDirt = true;
            if (dirty.Done is not null)
                _told.Add(dirty.Done);
        }
    }
}
