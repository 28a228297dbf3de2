namespace HaMirror.Workload.Jobs;

/// <summary>Where the blocks of a file lie: regions of neighbours, with holes between the regions.</summary>
/// <param name="RegionBlocks">Neighbours in a region.</param>
/// <param name="StrideBlocks">From the beginning of a region to that of the next, in blocks.</param>
internal readonly record struct BlockLayout(ulong RegionBlocks, ulong StrideBlocks)
{
    /// <summary>One behind the other.</summary>
    public static readonly BlockLayout Dense = new(1, 1);

    public bool IsDense => RegionBlocks == StrideBlocks;

    /// <summary>In bytes.</summary>
    public ulong Offset(ulong block) => (block / RegionBlocks * StrideBlocks + block % RegionBlocks) * StampedPage.Bytes;
}
