using System.Diagnostics;
using System.Globalization;
using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;
using HaMirror.Io.Hooks;

namespace HaMirror.Io.Tests.Hooks;

public sealed class HookRunnerTests : IDisposable
{
    private static readonly HookArguments Arguments = new("PRIM", "WAIT", "stopwait");

    private readonly HookDirectory _module = new();

    public void Dispose() => _module.Dispose();

    [Fact]
    public async Task Hook_Succeeding_KeepsOutputAndArguments()
    {
        _module.Hook("start_prim", "echo out \"$@\"; echo err >&2");
        var result = await _module.Runner().RunAsync("start_prim", false, Arguments, default);

        Assert.Equal((HookOutcome.Succeeded, 0), (result.Outcome, result.ExitCode));
        Assert.Matches(@"/var/log/hamirror/vm1/hooks/userlog_\d{4}-\d\d-\d\dT\d{6}_start_prim\.ulog$", result.OutputFile);
        var lines = File.ReadAllLines(result.OutputFile!);
        Assert.Equal("# start_prim PRIM WAIT stopwait", lines[0]);
        Assert.Equal(["out PRIM WAIT stopwait", "err"], lines[1..3]);
        Assert.StartsWith("# hook start_prim of module vm1 succeeded in", lines[3], StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(result.OutputFile!));
    }

    [Fact]
    public async Task Hook_Forced_GetsForceFirst()
    {
        _module.Hook("stop_prim", "[ \"$*\" = 'force PRIM WAIT stopwait' ]");
        Assert.True((await _module.Runner().RunAsync("stop_prim", true, Arguments, default)).Succeeded);
        Assert.False((await _module.Runner().RunAsync("stop_prim", false, Arguments, default)).Succeeded);
    }

