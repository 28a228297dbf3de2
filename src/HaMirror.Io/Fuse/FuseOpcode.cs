// Operation numbers of linux/fuse.h. Those that are missing here are answered with ENOSYS like any unknown number.
namespace HaMirror.Io.Fuse;

/// <summary>What the kernel asks for.</summary>
public enum FuseOpcode : uint
{
    /// <summary>Find a name in a directory.</summary>
    Lookup = 1,

    /// <summary>The kernel drops references to a node.</summary>
    Forget = 2,

    /// <summary>Attributes of a node.</summary>
    GetAttributes = 3,

    /// <summary>Change attributes of a node.</summary>
    SetAttributes = 4,

    /// <summary>Target of a symbolic link.</summary>
    ReadLink = 5,

    /// <summary>Make a symbolic link.</summary>
    SymbolicLink = 6,

    /// <summary>Make a file, FIFO, socket or device node.</summary>
    MakeNode = 8,

    /// <summary>Make a directory.</summary>
    MakeDirectory = 9,

    /// <summary>Remove a name.</summary>
    Unlink = 10,

    /// <summary>Remove an empty directory.</summary>
    RemoveDirectory = 11,

    /// <summary>Rename without flags.</summary>
    Rename = 12,

    /// <summary>Give a file one more name.</summary>
    Link = 13,

    /// <summary>Open a file.</summary>
    Open = 14,

    /// <summary>Read from a file.</summary>
    Read = 15,

    /// <summary>Write to a file.</summary>
    Write = 16,

    /// <summary>Size of the file system.</summary>
    FileSystemStat = 17,

    /// <summary>The last descriptor of an open file was closed.</summary>
    Release = 18,

    /// <summary>Make a file durable.</summary>
    Sync = 20,

    /// <summary>Set an extended attribute.</summary>
    SetXattr = 21,

    /// <summary>Get an extended attribute.</summary>
    GetXattr = 22,

    /// <summary>List extended attributes.</summary>
    ListXattr = 23,

    /// <summary>Remove an extended attribute.</summary>
    RemoveXattr = 24,

    /// <summary>A descriptor was closed.</summary>
    Flush = 25,

    /// <summary>The first request: versions and abilities.</summary>
    Init = 26,

    /// <summary>Open a directory.</summary>
    OpenDirectory = 27,

    /// <summary>Entries of a directory.</summary>
    ReadDirectory = 28,

    /// <summary>The last descriptor of a directory was closed.</summary>
    ReleaseDirectory = 29,

    /// <summary>Make a directory durable.</summary>
    SyncDirectory = 30,

    /// <summary>Make and open a file.</summary>
    Create = 35,

    /// <summary>Give up a request that is under way.</summary>
    Interrupt = 36,

    /// <summary>The file system is unmounted.</summary>
    Destroy = 38,

    /// <summary>Control call.</summary>
    Ioctl = 39,

    /// <summary>The kernel drops references to several nodes.</summary>
    BatchForget = 42,

    /// <summary>Allocate, punch or zero a range.</summary>
    Allocate = 43,

    /// <summary>Entries of a directory with their attributes.</summary>
    ReadDirectoryPlus = 44,

    /// <summary>Rename with flags.</summary>
    Rename2 = 45,

    /// <summary>Find data or a hole.</summary>
    Seek = 46,
}
