// io_uring: batches of file operations and of completions.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>A ring with room for <paramref name="entries"/> operations; invalid when io_uring is not to be
    /// had.</summary>
    [LibraryImport(Library, EntryPoint = "hm_ring_create")]
    public static partial RingHandle RingCreate(uint entries);

    /// <summary>A descriptor that is readable while completions wait; it belongs to the ring.</summary>
    [LibraryImport(Library, EntryPoint = "hm_ring_fd")]
    public static partial int RingDescriptor(RingHandle ring);

    /// <summary>Queues all and submits them in one system call; returns how many were taken.</summary>
    [LibraryImport(Library, EntryPoint = "hm_ring_submit")]
    public static partial int RingSubmit(RingHandle ring, NativeIo* ios, int count);

    /// <summary>Takes up to <paramref name="count"/> completions without waiting.</summary>
    [LibraryImport(Library, EntryPoint = "hm_ring_harvest")]
    public static partial int RingHarvest(RingHandle ring, NativeDone* done, int count);

    [LibraryImport(Library, EntryPoint = "hm_ring_destroy")]
    internal static partial void RingDestroy(nint ring);
}
