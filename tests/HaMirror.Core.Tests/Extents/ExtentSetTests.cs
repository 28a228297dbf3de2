using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using HaMirror.Core.Extents;

namespace HaMirror.Core.Tests.Extents;

/// <summary>The set against a naive model: a set of extent numbers.</summary>
public sealed class ExtentSetTests
{
    private const ulong Extent = ExtentSet.ExtentBytes;

    /// <summary>Operations near page and area borders, of all sizes from a byte to several areas.</summary>
    private static readonly Gen<(bool Add, ulong Offset, ulong Length)> Operation =
        from add in Gen.Frequency((3, Gen.Constant(true)), (2, Gen.Constant(false)))
        from border in Gen.Elements<ulong>(0UL, ExtentSet.AreaBytes, 3UL * ExtentSet.AreaBytes, 64UL * ExtentSet.AreaBytes, 1UL << 40)
        from shift in Gen.Choose(0, 3_000_000)
        from kind in Gen.Choose(0, 3)
        from size in Gen.Choose(1, 20_000)
        select (add, border + (ulong)shift, kind switch
        {
            0 => (ulong)size % 9_000,
            1 => (ulong)size * 40,
            2 => (ulong)size % 2 * ExtentSet.AreaBytes + (ulong)size,
            _ => Extent,
        });

    public static Arbitrary<(bool Add, ulong Offset, ulong Length)[]> Operations() =>
        Gen.ArrayOf(Operation).ToArbitrary();

    [Property(Arbitrary = [typeof(ExtentSetTests)], MaxTest = 60)]
    public void ExtentSet_RandomOperations_EqualsTheModel((bool Add, ulong Offset, ulong Length)[] operations)
    {
        var (set, model) = Apply(operations);
        ExpectEqual(model, set);
    }

    [Property(Arbitrary = [typeof(ExtentSetTests)], MaxTest = 30)]
    public void ExtentSet_WrittenAndRead_IsTheSame((bool Add, ulong Offset, ulong Length)[] operations)
    {
        var (set, model) = Apply(operations);
        var bytes = new ArrayBufferWriter<byte>();
        set.Write(bytes);
        var copy = new ExtentSet();
        Assert.True(copy.TryRead(bytes.WrittenSpan));
        ExpectEqual(model, copy);
    }

    [Property(Arbitrary = [typeof(ExtentSetTests)], MaxTest = 30)]
    public void ExtentSet_UnionAndSubtract_EqualTheModel(
        (bool Add, ulong Offset, ulong Length)[] left, (bool Add, ulong Offset, ulong Length)[] right)
    {
        var (a, modelA) = Apply(left);
        var (b, modelB) = Apply(right);
        var union = a.Clone();
        union.Union(b);
        ExpectEqual([.. modelA.Union(modelB)], union);
        union.Subtract(b);
        ExpectEqual([.. modelA.Except(modelB)], union);
        ExpectEqual(modelA, a);
    }

    [Fact]
    public void ExtentSet_RangeAcrossPages_IsOneRange()
    {
        var set = new ExtentSet();
        set.Add(5 * Extent, 600UL * ExtentSet.AreaBytes);
        Assert.Equal([new ExtentRange(5 * Extent, 600UL * ExtentSet.AreaBytes)], set.Ranges());
    }

    [Fact]
    public void ExtentSet_RemovalOfAPart_KeepsTheExtent()
    {
        var set = new ExtentSet();
        set.Add(0, 3 * Extent);
        set.Remove(1, 2 * Extent);
        Assert.Equal([new ExtentRange(0, Extent), new ExtentRange(2 * Extent, Extent)], set.Ranges());
    }

    [Fact]
    public void ExtentSet_EndOfTheOffsetSpace_IsNeitherLostNorOverflowing()
    {
        var set = new ExtentSet();
        set.Add((1UL << 63) - 10, ulong.MaxValue);
        Assert.Equal([new ExtentRange((1UL << 63) - Extent, Extent)], set.Ranges());
        set.Remove(0, ulong.MaxValue);
        Assert.True(set.IsEmpty);
    }

    [Fact]
    public void ExtentSet_DamagedBytes_AreRefused()
    {
        var set = new ExtentSet();
        set.Add(Extent, Extent);
        set.Add(9UL * ExtentSet.AreaBytes, ExtentSet.AreaBytes);
        var writer = new ArrayBufferWriter<byte>();
        set.Write(writer);
        var bytes = writer.WrittenSpan.ToArray();
        for (var cut = 1; cut < bytes.Length; cut++)
            Assert.False(new ExtentSet().TryRead(bytes.AsSpan(0, cut)));
        bytes[7] = 0xff; // a page that no file can have
        Assert.False(new ExtentSet().TryRead(bytes));
    }

    private static (ExtentSet Set, SortedSet<ulong> Model) Apply((bool Add, ulong Offset, ulong Length)[] operations)
    {
        var set = new ExtentSet();
        var model = new SortedSet<ulong>();
        foreach (var (add, offset, length) in operations)
            if (add)
            {
                set.Add(offset, length);
                for (var extent = offset / Extent; length > 0 && extent * Extent < offset + length; extent++)
                    model.Add(extent);
            }
            else
            {
                set.Remove(offset, length);
                for (var extent = (offset + Extent - 1) / Extent; (extent + 1) * Extent <= offset + length; extent++)
                    model.Remove(extent);
            }
        return (set, model);
    }

    private static void ExpectEqual(SortedSet<ulong> model, ExtentSet set)
    {
        var found = new List<ulong>();
        ulong end = 0;
        foreach (var range in set.Ranges())
        {
            Assert.True(range.Offset > end || end == 0, "Runs are maximal and ascending.");
            for (var at = range.Offset; at < range.End; at += Extent)
                found.Add(at / Extent);
            end = range.End;
        }
        Assert.True(model.SequenceEqual(found));
        Assert.Equal((ulong)model.Count * Extent, set.Bytes);
        Assert.Equal(model.Count == 0, set.IsEmpty);
        if (model.Count > 0)
        {
            Assert.True(set.Contains(model.Max * Extent));
            Assert.False(set.Contains((model.Max + 1) * Extent));
            Assert.True(set.Intersects(model.Min * Extent, 1));
            Assert.False(set.Intersects((model.Max + 1) * Extent, Extent));
        }
    }
}
