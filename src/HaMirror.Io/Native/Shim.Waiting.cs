// Waiting for descriptors, and waking who waits.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>poll(2) that goes on after a signal; <paramref name="timeoutMs"/> in milliseconds, -1 for
    /// ever.</summary>
    /// <returns>How many entries have something, or -errno.</returns>
    [LibraryImport(Library, EntryPoint = "hm_poll")]
    public static partial int Poll(NativePoll* entries, int count, int timeoutMs);

    /// <summary>A non-blocking eventfd; close it with <see cref="Close"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_event_create")]
    public static partial int EventCreate();

    /// <summary>Makes an eventfd readable. Any thread may call it.</summary>
    [LibraryImport(Library, EntryPoint = "hm_event_signal")]
    public static partial int EventSignal(int descriptor);

    /// <summary>Makes an eventfd unreadable until the next signal.</summary>
    [LibraryImport(Library, EntryPoint = "hm_event_clear")]
    public static partial int EventClear(int descriptor);
}
