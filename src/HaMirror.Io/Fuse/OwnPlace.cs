// The directory of HaMirror's own at the top of a replicated one (KeptFiles), which no listing of the mount shows: a guest that
// copies or removes all it sees must not meet files that a resync removed, and what it put there would be on one node only.
// Who knows its name finds it, as the export of a salvage set does.
using System.Text;
using HaMirror.Core.Configuration;

namespace HaMirror.Io.Fuse;

/// <summary>Knows the name that listings leave out and nobody may change.</summary>
internal static unsafe class OwnPlace
{
    private static readonly byte[] Name = Encoding.UTF8.GetBytes(ReplicationFilter.KeptName);

    public static bool Is(FileNode directory, in EntryName name) =>
        directory.Number == NodeTable.RootNumber && name.Text.SequenceEqual(ReplicationFilter.KeptName);

    public static bool Is(FileNode directory, in DirectoryRecord record) =>
        directory.Number == NodeTable.RootNumber && new ReadOnlySpan<byte>(record.Name, record.NameBytes).SequenceEqual(Name);
}
