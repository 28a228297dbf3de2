// File calls on a descriptor. A descriptor may be O_PATH where the comment says so; a failure is a negative errno.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>Opens the same file again with other flags, through /proc/self/fd.</summary>
    [LibraryImport(Library, EntryPoint = "hm_reopen")]
    public static partial int Reopen(int file, int flags);

    /// <summary>Closes a descriptor.</summary>
    [LibraryImport(Library, EntryPoint = "hm_close")]
    public static partial int Close(int file);

    /// <summary>Target of a symlink opened with O_PATH, without a zero at the end; its length in bytes.</summary>
    [LibraryImport(Library, EntryPoint = "hm_readlink")]
    public static partial long ReadLink(int link, byte* target, ulong capacity);

    /// <summary>Sets the size in bytes; writable descriptor, or O_PATH of a regular file.</summary>
    [LibraryImport(Library, EntryPoint = "hm_truncate")]
    public static partial int Truncate(int file, ulong size);

    /// <summary>fallocate(2); <paramref name="mode"/> has its FALLOC_FL_ bits.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fallocate")]
    public static partial int Allocate(int file, int mode, ulong offset, ulong bytes);

    /// <summary>lseek(2), for SEEK_SET (0), SEEK_DATA (3) and SEEK_HOLE (4); the new offset.</summary>
    [LibraryImport(Library, EntryPoint = "hm_lseek")]
    public static partial long Seek(int file, ulong offset, int whence);

    /// <summary>Reads all, or up to the end of the file; bytes read.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pread")]
    public static partial long ReadAt(int file, byte* data, ulong bytes, ulong offset);

    /// <summary>Writes all or fails; bytes written.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pwrite")]
    public static partial long WriteAt(int file, byte* data, ulong bytes, ulong offset);

    /// <summary>Has the kernel begin to read a range into its page cache; it is not waited for.</summary>
    [LibraryImport(Library, EntryPoint = "hm_read_ahead")]
    public static partial int ReadAhead(int descriptor, ulong offset, ulong bytes);

    /// <summary>fsync, or fdatasync when <paramref name="dataOnly"/> is not 0.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fsync")]
    public static partial int Sync(int file, int dataOnly);

    /// <summary>Writes back the whole file system that holds the file.</summary>
    [LibraryImport(Library, EntryPoint = "hm_syncfs")]
    public static partial int SyncFileSystem(int file);

    /// <summary>copy_file_range(2); bytes copied, possibly fewer than asked.</summary>
    [LibraryImport(Library, EntryPoint = "hm_copy_range")]
    public static partial long CopyRange(int from, ulong fromOffset, int to, ulong toOffset, ulong bytes);

    /// <summary>Directory entries as getdents64(2) lays them out; bytes, 0 at the end. Rewind with <see
    /// cref="Seek"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_getdents")]
    public static partial long DirectoryEntries(int directory, byte* buffer, ulong bytes);

    /// <summary>Fills nine numbers: type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize.</summary>
    [LibraryImport(Library, EntryPoint = "hm_statfs")]
    public static partial int FileSystemStat(int file, ulong* nine);

    /// <summary>Raises this process's limit of open files as far as it goes; the new limit.</summary>
    [LibraryImport(Library, EntryPoint = "hm_raise_file_limit")]
    public static partial int RaiseFileLimit();

    /// <summary>One ICMP or ICMPv6 echo to a literal address; waits itself. Microseconds, or -ETIMEDOUT, or another
    /// -errno.</summary>
    [LibraryImport(Library, EntryPoint = "hm_ping", StringMarshalling = StringMarshalling.Utf8)]
    public static partial long Ping(string address, int timeoutMs);
}
