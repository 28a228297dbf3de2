using HaMirror.Core.Extents;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Preimages;

/// <summary>A range of a file as the journal keeps it.</summary>
/// <param name="Position">Of its bytes in the journal; nothing where the kind has none.</param>
internal readonly record struct PreimageRange(PreimageKind Kind, ulong Offset, ulong Length, long Position);

/// <summary>One file that a replica had when its resync began.</summary>
/// <param name="entry">One of its names.</param>
internal sealed class PreimageFile(DirectoryEntry entry)
{
    /// <summary>What it was, under any of its names.</summary>
    public DirectoryEntry Entry { get; } = entry;

    /// <summary>In bytes; 0 of what is no regular file.</summary>
    public ulong Size => IsRegular ? Entry.Attributes.Size : 0;

    public bool IsRegular { get; } = PreimageCatalog.IsRegular(entry.Attributes.Mode);

    /// <summary>Names within the replicated directory.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>What is saved of it. Changed under its own lock; who may change it reads it without.</summary>
    public ExtentSet Saved { get; } = new();

    /// <summary>All of a range is saved. Any thread.</summary>
    public bool Covers(ulong offset, ulong end)
    {
        lock (Saved)
            return offset >= end || (Saved.TryNext(offset, out var range) && range.Offset <= offset && range.End >= end);
    }

    /// <summary>What of a range is not saved comes first here. Any thread.</summary>
    /// <param name="gap">Up to the end of the range, or to what is saved behind it.</param>
    public bool TryGap(ulong offset, ulong end, out ExtentRange gap)
    {
        lock (Saved)
            for (; offset < end && Saved.TryNext(offset, out var next); offset = next.End)
                if (next.Offset > offset)
                {
                    gap = new ExtentRange(offset, Math.Min(next.Offset, end) - offset);
                    return true;
                }
        gap = new ExtentRange(offset, offset < end ? end - offset : 0);
        return offset < end;
    }

    /// <summary>Much of it changed after its resync had ended, and was not saved: it does not become whole any more. Any thread.</summary>
    public bool IsSpoiled
    {
        get => Volatile.Read(ref _isSpoiled);
        set => Volatile.Write(ref _isSpoiled, value);
    }

    private bool _isSpoiled;

    /// <summary>It has lost its last name, or is about to: everything of it is saved.</summary>
    public bool IsGone { get; set; }

    /// <summary>It has lost its last name within the replica, or is about to, and stands among the kept files.</summary>
    public bool IsKept { get; set; }

    /// <summary>Bytes that it had allocated when it came to be kept.</summary>
    public ulong KeptBytes { get; set; }

    /// <summary>What is saved, in the order in which it was; only where a journal was read to be used.</summary>
    public List<PreimageRange> Ranges { get; } = [];

    /// <summary>All of it is saved.</summary>
    public bool IsWhole => IsGone || IsKept || !IsRegular || Size == 0 || (Saved.TryNext(0, out var first) && first.Offset == 0 && first.End >= Size);

    /// <summary>The replica no longer has it as it was.</summary>
    public bool IsChanged => IsGone || IsKept || !Saved.IsEmpty;
}
