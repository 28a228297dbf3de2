namespace HaMirror.Io.Fuse;

/// <summary>An open directory of the kernel.</summary>
internal sealed class DirectoryHandle
{
    internal required FileNode Node { get; init; }

    internal required DirectoryStream Stream { get; init; }
}