    [Fact]
    public async Task Hook_Failing_SaysExitCodeAndFile()
    {
        _module.Hook("start_prim", "exit 7");
        var result = await _module.Runner().RunAsync("start_prim", false, Arguments, default);
        Assert.Equal((HookOutcome.Failed, 7), (result.Outcome, result.ExitCode));
        Assert.Contains("failed with exit code 7", result.Sentence, StringComparison.Ordinal);
        Assert.Contains(result.OutputFile!, result.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hook_Missing_IsSuccessWithADetail()
    {
        var result = await _module.Runner().RunAsync("start_sec", false, Arguments, default);
        Assert.True(result.Succeeded);
        Assert.Equal((HookOutcome.Missing, "module vm1 has no hook start_sec"), (result.Outcome, result.Sentence));
    }

    [Fact]
    public async Task Hook_NotExecutable_IsRefusedWithTheRemedy()
    {
        _module.Hook("start_prim", "exit 0", executable: false);
        var result = await _module.Runner().RunAsync("start_prim", false, Arguments, default);
        Assert.Equal(HookOutcome.NotStarted, result.Outcome);
        Assert.Contains("chmod +x it", result.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hook_WithABrokenInterpreter_Fails()
    {
        var path = Path.Combine(_module.Places.Bin, "start_prim");
        File.WriteAllText(path, "#!/does/not/exist\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(HookOutcome.Failed, (await _module.Runner().RunAsync("start_prim", false, Arguments, default)).Outcome);
    }

    [Fact]
    public async Task Environment_OfAHook_IsTheReferencesAndNothingElse()
    {
        _module.Hook("start_prim", "env | sort");
        Environment.SetEnvironmentVariable("HAMIRROR_TEST_SECRET", "x");
        var user = HookDirectory.User(variables: [KeyValuePair.Create("VM_NAME", "vm 1"), KeyValuePair.Create("EMPTY", "")]);
        var result = await _module.Runner(user).RunAsync("start_prim", false, Arguments, default);

        var seen = File.ReadAllLines(result.OutputFile!);
        var places = _module.Places;
        Assert.Contains("SAFE=/usr/lib/hamirror/safe", seen);
        Assert.Contains("SAFEMODULE=vm1", seen);
        Assert.Contains($"SAFEBIN={places.Safe}/bin", seen);
        Assert.Contains($"SAFEUSERBIN={places.Bin}", seen);
        Assert.Contains($"SAFEUSERCONF={places.Conf}", seen);
        Assert.Contains($"SAFEVAR={places.Var}", seen);
        Assert.Contains($"SAFEUSERVAR={places.UserVar}", seen);
        Assert.Contains($"HAMIRROR_ROOT={_module.Root}", seen);
        Assert.Contains("HAMIRROR_TIMEOUT=300", seen);
        Assert.Contains("VM_NAME=vm 1", seen);
        Assert.Contains("EMPTY=", seen);
        Assert.Contains(seen, line => line.StartsWith("PATH=/usr/lib/hamirror/safe:", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, line => line.StartsWith("HAMIRROR_TEST_SECRET", StringComparison.Ordinal));
        Assert.True(Directory.Exists(places.UserVar));
    }

    [Fact]
    public async Task Hook_BeyondItsTime_IsEndedWithTheWholeTree()
    {
        // The child, a grandchild in a process group of its own, and one that ignores SIGTERM.
        _module.Hook("stop_prim", """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ >> $HAMIRROR_ROOT/trace; while :; do sleep 1; done' &
            setsid -f true
            bash -m -c 'sleep 600 & echo $! >> $HAMIRROR_ROOT/trace; wait' &
            echo $$ >> $HAMIRROR_ROOT/trace
            while :; do sleep 1; done
            """);
        var running = _module.Runner(HookDirectory.User(niceSeconds: 2)).RunAsync("stop_prim", false, Arguments, default);
        await HookDirectory.UntilAsync(() => _module.Trace().Length == 3 || running.IsCompleted, "three processes run");
        var result = await running.WaitAsync(HookDirectory.Patience);

        Assert.Equal(HookOutcome.TimedOut, result.Outcome);
        Assert.Contains("exceeded its time of 2.0 s", result.Sentence, StringComparison.Ordinal);
        Assert.All(_module.Trace(), id => Assert.False(ProcessEntry.Read(int.Parse(id, CultureInfo.InvariantCulture))?.IsAlive ?? false, $"process {id} lives"));
    }

    [Fact]
    public async Task Hook_ObeyingSigterm_MayCleanUp()
    {
        _module.Hook("stop_prim", "trap 'echo cleaned >> $HAMIRROR_ROOT/trace; exit 3' TERM; while :; do sleep 0.1; done");
        var result = await _module.Runner(HookDirectory.User(niceSeconds: 1)).RunAsync("stop_prim", false, Arguments, default);
        Assert.Equal(HookOutcome.TimedOut, result.Outcome);
        Assert.Equal(["cleaned"], _module.Trace());
    }

    [Fact]
    public async Task Hook_WhoseAgentIsGone_EndsWithTheWholeTree()
    {
        // What this process holds of the child is all that the kernel takes away from an agent that is killed.
        _module.Hook("stop_prim", """
            trap 'echo term >> $HAMIRROR_ROOT/terms' TERM
            bash -m -c 'sleep 600 & echo $! >> $HAMIRROR_ROOT/trace; wait' &
            setsid -f sh -c 'echo $$ > $HAMIRROR_ROOT/daemon; exec sleep 600'
            echo $$ >> $HAMIRROR_ROOT/trace
            while :; do sleep 0.1; done
            """);
        var child = ChildSession.Start($"{_module.Places.Bin}/stop_prim", [], _module.Places.Environment([]), "/", "/dev/null");
        var daemon = $"{_module.Root}/daemon";
        await HookDirectory.UntilAsync(() => _module.Trace().Length == 2 && File.Exists(daemon), "its processes run");
        child.Dispose();
        int[] members = [child.Id, .. _module.Trace().Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        await HookDirectory.UntilAsync(() => members.All(id => ProcessEntry.Read(id) is not { IsAlive: true }), "they have ended");
        Assert.Equal(["term"], File.ReadAllLines($"{_module.Root}/terms"));

        // A session of its own is what a daemon makes for itself.
        using var left = Process.GetProcessById(int.Parse(File.ReadAllText(daemon), CultureInfo.InvariantCulture));
        left.Kill();
    }

    [Fact]
    public async Task Hook_WhoseKeeperIsKilled_EndsToo()
    {
        _module.Hook("stop_prim", "echo $$ >> $HAMIRROR_ROOT/trace; exec sleep 600");
        using var child = ChildSession.Start($"{_module.Places.Bin}/stop_prim", [], _module.Places.Environment([]), "/", "/dev/null");
        await HookDirectory.UntilAsync(() => _module.Trace().Length == 1, "it runs");
        using (var keeper = Process.GetProcessById(child.Id)) keeper.Kill();
        var hook = int.Parse(_module.Trace()[0], CultureInfo.InvariantCulture);
        await HookDirectory.UntilAsync(() => ProcessEntry.Read(hook) is not { IsAlive: true }, "it has ended");
    }

    [Fact]
    public async Task Hook_Cancelled_EndsAtOnce()
    {
        _module.Hook("start_prim", "trap '' TERM; echo begun >> $HAMIRROR_ROOT/trace; while :; do sleep 1; done");
        using var cancel = new CancellationTokenSource();
        var running = _module.Runner().RunAsync("start_prim", false, Arguments, cancel.Token);
        await HookDirectory.UntilAsync(() => _module.Trace().Length == 1, "the hook runs");
        await cancel.CancelAsync();
        Assert.Equal(HookOutcome.Cancelled, (await running.WaitAsync(HookDirectory.Patience)).Outcome);
    }

    [Fact]
    public async Task Hook_LeavingADaemonWithItsOutput_DoesNotHangTheRunner()
    {
        _module.Hook("start_prim", "(trap '' HUP; echo $BASHPID; exec sleep 600) & setsid -f sh -c 'echo $$ >> $HAMIRROR_ROOT/trace; exec sleep 600'; echo done");
        try
        {
            var watch = Stopwatch.StartNew();
            var result = await _module.Runner().RunAsync("start_prim", false, Arguments, default).WaitAsync(HookDirectory.Patience);
            Assert.Equal(HookOutcome.Succeeded, result.Outcome);
            Assert.Contains("done", File.ReadAllLines(result.OutputFile!));
            Assert.True(watch.Elapsed < HookDirectory.Patience);

            // The daemon is what the hook was for: it lives on.
            await HookDirectory.UntilAsync(() => _module.Trace().Length == 1, "the daemon runs");
            Assert.True(ProcessEntry.Read(int.Parse(_module.Trace()[0], CultureInfo.InvariantCulture))!.IsAlive);
        }
        finally
        {
            foreach (var entry in ProcessEntry.All().Where(entry => entry.CommandLine() == "sleep 600" && Holds(entry.Id)).ToList())
            {
                Process.GetProcessById(entry.Id).Kill();
            }
        }
    }

    [Fact]
    public async Task Output_BeyondItsSize_IsCut()
    {
        _module.Hook("start_prim", "head -c 3000000 /dev/zero | tr '\\0' x; echo; sleep 0.6; head -c 3000000 /dev/zero | tr '\\0' y");
        var user = HookDirectory.User() with { LogBytes = 10_000 };
        var result = await _module.Runner(user).RunAsync("start_prim", false, Arguments, default);
        Assert.True(result.Succeeded, result.Sentence);
        Assert.InRange(new FileInfo(result.OutputFile!).Length, 10_000, 10_200);
    }

    [Fact]
    public async Task Output_OfManyRuns_KeepsTheLastFiftyOfEachHook()
    {
        _module.Hook("start_prim", "exit 0");
        _module.Hook("start_sec", "exit 0");
        var runner = _module.Runner();
        await runner.RunAsync("start_sec", false, Arguments, default);
        string? last = null;
        for (var run = 0; run < HookOutput.RunsKept + 5; run++)
        {
            last = (await runner.RunAsync("start_prim", false, Arguments, default)).OutputFile;
        }

        var files = Directory.GetFiles(_module.Places.Log);
        Assert.Equal(HookOutput.RunsKept, files.Count(file => file.Contains("start_prim", StringComparison.Ordinal)));
        Assert.Single(files, file => file.Contains("start_sec", StringComparison.Ordinal));
        Assert.Contains(last, files);
    }

    [Fact]
    public async Task Output_ThatCannotBeKept_DoesNotKeepTheHookFromRunning()
    {
        _module.Hook("start_prim", "echo ran >> $HAMIRROR_ROOT/trace");
        Directory.CreateDirectory(Path.GetDirectoryName(_module.Places.Log)!);
        File.WriteAllText(_module.Places.Log, "a file where the directory should be");
        var runner = _module.Runner();
        var result = await runner.RunAsync("start_prim", false, Arguments, default);
        Assert.True(result.Succeeded, result.Sentence);
        Assert.Null(result.OutputFile);
        Assert.Equal(["ran"], _module.Trace());
        Assert.Contains("is not kept", runner.OutputFailure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_SwitchedOff_IsNotKept()
    {
        _module.Hook("start_prim", "echo noise");
        var user = new UserConfiguration(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(9), false, []);
        Assert.Null((await _module.Runner(user).RunAsync("start_prim", false, Arguments, default)).OutputFile);
        Assert.False(Directory.Exists(_module.Places.Log));
    }

    [Fact]
    public void Timeout_OfHooks_IsTheConfiguredOne()
    {
        var runner = _module.Runner(HookDirectory.User(niceSeconds: 11, forceSeconds: 22));
        Assert.Equal(TimeSpan.FromSeconds(11), runner.Timeout("stop_prim", forced: false));
        Assert.Equal(TimeSpan.FromSeconds(22), runner.Timeout("stop_prim", forced: true));
        Assert.Equal(HookRunner.StartTimeout, runner.Timeout("start_prim", forced: false));
    }

    /// <summary>True for processes that this test's hook left behind.</summary>
    private bool Holds(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/environ").Contains($"HAMIRROR_ROOT={_module.Root}\0", StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
