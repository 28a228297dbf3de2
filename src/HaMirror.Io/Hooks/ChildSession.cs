using System.Diagnostics;

namespace HaMirror.Io.Hooks;

/// <summary>A child process that leads a session of its own, so that it can be ended with everything that it started.</summary>
/// <remarks>
/// Its output goes straight to a file: a grandchild that outlives it keeps a file open and not a pipe of ours, so waiting
/// never hangs on it and it never gets a broken pipe. What a child has moved to another session on purpose (a daemon)
/// is not part of this one. It ends with this process, however that ends (native-shim/guard/keep.c): what it would do next belongs
/// to a state of the module that is over, such as a stop hook that ends the VM which the next agent has just started.
/// </remarks>
internal sealed class ChildSession : IDisposable
{
    /// <summary>How long killed processes get to vanish; one in state D may not.</summary>
    private static readonly TimeSpan VanishTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan VanishLook = TimeSpan.FromMilliseconds(10);

    private readonly Process _process;

    private ChildSession(Process process)
    {
        _process = process;
        Id = process.Id;
        Exited = process.WaitForExitAsync();
    }

    /// <summary>Id of the session and of the process that leads it.</summary>
    public int Id { get; }

    /// <summary>Ends when the child itself has, whatever it left behind.</summary>
    public Task Exited { get; }

    /// <summary>Valid once <see cref="Exited"/>.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts <paramref name="program"/> with standard input from nowhere and both outputs appended to a file.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">No process could be made.</exception>
    public static ChildSession Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string directory, string output)
    {
        // The shell replaces itself by the keeper, which leads the session and so has the id that we know. What it has as
        // descriptor 3 is a pipe whose other end is ours alone.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = directory, RedirectStandardInput = true };
        foreach (var argument in (string[])
            ["-c", "exec 3<&0 </dev/null >>\"$1\" 2>&1; shift; exec \"$@\"", "sh", output, Native.GuardProcess.Program, "keep", program])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildSession(Process.Start(start) ?? throw new InvalidOperationException($"{program} was not started"));
    }

    /// <summary>Ends the whole session: SIGTERM, <paramref name="grace"/>, SIGKILL.</summary>
    /// <returns>The processes that even SIGKILL did not end within two seconds (they wait for a disk).</returns>
    public async Task<IReadOnlyList<int>> EndAsync(TimeSpan grace)
    {
        if (grace > TimeSpan.Zero)
        {
            Signal(ProcessSignal.Terminate);
            await Task.WhenAny(Exited, Task.Delay(grace)).ConfigureAwait(false);
        }

        for (var since = Stopwatch.StartNew(); ;)
        {
            var left = Signal(ProcessSignal.Kill);
            if ((left.Count == 0 && Exited.IsCompleted) || since.Elapsed > VanishTime)
            {
                return left;
            }

            await Task.Delay(VanishLook).ConfigureAwait(false);
        }
    }

    /// <summary>Lets the child go: after its end, or when nobody ends it any more.</summary>
    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.Dispose();
    }

    private List<int> Signal(int signal)
    {
        List<int> members = [.. ProcessEntry.All().Where(entry => entry.IsAlive && entry.Session == Id).Select(entry => entry.Id)];
        foreach (var member in members)
        {
            ProcessSignal.Send(member, signal);
        }

        // Between fork and setsid the keeper is still in our session.
        if (!Exited.IsCompleted && !members.Contains(Id))
        {
            ProcessSignal.Send(Id, signal);
        }

        return members;
    }
}
