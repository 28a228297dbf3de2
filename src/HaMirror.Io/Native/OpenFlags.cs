// Numbers of open(2) on x86-64 Linux, which differ from other architectures'.
namespace HaMirror.Io.Native;

/// <summary>Flags of <see cref="Shim.Open(int, string, int, uint)"/> as open(2) numbers them on x86-64.</summary>
public static class OpenFlags
{
    /// <summary>O_RDONLY</summary>
    public const int ReadOnly = 0;

    /// <summary>O_WRONLY</summary>
    public const int WriteOnly = 1;

    /// <summary>O_RDWR</summary>
    public const int ReadWrite = 2;

    /// <summary>O_ACCMODE</summary>
    public const int AccessMask = 3;

    /// <summary>O_CREAT</summary>
    public const int Create = 0x40;

    /// <summary>O_EXCL</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_TRUNC</summary>
    public const int Truncate = 0x200;

    /// <summary>O_APPEND</summary>
    public const int Append = 0x400;

    /// <summary>O_NONBLOCK</summary>
    public const int NonBlocking = 0x800;

    /// <summary>O_DSYNC</summary>
    public const int DataSync = 0x1000;

    /// <summary>O_DIRECT</summary>
    public const int Direct = 0x4000;

    /// <summary>O_LARGEFILE</summary>
    public const int LargeFile = 0x8000;

    /// <summary>O_DIRECTORY</summary>
    public const int Directory = 0x10000;

    /// <summary>O_NOFOLLOW</summary>
    public const int NoFollow = 0x20000;

    /// <summary>O_NOATIME</summary>
    public const int NoAccessTime = 0x40000;

    /// <summary>O_CLOEXEC</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>O_SYNC</summary>
    public const int Sync = 0x101000;

    /// <summary>O_PATH</summary>
    public const int Path = 0x200000;

    /// <summary>O_TMPFILE</summary>
    public const int Temporary = 0x410000;
}
