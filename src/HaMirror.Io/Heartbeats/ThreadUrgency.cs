using System.Runtime.InteropServices;

namespace HaMirror.Io.Heartbeats;

/// <summary>Puts the calling thread before the machine's ordinary work: .NET's own thread priorities do nothing on Linux.</summary>
public static partial class ThreadUrgency
{
    private const int PriorityOfProcess = 0; // PRIO_PROCESS with a thread's id means that thread
    private const int Nice = -15;

    /// <summary>Without the right to (no root), the thread stays as it is: late heartbeats are then likelier, not wrong.</summary>
    /// <returns>False when the kernel refused.</returns>
    public static bool Raise() => SetPriority(PriorityOfProcess, GetThreadId(), Nice) == 0;

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();
}
