// Layout of struct hm_stat: 7 x 8 + 10 x 4 = 96 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>Attributes of a file as statx(2) gives them.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NativeStat
{
    /// <summary>Device of the file system, as st_dev.</summary>
    public ulong Device;

    /// <summary>Inode number.</summary>
    public ulong Inode;

    /// <summary>Size in bytes.</summary>
    public ulong Size;

    /// <summary>Allocated blocks of 512 bytes.</summary>
    public ulong Blocks;

    /// <summary>Last access, seconds since 1970.</summary>
    public long AccessSeconds;

    /// <summary>Last change of content, seconds since 1970.</summary>
    public long ModifySeconds;

    /// <summary>Last change of attributes, seconds since 1970.</summary>
    public long ChangeSeconds;

    /// <summary>Nanoseconds of the last access.</summary>
    public uint AccessNanoseconds;

    /// <summary>Nanoseconds of the last change of content.</summary>
    public uint ModifyNanoseconds;

    /// <summary>Nanoseconds of the last change of attributes.</summary>
    public uint ChangeNanoseconds;

    /// <summary>File type and permission bits.</summary>
    public uint Mode;

    /// <summary>Number of names.</summary>
    public uint Links;

    /// <summary>Owner.</summary>
    public uint Uid;

    /// <summary>Group.</summary>
    public uint Gid;

    /// <summary>Major number of a device node.</summary>
    public uint DeviceNodeMajor;

    /// <summary>Minor number of a device node.</summary>
    public uint DeviceNodeMinor;

    /// <summary>Preferred transfer size in bytes.</summary>
    public uint BlockSize;
}
