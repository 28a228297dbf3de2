using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HaMirror.Core.Extents;

/// <summary>A set of 4 KiB extents of one file, exact and sparse.</summary>
/// <remarks>
/// Adding rounds outwards and removing rounds inwards: an extent that is dirty in part stays dirty. Pages of 256 MiB exist
/// only where something is set. Memory for a TiB: 33 MiB when every area of 4 MiB is dirty in part, 0.8 MiB when all is
/// dirty. Not safe for several threads.
/// <para>Serialised, little-endian: for each page in ascending order its number (8 bytes), the mask of full areas (8), the
/// mask of areas with bits (8), then 128 bytes for each of the latter, lowest area first. No length: the container has it.</para>
/// </remarks>
public sealed class ExtentSet
{
    /// <summary>Bytes of an extent.</summary>
    public const int ExtentBytes = 4096;

    /// <summary>Bytes of an area: what the intent log marks at once.</summary>
    public const int AreaBytes = ExtentBytes * ExtentPage.AreaExtents;

    private const int PageExtents = ExtentPage.AreaExtents * ExtentPage.AreaCount;
    private const int PageHeadBytes = 24;
    private const int AreaBitBytes = ExtentPage.AreaExtents / 8;

    /// <summary>The last page that a file of at most 2^63-1 bytes can have.</summary>
    private const ulong PageNumberMax = (1UL << 63) / ((ulong)PageExtents * ExtentBytes) - 1;

    private readonly SortedList<ulong, ExtentPage> _pages = [];

    public bool IsEmpty => _pages.Count == 0;

    /// <summary>Bytes of all extents in the set.</summary>
    public ulong Bytes
    {
        get
        {
            ulong extents = 0;
            foreach (var page in _pages.Values)
                extents += (ulong)page.ExtentCount;
            return extents * ExtentBytes;
        }
    }

    /// <summary>Where the extent begins that an offset lies in, in bytes.</summary>
    public static ulong RoundDown(ulong offset) => offset & ~(ExtentBytes - 1UL);

    /// <summary>Bytes in whole extents, at least as many as given. Above 2^64 less an extent it is wrong; no file is so long.</summary>
    public static ulong RoundUp(ulong bytes) => RoundDown(bytes + ExtentBytes - 1);

    /// <summary>Adds every extent that the range touches. Offsets above 2^63 do not exist in a file and are cut off.</summary>
    public void Add(ulong offset, ulong length)
    {
        if (length > 0)
            Change(offset / ExtentBytes, Up(offset, length), true);
    }

    /// <summary>Removes every extent that lies wholly in the range.</summary>
    public void Remove(ulong offset, ulong length)
    {
        if (length == 0 || IsEmpty)
            return;
        var last = offset + length < offset ? ulong.MaxValue : offset + length;
        Change(offset / ExtentBytes + (offset % ExtentBytes == 0 ? 0UL : 1), last / ExtentBytes, false);
    }

    public void Clear() => _pages.Clear();

    public void Union(ExtentSet other)
    {
        foreach (var (number, from) in other._pages)
            for (var area = 0; area < ExtentPage.AreaCount; area++)
                if (from.IsFull(area))
                    Page(number).Change(area, 0, ExtentPage.AreaExtents, true);
                else if (from.HasBits(area))
                    Page(number).Union(area, from.Bits(area));
    }

    public void Subtract(ExtentSet other)
    {
        for (ulong at = 0; other.TryNext(at, out var range); at = range.End)
            Remove(range.Offset, range.Length);
    }

    public bool Contains(ulong offset) =>
        _pages.TryGetValue(offset / ExtentBytes / PageExtents, out var page)
        && page.Next(AreaOf(offset / ExtentBytes), BitOf(offset / ExtentBytes), true) == BitOf(offset / ExtentBytes);

    /// <summary>Whether any byte of the range belongs to an extent of the set.</summary>
    public bool Intersects(ulong offset, ulong length) =>
        length > 0 && TryNext(offset, out var range) && range.Offset < Up(offset, length) * ExtentBytes;

    /// <summary>The first maximal run of extents at or behind <paramref name="from"/> (a run that <paramref name="from"/>
    /// cuts begins at its extent).</summary>
    public bool TryNext(ulong from, out ExtentRange range)
    {
        range = default;
        if (!TrySeek(from / ExtentBytes, out var first))
            return false;
        var end = RunEnd(first);
        range = new ExtentRange(first * ExtentBytes, (end - first) * ExtentBytes);
        return true;
    }

    /// <summary>All maximal runs in ascending order. The set must not change meanwhile.</summary>
    public IEnumerable<ExtentRange> Ranges()
    {
        for (ulong at = 0; TryNext(at, out var range); at = range.End)
            yield return range;
    }

    public ExtentSet Clone()
    {
        var copy = new ExtentSet();
        copy.Union(this);
        return copy;
    }

