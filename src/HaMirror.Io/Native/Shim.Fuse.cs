// /dev/fuse: mounting, and batches of requests and replies.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>sizeof(fuse_in_header) + sizeof(fuse_write_in): what precedes the data of a WRITE.</summary>
    public const int FuseHeaderBytes = 80;

    /// <summary>Mounts over the directory <paramref name="path"/>; returns the non-blocking descriptor of
    /// /dev/fuse.</summary>
    /// <param name="path">An existing directory.</param>
    /// <param name="name">The source shown by mount(8); the type is always "fuse.hamirror".</param>
    /// <param name="maxRead">Largest READ in bytes that the kernel may ask for.</param>
    [LibraryImport(Library, EntryPoint = "hm_fuse_mount", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FuseMount(string path, string name, uint maxRead);

    /// <summary>Detaches a mount; with <paramref name="abort"/> != 0 every request that waits is aborted
    /// first.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_unmount", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FuseUnmount(string path, int abort);

    /// <summary>Ends every request that waits in a mount and takes no further one, without detaching it. Returns 1 when the mount
    /// has gone with it, because nobody had anything of it open.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_abort", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FuseAbort(string path);

    /// <summary>Registers an open file with the mount, so that a handle can be answered as one that the kernel reads by itself.
    /// Returns its number, or -EPERM (not negotiated), -ELOOP (on a stacked file system) or another -errno.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_backing_open")]
    public static partial int FuseBackingOpen(int descriptor, int file);

    /// <summary>Ends that; handles that are open go on.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_backing_close")]
    public static partial int FuseBackingClose(int descriptor, int number);

    /// <summary>Receives what waits, at most <paramref name="count"/>; never blocks. -ENODEV: unmounted or
    /// aborted.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_receive")]
    public static partial int FuseReceive(int descriptor, NativeRequest* requests, int count);

    /// <summary>Sends all replies; one that the kernel no longer waits for is no error. Returns the number
    /// sent.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_reply")]
    public static partial int FuseReply(int descriptor, NativeReply* replies, int count);

    /// <summary>Has the kernel drop an inode's cached attributes and pages. -ENOENT: it knows no such node.</summary>
    [LibraryImport(Library, EntryPoint = "hm_fuse_invalidate")]
    public static partial int FuseInvalidate(int descriptor, ulong node);

    /// <summary>Has the kernel drop a cached name. -ENOENT: it knows no such name.</summary>
    /// <param name="descriptor">From <see cref="FuseMount"/>.</param>
    /// <param name="parent">Node of the directory.</param>
    /// <param name="name">Ends in a zero byte.</param>
    [LibraryImport(Library, EntryPoint = "hm_fuse_invalidate_entry")]
    public static partial int FuseInvalidateEntry(int descriptor, ulong parent, byte* name);

    /// <inheritdoc cref="FuseInvalidateEntry(int, ulong, byte*)"/>
    [LibraryImport(Library, EntryPoint = "hm_fuse_invalidate_entry", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FuseInvalidateEntry(int descriptor, ulong parent, string name);
}
