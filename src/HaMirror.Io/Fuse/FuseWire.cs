// Bodies of requests and replies as linux/fuse.h lays them out: little endian, naturally aligned, padded to 8 bytes.
// Invariant: the size of each equals the C struct's (tests state the numbers).
using System.Runtime.InteropServices;

namespace HaMirror.Io.Fuse;

/// <summary>The kernel's structs.</summary>
internal static class FuseWire
{
    /// <summary>sizeof(fuse_in_header): where the body begins.</summary>
    internal const int InHeaderBytes = 40;

    [StructLayout(LayoutKind.Sequential)]
    internal struct InHeader
    {
        internal uint Length;
        internal FuseOpcode Opcode;
        internal ulong Unique;
        internal ulong Node;
        internal uint Uid;
        internal uint Gid;
        internal uint Pid;
        internal ushort ExtensionUnits;
        internal ushort Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Attributes
    {
        internal ulong Inode, Size, Blocks, AccessSeconds, ModifySeconds, ChangeSeconds;
        internal uint AccessNanoseconds, ModifyNanoseconds, ChangeNanoseconds;
        internal uint Mode, Links, Uid, Gid, DeviceNode, BlockSize, Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct EntryOut
    {
        internal ulong Node, Generation, EntryValidSeconds, AttributesValidSeconds;
        internal uint EntryValidNanoseconds, AttributesValidNanoseconds;
        internal Attributes Attributes;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct AttributesOut
    {
        internal ulong ValidSeconds;
        internal uint ValidNanoseconds, Padding;
        internal Attributes Attributes;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ForgetIn
    {
        internal ulong Lookups;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ForgetOne
    {
        internal ulong Node, Lookups;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct BatchForgetIn
    {
        internal uint Count, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct GetAttributesIn
    {
        internal uint Flags, Padding;
        internal ulong Handle;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SetAttributesIn
    {
        internal uint Valid, Padding;
        internal ulong Handle, Size, LockOwner, AccessSeconds, ModifySeconds, ChangeSeconds;
        internal uint AccessNanoseconds, ModifyNanoseconds, ChangeNanoseconds, Mode, Unused4, Uid, Gid, Unused5;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MakeNodeIn
    {
        internal uint Mode, DeviceNode, Umask, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MakeDirectoryIn
    {
        internal uint Mode, Umask;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct RenameIn
    {
        internal ulong NewDirectory;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Rename2In
    {
        internal ulong NewDirectory;
        internal uint Flags, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkIn
    {
        internal ulong OldNode;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenIn
    {
        internal uint Flags, OpenFlags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct CreateIn
    {
        internal uint Flags, Mode, Umask, OpenFlags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenOut
    {
        internal ulong Handle;
        internal uint OpenFlags;
        internal int Backing;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct CreateOut
    {
        internal EntryOut Entry;
        internal OpenOut Open;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ReleaseIn
    {
        internal ulong Handle;
        internal uint Flags, ReleaseFlags;
        internal ulong LockOwner;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ReadIn
    {
        internal ulong Handle, Offset;
        internal uint Size, ReadFlags;
        internal ulong LockOwner;
        internal uint Flags, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct WriteIn
    {
        internal ulong Handle, Offset;
        internal uint Size, WriteFlags;
        internal ulong LockOwner;
        internal uint Flags, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct WriteOut
    {
        internal uint Size, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct FileSystemStatOut
    {
        internal ulong Blocks, FreeBlocks, AvailableBlocks, Files, FreeFiles;
        internal uint BlockSize, NameBytesMax, FragmentSize, Padding;
        internal uint Spare0, Spare1, Spare2, Spare3, Spare4, Spare5;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SyncIn
    {
        internal ulong Handle;
        internal uint Flags, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SetXattrIn
    {
        internal uint Size, Flags, SetFlags, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct GetXattrIn
    {
        internal uint Size, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct GetXattrOut
    {
        internal uint Size, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct InitIn
    {
        internal uint Major, Minor, ReadAheadMax, Flags;
    }

    /// <summary>What follows <see cref="InitIn"/> where its flags say so (INIT_EXT).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct InitInMore
    {
        internal uint Flags2;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct InitOut
    {
        internal uint Major, Minor, ReadAheadMax, Flags;
        internal ushort BackgroundMax, CongestionThreshold;
        internal uint WriteMax, TimeGranularity;
        internal ushort PagesMax, MapAlignment;
        internal uint Flags2;
        internal uint StackDepthMax, Unused1, Unused2, Unused3, Unused4, Unused5, Unused6;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct AllocateIn
    {
        internal ulong Handle, Offset, Length;
        internal uint Mode, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SeekIn
    {
        internal ulong Handle, Offset;
        internal uint Whence, Padding;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SeekOut
    {
        internal ulong Offset;
    }

    /// <summary>fuse_dirent without its name, which follows and is padded to 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct DirectoryEntry
    {
        internal ulong Inode, NextOffset;
        internal uint NameBytes, Type;
    }
}
