using HaMirror.Core.Extents;
using Xunit.Abstractions;

namespace HaMirror.Core.Tests.Extents;

/// <summary>Looks at the memory of the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory";
}

/// <summary>What the dirty extents of an image of 1 TiB cost; the figures are printed.</summary>
[Collection(MemoryCollection.Name)]
public sealed class ExtentSetMemoryTests(ITestOutputHelper output)
{
    private const ulong Tebibyte = 1UL << 40;
    private const double Mebibyte = 1 << 20;

    public enum Dirt
    {
        /// <summary>One extent of each area: the area needs a bit for each of its extents.</summary>
        OneOfEachArea,

        /// <summary>All but one extent of each area.</summary>
        AllButOne,

        /// <summary>All.</summary>
        All,
    }

    [Theory]
    [InlineData(Dirt.OneOfEachArea)]
    [InlineData(Dirt.AllButOne)]
    [InlineData(Dirt.All)]
    public void ExtentSet_OfADirtyTebibyte_CostsAtMost40MiBAndUnder1MiBOnceItIsClean(Dirt dirt)
    {
        var before = GC.GetTotalMemory(true);
        var set = new ExtentSet();
        var clean = GC.GetTotalMemory(true) - before;
        Fill(set, dirt);
        var dirty = GC.GetTotalMemory(true) - before;
        // As a resync cleans it: block by block, in order.
        for (ulong at = 0; at < Tebibyte; at += 1 << 20)
            set.Remove(at, 1 << 20);
        Assert.True(set.IsEmpty);
        var again = GC.GetTotalMemory(true) - before;
        output.WriteLine($"1 TiB, {dirt}: clean {clean / Mebibyte:0.00} MiB, dirty {dirty / Mebibyte:0.00} MiB, clean again {again / Mebibyte:0.00} MiB");
        Assert.True(dirty <= 40 * Mebibyte, $"{dirty} bytes when dirty");
        Assert.True(clean < Mebibyte, $"{clean} bytes before it was dirty");
        Assert.True(again < Mebibyte, $"{again} bytes once it is clean again");
        GC.KeepAlive(set);
    }

    private static void Fill(ExtentSet set, Dirt dirt)
    {
        const ulong extent = ExtentSet.ExtentBytes;
        for (ulong area = 0; area < Tebibyte; area += ExtentSet.AreaBytes)
            switch (dirt)
            {
                case Dirt.OneOfEachArea:
                    set.Add(area + extent, extent);
                    break;
                case Dirt.AllButOne:
                    set.Add(area, ExtentSet.AreaBytes - extent);
                    break;
                default:
                    set.Add(area, ExtentSet.AreaBytes);
                    break;
            }
        Assert.Equal(
            Tebibyte / dirt switch { Dirt.OneOfEachArea => 1024, _ => 1 } - (dirt == Dirt.AllButOne ? Tebibyte / 1024 : 0), set.Bytes);
    }
}
