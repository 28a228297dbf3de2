// The agent's end of hamirror-guard (native-shim/guard/main.c describes the protocol): a child process that ends the
// VMs of an agent that is dead or hung.
// Invariant: only the beating thread and, under the gate, Add and Remove write to the pipe; the guard hears a byte
// every 200 ms as long as this process runs at all, whatever its thread pool does.
using System.Diagnostics;

namespace HaMirror.Io.Native;

/// <summary>Starts the guard, beats, and names the mounts that serve.</summary>
public sealed class GuardProcess : IDisposable
{
    private const string FileName = "hamirror-guard";
    private const string InstalledPath = "/usr/lib/hamirror/" + FileName;
    private const int BeatMs = 200;

    /// <summary>The guard reads at once, so that a full pipe means that it is stopped; it must not stop us too.</summary>
    private const int EndMs = 2000;

    private static readonly byte[] Beat = "."u8.ToArray();
    private static readonly byte[] OrderlyEnd = "!"u8.ToArray();

    private readonly Lock gate = new();
    private readonly Process process;
    private readonly Stream pipe;
    private readonly Thread beating;
    private readonly Action? died;
    private readonly ManualResetEventSlim ending = new();
    private bool failed;
    private bool ended;

    private GuardProcess(Process process, Action? died)
    {
        this.process = process;
        this.died = died;
        pipe = process.StandardInput.BaseStream;
        beating = new Thread(KeepBeating) { Name = "guard", IsBackground = true };
        beating.Start();
    }

    /// <summary>The guard's process id.</summary>
    public int ProcessId => process.Id;

    /// <summary>Starts the guard that lies beside this assembly, or else the installed one.</summary>
    /// <param name="died">Called once, on the beating thread, when the guard has died: nothing watches over the VMs any
    /// more. Start another one and name all mounts again.</param>
    /// <exception cref="ShimException">There is none, or it cannot be started.</exception>
    public static GuardProcess Start(Action? died = null) => Start(Program, died);

    /// <summary>The program, which has two other uses: <see cref="MountProbe"/> and children that end with the agent.</summary>
    internal static string Program
    {
        get
        {
            var beside = Path.Combine(AppContext.BaseDirectory, FileName);
            return File.Exists(beside) ? beside : InstalledPath;
        }
    }

    /// <summary>Starts the guard at <paramref name="path"/>.</summary>
    /// <param name="path">The program.</param>
    /// <param name="died">As above.</param>
    /// <exception cref="ShimException">It is missing or cannot be started.</exception>
    public static GuardProcess Start(string path, Action? died)
    {
        var start = new ProcessStartInfo(path) { RedirectStandardInput = true, UseShellExecute = false };
        try
        {
            return new GuardProcess(Process.Start(start)
                ?? throw new ShimException($"The guard {path} did not start; check its permissions."), died);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ShimException(
                $"The guard {path} cannot be started ({e.Message}); build it with 'make -C native-shim' or install the "
                + "package again. Without it a crash of the agent leaves its VMs running.", e.NativeErrorCode);
        }
    }

    /// <summary>From now on, what has the mount's files open for writing dies with this process.</summary>
    /// <param name="mountPath">Absolute path of a mount that serves already.</param>
    public void Add(string mountPath) => Send('+', mountPath);

    /// <summary>The mount serves no more.</summary>
    /// <param name="mountPath">As given to <see cref="Add"/>.</param>
    public void Remove(string mountPath) => Send('-', mountPath);

    /// <summary>Ends the guard in order: it does nothing to any mount.</summary>
    public void Dispose()
    {
        if (ended)
        {
            return;
        }

        ended = true;
        ending.Set();
        beating.Join();
        Write(OrderlyEnd);
        try
        {
            pipe.Dispose();
        }
        catch (IOException)
        {
            // The guard is dead already: there is nobody left to be told.
        }

        process.WaitForExit(EndMs);
        process.Dispose();
        ending.Dispose();
    }

    private void Send(char sign, string mountPath)
    {
        if (!mountPath.StartsWith('/') || mountPath.Contains('\n'))
        {
            throw new ArgumentException($"'{mountPath}' is no absolute path that the guard can be told.", nameof(mountPath));
        }

        Write(System.Text.Encoding.UTF8.GetBytes($"{sign} {mountPath}\n"));
    }

    private void Write(byte[] bytes)
    {
        lock (gate)
        {
            if (failed)
            {
                return;
            }

            try
            {
                pipe.Write(bytes);
                pipe.Flush();
            }
            catch (IOException)
            {
                failed = true; // the beating thread reports it
            }
        }
    }

    private void KeepBeating()
    {
        // On a machine that is busy a late beat would cost the VMs.
        HaMirror.Io.Heartbeats.ThreadUrgency.Raise();
        do
        {
            Write(Beat);
            if (failed || process.HasExited)
            {
                died?.Invoke();
                return;
            }
        }
        while (!ending.Wait(BeatMs));
    }
}
