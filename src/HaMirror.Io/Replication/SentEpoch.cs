// What was sent between two barriers. In steady state nothing is allocated: ranges are kept as they come in an array of a pool, where
// the next busy module finds it, and only an epoch with very many of them folds them into sets.
using System.Buffers;
using System.Runtime.InteropServices;

namespace HaMirror.Io.Replication;

/// <summary>Ranges in flight between two barriers.</summary>
internal sealed class SentEpoch
{
    /// <summary>About a second of 4 KiB writes at the best rate of a local disk; 4 MiB of memory.</summary>
    private const int RangeCountMax = 128 * 1024;

    private const int RangeCountMin = 1024;

    private readonly Dictionary<FileKey, FileMark> _folded = [];
    private (FileKey Key, ulong Offset, ulong Bytes)[] _ranges = [];
    private int _count;

    /// <summary>Sequence of the barrier that closed it.</summary>
    public ulong Barrier { get; set; }

    public bool IsEmpty => _count == 0 && _folded.Count == 0;

    public void Add(FileKey key, ulong offset, ulong bytes)
    {
        if (bytes == 0)
            return;
        if (_count > 0)
        {
            ref var last = ref _ranges[_count - 1];
            if (last.Key == key && last.Offset + last.Bytes == offset)
            {
                last.Bytes += bytes;
                return;
            }
        }
        if (_count == _ranges.Length)
        {
            if (_count < RangeCountMax)
                Grow();
            else
                Fold();
        }
        _ranges[_count++] = (key, offset, bytes);
    }

    public void AddWhole(FileKey key) => Get(key).IsWhole = true;

    public void MoveTo(MarkSet marks)
    {
        Fold();
        foreach (var (key, mark) in _folded)
            marks.Mark(key, mark);
        Clear();
    }

    /// <summary>Shows everything in it.</summary>
    public void Visit(Action<FileKey, FileMark> visitor)
    {
        Fold();
        foreach (var (key, mark) in _folded)
            visitor(key, mark);
    }

    public void Clear()
    {
        _count = 0;
        _folded.Clear();
    }

    /// <summary>Gives its room back; it must be empty.</summary>
    public void Release()
    {
        if (_ranges.Length > 0)
            ArrayPool<(FileKey, ulong, ulong)>.Shared.Return(_ranges);
        _ranges = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<(FileKey, ulong, ulong)>.Shared.Rent(Math.Max(_count * 2, RangeCountMin));
        _ranges.AsSpan(0, _count).CopyTo(larger);
        if (_ranges.Length > 0)
            ArrayPool<(FileKey, ulong, ulong)>.Shared.Return(_ranges);
        _ranges = larger;
    }

    private void Fold()
    {
        for (var index = 0; index < _count; index++)
            Get(_ranges[index].Key).Extents.Add(_ranges[index].Offset, _ranges[index].Bytes);
        _count = 0;
    }

    private FileMark Get(FileKey key)
    {
        ref var mark = ref CollectionsMarshal.GetValueRefOrAddDefault(_folded, key, out _);
        return mark ??= new FileMark();
    }
}
