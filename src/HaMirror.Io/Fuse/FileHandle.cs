namespace HaMirror.Io.Fuse;

/// <summary>An open file of the kernel. Descriptors belong to the node; a handle says which of them it uses.</summary>
internal sealed class FileHandle
{
    internal required FileNode Node { get; init; }

    /// <summary>Opened for writing.</summary>
    internal required bool Writes { get; init; }

    /// <summary>Opened O_DIRECT.</summary>
    internal required bool Direct { get; init; }

    /// <summary>The losses of its node that it was told of, or that came before it was opened.</summary>
    internal int LossesTold { get; set; }
}
