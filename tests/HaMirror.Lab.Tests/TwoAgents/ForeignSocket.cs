// Ends a socket of another process, as that process never would: a copy of its descriptor (pidfd_getfd) is shut down.
using System.Runtime.InteropServices;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Sockets of others.</summary>
internal static partial class ForeignSocket
{
    private const long PidfdOpen = 434, PidfdGetfd = 438; // system calls, the same on all architectures
    private const int ShutBoth = 2;

    /// <summary>Ends the process's first socket of that kind.</summary>
    public static void End(int process, Func<OwnSocket, bool> which)
    {
        var (descriptor, _) = OwnSocket.DescriptorsOf(process).First(one => which(one.Socket));
        var handle = (int)Call(PidfdOpen, process, 0, 0);
        Assert.True(handle >= 0, $"pidfd_open: {Marshal.GetLastPInvokeErrorMessage()}");
        var copy = (int)Call(PidfdGetfd, handle, descriptor, 0);
        Assert.True(copy >= 0, $"pidfd_getfd: {Marshal.GetLastPInvokeErrorMessage()}");
        Assert.Equal(0, Shutdown(copy, ShutBoth));
        _ = Close(copy);
        _ = Close(handle);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long first, long second, long third);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
