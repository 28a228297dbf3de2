using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Sees what would be replicated, on the loop's thread, in order.</summary>
internal interface IChangeObserver
{
    void Changed(NamespaceChange change);

    void Written(FileNode node, ulong offset, ReadOnlySpan<byte> data);

    void Allocated(FileNode node, int mode, ulong offset, ulong bytes);
}
