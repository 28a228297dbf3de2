using HaMirror.Workload.Jobs;

namespace HaMirror.Workload;

/// <summary>A virtual disk of 100 GiB with 1 GiB allocated in regions of 16 MiB.</summary>
public static class SparseImage
{
    public const string FileName = "blocks-9";
    public const long Bytes = 100L << 30, AllocatedBytes = 1L << 30;

    internal const uint File = 9;
    internal const ulong BlockCount = AllocatedBytes / StampedPage.Bytes;

    private const long RegionBytes = 16 << 20;

    internal static readonly BlockLayout Layout = new(
        RegionBytes / StampedPage.Bytes, (ulong)(Bytes / (AllocatedBytes / RegionBytes) / StampedPage.Bytes));

    /// <summary>Makes it with content that does not compress.</summary>
    public static void Make(string path, Random random)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        file.SetLength(Bytes);
        var region = new byte[RegionBytes];
        for (ulong block = 0; block < BlockCount; block += RegionBytes / StampedPage.Bytes)
        {
            random.NextBytes(region);
            file.Seek((long)Layout.Offset(block), SeekOrigin.Begin);
            file.Write(region);
        }
        file.Flush(flushToDisk: true);
    }
}
