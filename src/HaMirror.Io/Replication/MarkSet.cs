// The dirty extents of a module, by file.
// Invariants (design, section 6): a difference between the replicas lies within a mark or within an epoch that is not
// known durable at the target; only Durable of a barrier that covers it, and nothing else, makes an epoch go away; when
// a link ends its epochs become marks again.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Replication;

/// <summary>Marks, and what was sent and is not yet durable at the target. Belongs to one thread.</summary>
public sealed class MarkSet
{
    private readonly Dictionary<FileKey, FileMark> _marks = [];
    private readonly Queue<SentEpoch> _closed = new();
    private readonly Stack<SentEpoch> _spare = new();
    private SentEpoch _open = new();

    /// <summary>Files (and directories) that have a mark.</summary>
    public int Count => _marks.Count;

    public IReadOnlyDictionary<FileKey, FileMark> All => _marks;

    /// <summary>Bytes of all marked extents; a whole file counts nothing here, its size is not known.</summary>
    public ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (var mark in _marks.Values)
                bytes += mark.Extents.Bytes;
            return bytes;
        }
    }

    /// <summary>Something was sent behind the last barrier.</summary>
    public bool HasUnclosed => !_open.IsEmpty;

    /// <summary>Something was sent that the target has not reported durable.</summary>
    public bool HasInFlight => HasUnclosed || _closed.Count > 0;

    public FileMark? Find(FileKey key) => _marks.GetValueOrDefault(key);

    /// <summary>The marks as they are now, for another thread; what is in flight is not among them.</summary>
    public IReadOnlyDictionary<FileKey, FileMark> Copy()
    {
        var copy = new Dictionary<FileKey, FileMark>(_marks.Count);
        foreach (var (key, mark) in _marks)
            (copy[key] = new FileMark()).Union(mark);
        return copy;
    }

    /// <summary>The range may differ from now on.</summary>
    public void Mark(FileKey key, ulong offset, ulong bytes)
    {
        if (bytes > 0)
            Get(_marks, key).Extents.Add(offset, bytes);
    }

    /// <summary>Everything of the file (or beneath the directory) may differ from now on.</summary>
    public void MarkWhole(FileKey key) => Get(_marks, key).IsWhole = true;

    public void Mark(FileKey key, FileMark mark)
    {
        if (!mark.IsEmpty)
            Get(_marks, key).Union(mark);
    }

    /// <summary>The range is on its way to the target: dirty until a barrier behind it is durable.</summary>
    public void Sent(FileKey key, ulong offset, ulong bytes) => _open.Add(key, offset, bytes);

    public void SentWhole(FileKey key) => _open.AddWhole(key);

    /// <summary>Told of a range that is no longer marked and in flight instead, and of nothing but that.</summary>
    public Action<FileKey, ulong, ulong>? Unmarked { get; set; }

    /// <summary>The range was copied or found equal: what is left to say of it is in flight.</summary>
    public void Copied(FileKey key, ulong offset, ulong bytes)
    {
        Sent(key, offset, bytes);
        Unmarked?.Invoke(key, offset, bytes);
        if (_marks.TryGetValue(key, out var mark))
        {
            mark.Extents.Remove(offset, bytes);
            DropIfEmpty(key, mark);
        }
    }

    /// <summary>A resync goes over to the extents of a file that was marked whole: until that is durable (its size is, then)
    /// the file counts as whole, in flight.</summary>
    public void ResolveWhole(FileKey key, ulong bytes)
    {
        if (!_marks.TryGetValue(key, out var mark) || !mark.IsWhole)
            return;
        mark.IsWhole = false;
        mark.Extents.Add(0, bytes);
        SentWhole(key);
        Unmarked?.Invoke(key, 0, 0);
        DropIfEmpty(key, mark);
    }

    /// <summary>Drops what is marked behind the end of a file, and the mark itself of one that is gone. Until it is durable
    /// that the target's file ends there too, it is in flight: it may have old bytes there, and the file may grow again.</summary>
    public void Cut(FileKey key, ulong size)
    {
        if (!_marks.TryGetValue(key, out var mark))
            return;
        var end = Core.Extents.ExtentSet.RoundUp(size);
        for (; mark.Extents.TryNext(end, out var range); mark.Extents.Remove(range.Offset, range.Length))
        {
            Sent(key, range.Offset, range.Length);
            Unmarked?.Invoke(key, range.Offset, range.Length);
        }
        DropIfEmpty(key, mark);
    }

    /// <summary>The file has no replicated name left on any of the nodes.</summary>
    public void Forget(FileKey key) => _marks.Remove(key);

    /// <summary>A barrier with this sequence was sent.</summary>
    public void Close(ulong barrier)
    {
        _open.Barrier = barrier;
        _closed.Enqueue(_open);
        _open = _spare.TryPop(out var spare) ? spare : new SentEpoch();
    }

    /// <summary>The target has everything up to this barrier on stable storage.</summary>
    public void Durable(ulong barrier)
    {
        while (_closed.TryPeek(out var epoch) && epoch.Barrier <= barrier)
        {
            _closed.Dequeue();
            epoch.Clear();
            _spare.Push(epoch);
        }
    }

    /// <summary>The link ended: what is not known durable at the target is dirty.</summary>
    public void LinkEnded()
    {
        while (_closed.TryDequeue(out var epoch))
        {
            epoch.MoveTo(this);
            _spare.Push(epoch);
        }
        _open.MoveTo(this);
    }

    /// <summary>Shows every mark and everything in flight: together, all that may differ at the peer. A file may come several
    /// times.</summary>
    public void Visit(Action<FileKey, FileMark> visitor)
    {
        foreach (var (key, mark) in _marks)
            visitor(key, mark);
        foreach (var epoch in _closed)
            epoch.Visit(visitor);
        _open.Visit(visitor);
    }

    /// <summary>Nothing has been sent for a while: gives the room of former epochs back.</summary>
    public void Shrink()
    {
        if (HasInFlight)
            return;
        while (_spare.TryPop(out var spare))
            spare.Release();
        _open.Release();
    }

    /// <summary>The peer is known equal and durable: an operator's or the machine's decision, never the pump's.</summary>
    public void Clear()
    {
        _marks.Clear();
    }

    private static FileMark Get(Dictionary<FileKey, FileMark> marks, FileKey key)
    {
        ref var mark = ref CollectionsMarshal.GetValueRefOrAddDefault(marks, key, out _);
        return mark ??= new FileMark();
    }

    private void DropIfEmpty(FileKey key, FileMark mark)
    {
        if (mark.IsEmpty)
            _marks.Remove(key);
    }
}
