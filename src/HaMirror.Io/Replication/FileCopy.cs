// One file on its way through a resync: which of its marked extents have been asked for.
// Invariant: the descriptor keeps the inode, so its number cannot come to mean another file while this one is copied.
namespace HaMirror.Io.Replication;

/// <param name="IsDivided">It is compared extent by extent first.</param>
internal readonly record struct DifferentRange(ulong Offset, ulong Bytes, bool IsDivided);

/// <summary>A file that a resync copies or compares. Belongs to the pump's thread.</summary>
internal sealed class FileCopy(FileKey key, ResyncFile file, int descriptor, ulong wireFile)
{
    public FileKey Key { get; } = key;

    public ResyncFile File { get; } = file;

    public int Descriptor { get; } = descriptor;

    /// <summary>The number under which the target knows it here.</summary>
    public ulong WireFile { get; } = wireFile;

    /// <summary>A verification copies all of it and compares nothing.</summary>
    public bool IsCopied { get; init; }

    /// <summary>Marked extents below this were asked for.</summary>
    public ulong Cursor { get; set; }

    /// <summary>No marked extent is left at or behind <see cref="Cursor"/>.</summary>
    public bool IsExhausted { get; set; }

    /// <summary>Reads and hashes whose results are missing.</summary>
    public int Outstanding { get; set; }

    /// <summary>Ranges whose hashes differ: to be copied, or to be compared once more, extent by extent.</summary>
    public Queue<DifferentRange> Different { get; } = new();

    /// <summary>What is still under way for it counts for nothing.</summary>
    public bool IsAbandoned { get; private set; }

    public void Abandon()
    {
        IsAbandoned = IsExhausted = true;
        Different.Clear();
    }

    public bool IsDone => IsExhausted && Outstanding == 0 && Different.Count == 0;
}