    public void Write(IBufferWriter<byte> writer)
    {
        foreach (var (number, page) in _pages)
        {
            ulong full = 0, partial = 0;
            for (var area = 0; area < ExtentPage.AreaCount; area++)
            {
                full |= page.IsFull(area) ? 1UL << area : 0;
                partial |= page.HasBits(area) ? 1UL << area : 0;
            }
            var head = writer.GetSpan(PageHeadBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(head, number);
            BinaryPrimitives.WriteUInt64LittleEndian(head[8..], full);
            BinaryPrimitives.WriteUInt64LittleEndian(head[16..], partial);
            writer.Advance(PageHeadBytes);
            for (var area = 0; area < ExtentPage.AreaCount; area++)
                if (page.HasBits(area))
                    writer.Write(MemoryMarshal.AsBytes(page.Bits(area)));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote and adds it to the set.</summary>
    /// <returns>False when the bytes are no such set; the set may then hold a part of them.</returns>
    public bool TryRead(ReadOnlySpan<byte> bytes)
    {
        Span<ulong> bits = stackalloc ulong[AreaBitBytes / sizeof(ulong)];
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < PageHeadBytes)
                return false;
            var number = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            var full = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
            var partial = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
            bytes = bytes[PageHeadBytes..];
            if (number > PageNumberMax || (full & partial) != 0 || (full | partial) == 0)
                return false;
            for (var area = 0; area < ExtentPage.AreaCount; area++)
            {
                if ((full >> area & 1) != 0)
                    Page(number).Change(area, 0, ExtentPage.AreaExtents, true);
                if ((partial >> area & 1) == 0)
                    continue;
                if (bytes.Length < AreaBitBytes)
                    return false;
                bytes[..AreaBitBytes].CopyTo(MemoryMarshal.AsBytes(bits));
                if (!bits.ContainsAnyExcept(0UL))
                    return false;
                Page(number).Union(area, bits);
                bytes = bytes[AreaBitBytes..];
            }
        }
        return true;
    }

    private static int AreaOf(ulong extent) => (int)(extent / ExtentPage.AreaExtents % ExtentPage.AreaCount);

    private static int BitOf(ulong extent) => (int)(extent % ExtentPage.AreaExtents);

    /// <summary>The extent behind the last one that the range touches.</summary>
    private static ulong Up(ulong offset, ulong length)
    {
        var end = offset + length;
        if (end < offset || end > 1UL << 63)
            end = 1UL << 63;
        return (end + ExtentBytes - 1) / ExtentBytes;
    }

    private void Change(ulong first, ulong end, bool dirty)
    {
        end = Math.Min(end, (PageNumberMax + 1) * PageExtents);
        while (first < end)
        {
            var number = first / PageExtents;
            if (!dirty && !_pages.ContainsKey(number))
            {
                // Pages that do not exist are passed over in one step: a range may span 2^35 of them.
                var index = PageIndex(number);
                if (index == _pages.Count)
                    return;
                first = _pages.GetKeyAtIndex(index) * PageExtents;
                continue;
            }
            var page = Page(number);
            var pageEnd = Math.Min(end, (number + 1) * PageExtents);
            while (first < pageEnd)
            {
                var areaEnd = Math.Min(pageEnd, (first / ExtentPage.AreaExtents + 1) * ExtentPage.AreaExtents);
                page.Change(AreaOf(first), BitOf(first), BitOf(first) + (int)(areaEnd - first), dirty);
                first = areaEnd;
            }
            if (page.IsEmpty)
                _pages.Remove(number);
        }
    }

    private ExtentPage Page(ulong number)
    {
        if (!_pages.TryGetValue(number, out var page))
            _pages.Add(number, page = new ExtentPage());
        return page;
    }

    /// <summary>Index of the first page whose number is at least <paramref name="number"/>.</summary>
    private int PageIndex(ulong number)
    {
        int low = 0, high = _pages.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_pages.GetKeyAtIndex(middle) < number)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private bool TrySeek(ulong from, out ulong found)
    {
        found = 0;
        for (var index = PageIndex(from / PageExtents); index < _pages.Count; index++)
        {
            var number = _pages.GetKeyAtIndex(index);
            var page = _pages.GetValueAtIndex(index);
            var extent = Math.Max(from, number * PageExtents);
            var end = (number + 1) * PageExtents;
            while (extent < end)
            {
                var bit = page.Next(AreaOf(extent), BitOf(extent), true);
                found = extent - (ulong)BitOf(extent) + (ulong)bit;
                if (bit < ExtentPage.AreaExtents)
                    return true;
                extent = found;
            }
        }
        return false;
    }

    private ulong RunEnd(ulong extent)
    {
        while (_pages.TryGetValue(extent / PageExtents, out var page))
        {
            var pageEnd = (extent / PageExtents + 1) * PageExtents;
            while (extent < pageEnd)
            {
                var bit = page.Next(AreaOf(extent), BitOf(extent), false);
                extent = extent - (ulong)BitOf(extent) + (ulong)bit;
                if (bit < ExtentPage.AreaExtents)
                    return extent;
            }
        }
        return extent;
    }
}
