using System.Numerics;

namespace HaMirror.Core.Extents;

/// <summary>64 areas of an <see cref="ExtentSet"/>, 256 MiB of a file.</summary>
/// <remarks>
/// An area is clean, full, or has 1024 bits in a slot. Invariant: an area with a slot has at least one bit set and at
/// least one clear, so a fully dirty area costs one bit here and a clean one none. The slots lie in one array that grows
/// by doubling: 64 areas with bits each cost 8 KiB, hence 32 MiB for a TiB, plus about 200 bytes a page, 0.8 MiB.
/// </remarks>
internal sealed class ExtentPage
{
    public const int AreaCount = 64;
    public const int AreaExtents = 1024;
    private const int AreaWords = AreaExtents / 64;

    private readonly byte[] _slots = new byte[AreaCount];
    private ulong[] _bits = [];
    private ulong _full;
    private ulong _partial;
    private ulong _slotsUsed;

    public bool IsEmpty => (_full | _partial) == 0;

    public int ExtentCount
    {
        get
        {
            var count = BitOperations.PopCount(_full) * AreaExtents;
            for (var rest = _partial; rest != 0; rest &= rest - 1)
                foreach (var word in Bits(BitOperations.TrailingZeroCount(rest)))
                    count += BitOperations.PopCount(word);
            return count;
        }
    }

    public bool IsFull(int area) => (_full >> area & 1) != 0;

    public bool HasBits(int area) => (_partial >> area & 1) != 0;

    public Span<ulong> Bits(int area) => _bits.AsSpan(_slots[area] * AreaWords, AreaWords);

    /// <summary>Sets or clears the extents <paramref name="first"/> to <paramref name="end"/> (exclusive) of an area.</summary>
    public void Change(int area, int first, int end, bool dirty)
    {
        if (first >= end || (dirty ? IsFull(area) : !IsFull(area) && !HasBits(area)))
            return;
        if (first == 0 && end == AreaExtents)
        {
            DropBits(area);
            _full = dirty ? _full | 1UL << area : _full & ~(1UL << area);
            return;
        }
        if (!HasBits(area))
            TakeBits(area, IsFull(area));
        var bits = Bits(area);
        for (var word = first / 64; word <= (end - 1) / 64; word++)
        {
            var mask = Mask(Math.Max(first - word * 64, 0), Math.Min(end - word * 64, 64));
            bits[word] = dirty ? bits[word] | mask : bits[word] & ~mask;
        }
        Settle(area);
    }

    /// <summary>Adds the raw bits of one area, as <see cref="Bits"/> gives them.</summary>
    public void Union(int area, ReadOnlySpan<ulong> added)
    {
        if (IsFull(area))
            return;
        if (!HasBits(area))
            TakeBits(area, false);
        var bits = Bits(area);
        for (var word = 0; word < AreaWords; word++)
            bits[word] |= added[word];
        Settle(area);
    }

    /// <summary>The first extent from <paramref name="from"/> on that is dirty (or clean); <see cref="AreaExtents"/> if none.</summary>
    public int Next(int area, int from, bool dirty)
    {
        if (!HasBits(area))
            return IsFull(area) == dirty ? from : AreaExtents;
        var bits = Bits(area);
        for (var word = from / 64; word < AreaWords; word++)
        {
            var candidates = dirty ? bits[word] : ~bits[word];
            if (word == from / 64)
                candidates &= ulong.MaxValue << (from % 64);
            if (candidates != 0)
                return word * 64 + BitOperations.TrailingZeroCount(candidates);
        }
        return AreaExtents;
    }

    private static ulong Mask(int first, int end) =>
        (end == 64 ? ulong.MaxValue : (1UL << end) - 1) & ulong.MaxValue << first;

    private void TakeBits(int area, bool dirty)
    {
        var slot = BitOperations.TrailingZeroCount(~_slotsUsed);
        if ((slot + 1) * AreaWords > _bits.Length)
            Array.Resize(ref _bits, Math.Max(AreaWords, _bits.Length * 2));
        _slotsUsed |= 1UL << slot;
        _slots[area] = (byte)slot;
        _partial |= 1UL << area;
        _full &= ~(1UL << area);
        Bits(area).Fill(dirty ? ulong.MaxValue : 0);
    }

    private void DropBits(int area)
    {
        if (!HasBits(area))
            return;
        _slotsUsed &= ~(1UL << _slots[area]);
        _partial &= ~(1UL << area);
    }

    private void Settle(int area)
    {
        var bits = Bits(area);
        if (!bits.ContainsAnyExcept(ulong.MaxValue))
        {
            DropBits(area);
            _full |= 1UL << area;
        }
        else if (!bits.ContainsAnyExcept(0UL))
        {
            DropBits(area);
        }
    }
}
