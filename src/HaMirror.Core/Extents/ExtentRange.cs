namespace HaMirror.Core.Extents;

/// <summary>A range of a file in bytes; both ends are multiples of <see cref="ExtentSet.ExtentBytes"/>.</summary>
public readonly record struct ExtentRange(ulong Offset, ulong Length)
{
    public ulong End => Offset + Length;
}
