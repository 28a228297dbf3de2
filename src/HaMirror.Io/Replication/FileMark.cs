// What may differ of one file: extents, or all of it, its length included.
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Replication;

/// <summary>The mark of one file. <see cref="IsWhole"/> on a directory counts for all that lies beneath it.</summary>
public sealed class FileMark
{
    public bool IsWhole { get; set; }

    public ExtentSet Extents { get; } = new();

    public bool IsEmpty => !IsWhole && Extents.IsEmpty;

    public static FileMark Of(FileMarks marks)
    {
        var mark = new FileMark { IsWhole = marks.Whole };
        mark.Extents.Union(marks.Extents);
        return mark;
    }

    public void Union(FileMark other)
    {
        IsWhole |= other.IsWhole;
        Extents.Union(other.Extents);
    }
}
