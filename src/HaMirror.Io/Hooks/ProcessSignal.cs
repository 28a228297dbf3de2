using System.Runtime.InteropServices;

namespace HaMirror.Io.Hooks;

/// <summary>Signals to processes by id.</summary>
internal static partial class ProcessSignal
{
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>Sends the signal. A process that has gone meanwhile is what the sender wanted, so no error.</summary>
    public static void Send(int process, int signal)
    {
        if (process > 1)
        {
            _ = SendNative(process, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendNative(int process, int signal);
}
