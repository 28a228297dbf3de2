// Holds one thread of another process, as a disk that hangs would: the others of the process go on. It is held while it waits
// in a system call, where the runtime does not need it for a garbage collection. Every request to the kernel about a held
// thread comes from the one thread that took it, so each has a thread of its own here.
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A thread that does not run until this is disposed.</summary>
internal sealed partial class HeldThread : IDisposable
{
    private const int Seize = 0x4206, Interrupt = 0x4207, Detach = 17, Continue = 7;
    private const int WaitAllThreads = 0x40000000;
    private const int Tries = 1000;

    private readonly ManualResetEventSlim _release = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _holder;

    private HeldThread(int process, string name)
    {
        _holder = new Thread(() => Hold(process, name)) { IsBackground = true, Name = "holds " + name };
        _holder.Start();
    }

    /// <param name="name">A pattern of its name as the kernel shows it: the first 15 characters.</param>
    public static async Task<HeldThread> TakeAsync(int process, string name)
    {
        var held = new HeldThread(process, name);
        await held._held.Task.WaitAsync(AgentProcess.Patience);
        return held;
    }

    public void Dispose()
    {
        _release.Set();
        _holder.Join();
        _release.Dispose();
    }

    private void Hold(int process, string name)
    {
        try
        {
            var thread = Directory.GetDirectories($"/proc/{process}/task").Single(task => Regex.IsMatch(File.ReadAllText(task + "/comm").Trim(), $"^{name}$"));
            var id = int.Parse(Path.GetFileName(thread), System.Globalization.CultureInfo.InvariantCulture);
            Ask(Seize, id);
            for (var count = 0; ; count++)
            {
                Ask(Interrupt, id);
                if (Wait(id, out _, WaitAllThreads) != id) throw new InvalidOperationException($"waiting for {name}: error {Marshal.GetLastPInvokeError()}");
                // "NUMBER ARGUMENTS..." within a system call, "-1 ..." outside of any.
                if (!File.ReadAllText(thread + "/syscall").StartsWith('-')) break;
                if (count == Tries) throw new InvalidOperationException($"{name} was never found waiting.");
                Ask(Continue, id);
                Thread.Sleep(1);
            }

            _held.SetResult();
            _release.Wait();
            Ask(Detach, id);
        }
        catch (Exception error)
        {
            _held.TrySetException(error);
        }
    }

    private static void Ask(int request, int thread)
    {
        if (Trace(request, thread, 0, 0) != 0)
            throw new InvalidOperationException($"ptrace request {request:x} for thread {thread}: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial nint Trace(long request, int thread, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int Wait(int process, out int status, int options);
}
