using HaMirror.Core.Extents;

namespace HaMirror.Core.Intent;

/// <summary>What the intent log marks at once: an area of a file, or all of a file (of a directory: all beneath it).</summary>
/// <param name="Root">Index of the replicated directory.</param>
/// <param name="Inode">On this node.</param>
/// <param name="Area">Number of the area of <see cref="ExtentSet.AreaBytes"/>, or <see cref="Whole"/>.</param>
public readonly record struct IntentKey(int Root, ulong Inode, ulong Area)
{
    /// <summary>In <see cref="Area"/>: everything of the file, its length and what is bound to its names included.</summary>
    public const ulong Whole = ulong.MaxValue;

    public bool IsWhole => Area == Whole;

    /// <summary>Where the area begins, in bytes; no meaning for a whole file.</summary>
    public ulong Offset => Area * ExtentSet.AreaBytes;

    public static IntentKey OfWhole(int root, ulong inode) => new(root, inode, Whole);

    /// <summary>Cheap, because every write asks for it.</summary>
    public override int GetHashCode()
    {
        var mixed = (Inode * 0x9E3779B97F4A7C15UL) ^ (Area * 0xC2B2AE3D27D4EB4FUL) ^ (ulong)Root;
        return (int)(mixed ^ (mixed >> 32));
    }
}
