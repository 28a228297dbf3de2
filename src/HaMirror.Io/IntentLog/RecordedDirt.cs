// What the log was told to be dirty when its area went cold, and is not known to be equal on both disks since.
// Two generations, so that what was recorded before both disks were flushed can be forgotten afterwards.
using System.Runtime.InteropServices;
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>Dirty extents of cold areas. Belongs to the pump's thread.</summary>
internal sealed class RecordedDirt
{
    private Dictionary<FileKey, FileMark> _now = [];
    private Dictionary<FileKey, FileMark> _before = [];

    public bool IsEmpty => _now.Count == 0 && _before.Count == 0;

    public void Add(in IntentKey key, ReadOnlySpan<ulong> map)
    {
        var mark = Get(key);
        for (var word = 0; word < map.Length; word++)
            for (var rest = map[word]; rest != 0; rest &= rest - 1)
                mark.Extents.Add(
                    key.Offset + (ulong)(word * 64 + System.Numerics.BitOperations.TrailingZeroCount(rest)) * ExtentSet.ExtentBytes,
                    ExtentSet.ExtentBytes);
    }

    /// <summary>All of an area or a file.</summary>
    public void AddAll(in IntentKey key)
    {
        var mark = Get(key);
        mark.IsWhole |= key.IsWhole;
        if (!key.IsWhole)
            mark.Extents.Add(key.Offset, ExtentSet.AreaBytes);
    }

    /// <summary>Both disks are about to be flushed.</summary>
    public void BeginFlush()
    {
        if (_before.Count == 0)
            (_now, _before) = (_before, _now);
        else
            Merge(); // a flush that failed left them
    }

    /// <summary>They are: what was recorded before that is equal, in flight or marked.</summary>
    public void EndFlush() => _before = [];

    public void Clear()
    {
        _now = [];
        _before = [];
    }

    public void Visit(Action<FileKey, FileMark> visitor)
    {
        foreach (var (key, mark) in _before)
            visitor(key, mark);
        foreach (var (key, mark) in _now)
            visitor(key, mark);
    }

    private void Merge()
    {
        foreach (var (key, mark) in _now)
            if (_before.TryGetValue(key, out var known))
                known.Union(mark);
            else
                _before.Add(key, mark);
        _now = [];
    }

    private FileMark Get(in IntentKey key)
    {
        ref var mark = ref CollectionsMarshal.GetValueRefOrAddDefault(_now, new FileKey(key.Root, key.Inode), out _);
        return mark ??= new FileMark();
    }
}
