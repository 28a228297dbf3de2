// One hamirrord of its own: a root directory, a loopback address, and whatever it mounts below that root.
using System.Diagnostics;
using System.Text;
using HaMirror.Core.Api;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A real agent process and its API.</summary>
internal sealed class AgentProcess : AgentApi, IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private Process? _process;

    public AgentProcess(string root, string name, string address) : base(root, name)
    {
        Address = address;
        // The console on this agent's own address alone: all of a machine's agents would want the same port.
        Directory.CreateDirectory(root + "/etc/hamirror", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(root + "/etc/hamirror/console.xml", $"<console listen=\"{address}\"/>\n");
    }

    public string Address { get; }

    /// <summary>The network name space that it runs in; null: this machine's own.</summary>
    public string? NetworkSpace { get; init; }

    public int Id => _process?.Id ?? throw new InvalidOperationException($"Agent {Name} does not run.");

    public bool HasExited => _process is not { HasExited: false };

    /// <summary>What the agent and its modules logged, for a failed assertion's message.</summary>
    public override string Story
    {
        get
        {
            var story = new StringBuilder().AppendLine($"--- {Name}: output");
            lock (_output) story.Append(_output);
            var logs = $"{Root}/var/log/hamirror";
            if (!Directory.Exists(logs)) return story.ToString();
            foreach (var file in Directory.GetFiles(logs, "module*.log", SearchOption.AllDirectories))
                story.AppendLine($"--- {Name}: {file}").Append(File.ReadAllText(file));
            return story.ToString();
        }
    }

    /// <param name="crashAt">For HAMIRROR_CRASH_AT; null: nowhere.</param>
    /// <param name="waits">Until it answers; else only the process is started.</param>
    public async Task StartAsync(string? crashAt = null, bool waits = true)
    {
        var start = NetworkSpace is null ? new ProcessStartInfo(Program()) : new ProcessStartInfo("nsenter", [$"--net=/run/netns/{NetworkSpace}", Program()]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment[ApiPath.RootVariable] = Root;
        if (crashAt is not null) start.Environment[HaMirror.Io.Crashes.Crash.Variable] = crashAt;
        _process = Process.Start(start) ?? throw new InvalidOperationException("hamirrord was not started.");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        if (!waits) return;
        await Deadline.HoldsAsync($"agent {Name} answers", Patience, async () =>
        {
            Assert.False(_process.HasExited, Story);
            try
            {
                return await StatusAsync() is not null;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => Story);
    }

    /// <summary>One more agent of the same root, which is expected to end by itself.</summary>
    public async Task<(int Code, string Output)> RunSecondAsync()
    {
        var start = new ProcessStartInfo(Program()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[ApiPath.RootVariable] = Root;
        using var second = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        var said = Task.WhenAll(second.StandardOutput.ReadToEndAsync(limit.Token), second.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await second.WaitForExitAsync(limit.Token);
            return (second.ExitCode, string.Concat(await said));
        }
        finally
        {
            if (!second.HasExited) second.Kill();
        }
    }

    /// <summary>As a crash: nothing of the agent runs on.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits until it has killed itself.</summary>
    public async Task DiesAsync() => await _process!.WaitForExitAsync(new CancellationTokenSource(Patience).Token);

    /// <summary>As systemd ends it.</summary>
    public async Task EndAsync()
    {
        await SignalAsync("TERM");
        await DiesAsync();
    }

    /// <param name="signal">As kill takes it, e.g. <c>STOP</c>.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        CloseApi();
        var disk = Root + "/disk";
        string[] paths = [.. Directory.GetDirectories(Root), .. Directory.Exists(disk) ? [disk + "/data-m1"] : Array.Empty<string>()];
        foreach (var path in paths)
        {
            // Every layer: a test that killed the agent more than once may have left several.
            for (var layer = 0; layer < 16 && Shim.MountKind(path) == 1; layer++) _ = Shim.FuseUnmount(path, abort: 1);
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }

    /// <summary>Where the sources are.</summary>
    public static string Repository => Own.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    // tests/HaMirror.Lab.Tests/bin/CONFIGURATION/net10.0 beside src/HaMirror.Agent/bin/CONFIGURATION/net10.0
    private static DirectoryInfo Own => new(AppContext.BaseDirectory.TrimEnd('/'));

    private static string Program() => Path.Combine(Repository, "src/HaMirror.Agent/bin", Own.Parent!.Name, Own.Name, "hamirrord");
}
