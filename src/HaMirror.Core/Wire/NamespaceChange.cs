namespace HaMirror.Core.Wire;

/// <summary>One change of names or attributes, replicated in order with the writes. Paths are relative to the replicated
/// directory that <see cref="Root"/> indexes, without a leading slash; the directory itself is the empty path.</summary>
public sealed record NamespaceChange(ChangeKind Kind, int Root, string Path)
{
    /// <summary>Rename: the new path. Link: the new name (Path exists). Symlink: the target text.</summary>
    public string Other { get; init; } = "";

    /// <summary>Rename: flags of renameat2. SetXattr: flags of setxattr.</summary>
    public uint Flags { get; init; }

    /// <summary>Create, Mkdir, Mknod, Symlink and SetAttributes: which of the fields below count.</summary>
    public AttributeMask Mask { get; init; }

    /// <summary>With the file type bits.</summary>
    public uint Mode { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>In bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public long AccessTime { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public long ModifyTime { get; init; }

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>SetXattr and RemoveXattr.</summary>
    public string Name { get; init; } = "";

    /// <summary>SetXattr.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }
}

public enum ChangeKind : byte
{
    Create = 1,
    Mkdir = 2,
    Mknod = 3,
    Symlink = 4,
    Link = 5,
    Unlink = 6,
    Rmdir = 7,
    Rename = 8,
    SetAttributes = 9,
    SetXattr = 10,
    RemoveXattr = 11,
}

[Flags]
public enum AttributeMask : byte
{
    None = 0,
    Mode = 1,
    Owner = 2,
    Size = 4,
    AccessTime = 8,
    ModifyTime = 16,
}
