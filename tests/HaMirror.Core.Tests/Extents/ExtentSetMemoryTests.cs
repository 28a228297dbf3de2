using HaMirror.Core.Extents;

namespace HaMirror.Core.Tests.Extents;

/// <summary>Looks at the memory of the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory";
}

[Collection(MemoryCollection.Name)]
public sealed class ExtentSetMemoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ExtentSet_DirtyTebibyte_CostsAtMost40MiB(bool everyOtherExtent)
    {
        const ulong tebibyte = 1UL << 40;
        var before = GC.GetTotalMemory(true);
        var set = new ExtentSet();
        if (everyOtherExtent)
            for (ulong area = 0; area < tebibyte; area += ExtentSet.AreaBytes)
                set.Add(area + ExtentSet.ExtentBytes, ExtentSet.ExtentBytes);
        else
            set.Add(0, tebibyte);
        var bytes = GC.GetTotalMemory(true) - before;
        Assert.True(bytes <= 40L << 20, $"{bytes} bytes");
        Assert.Equal(everyOtherExtent ? tebibyte / 1024 : tebibyte, set.Bytes);
    }
}
