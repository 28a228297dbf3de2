using System.Collections.Immutable;

namespace HaMirror.Core.Wire;

/// <summary>One name of a directory, as a resync tells it.</summary>
/// <param name="SameInode">Not 0: entries with the same number are names of one file (its inode at the source). 0: it has no
/// other name.</param>
/// <param name="LinkTarget">Text of a symlink, else empty.</param>
public sealed record DirectoryEntry(string Name, ulong SameInode, string LinkTarget, EntryAttributes Attributes);

/// <summary>Everything that is known of a file but its data.</summary>
/// <param name="Mode">With the file type bits.</param>
/// <param name="Size">In bytes; of regular files.</param>
/// <param name="AccessTime">Nanoseconds since 1970.</param>
/// <param name="ModifyTime">Nanoseconds since 1970.</param>
/// <param name="Extended">Only those that <see cref="ReplicatedAttribute.Counts"/>; ACLs are among them.</param>
public sealed record EntryAttributes(
    uint Mode, uint Uid, uint Gid, ulong Size, long AccessTime, long ModifyTime, uint DeviceMajor, uint DeviceMinor,
    ImmutableArray<ExtendedAttribute> Extended);

public sealed record ExtendedAttribute(string Name, ReadOnlyMemory<byte> Value);
