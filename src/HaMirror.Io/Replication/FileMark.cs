// What may differ of one file: extents, or all of it, its length included.
using HaMirror.Core.Extents;

namespace HaMirror.Io.Replication;

/// <summary>The mark of one file. <see cref="IsWhole"/> on a directory counts for all that lies beneath it.</summary>
public sealed class FileMark
{
    public bool IsWhole { get; set; }

    public ExtentSet Extents { get; } = new();

    public bool IsEmpty => !IsWhole && Extents.IsEmpty;

    public void Union(FileMark other)
    {
        IsWhole |= other.IsWhole;
        Extents.Union(other.Extents);
    }
}
