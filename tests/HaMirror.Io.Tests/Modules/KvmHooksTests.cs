using HaMirror.Io.Checkers;
using HaMirror.Io.Hooks;
using HaMirror.Io.Tests.Hooks;

namespace HaMirror.Io.Tests.Modules;

public sealed class KvmHooksTests : IDisposable
{
    private readonly VirtualHost _host = new("kvm");

    public void Dispose() => _host.Dispose();

    private async Task SucceedsAsync(string hook, bool forced = false) =>
        Assert.True((await _host.RunAsync(hook, forced)).Succeeded, _host.Output);

    private async Task FailsAsync(string sentence, string hook, bool forced = false, double seconds = 60)
    {
        var result = await _host.RunAsync(hook, forced, seconds);
        Assert.True(result.Outcome == HookOutcome.Failed, _host.Output);
        Assert.Contains(sentence, _host.Output, StringComparison.Ordinal);
        Assert.Contains(_host.Said, line => line.StartsWith("printe ", StringComparison.Ordinal) && line.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_DefinedVm_RunsItAndKeepsItsDefinition()
    {
        await SucceedsAsync("start_prim");
        Assert.Single(_host.Qemus);
        Assert.Contains($"<!-- {_host.VmName} -->", File.ReadAllText(_host.DefinitionFile), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_host.DefinitionFile));
        Assert.Contains($"start --force-boot {_host.VmName}", _host.Calls);
        Assert.Contains($"autostart --disable {_host.VmName}", _host.Calls);
        Assert.DoesNotContain(_host.Calls, call => call.StartsWith("list", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_host.Places.UserVar));
    }

    [Fact]
    public async Task Start_DefinitionOfThePeer_IsDefinedFirst()
    {
        File.WriteAllText(_host.DefinitionFile, "<domain><!-- the peer's --></domain>\n");
        _host.Unset("defined");
        _host.Unset("state");
        await SucceedsAsync("start_prim");
        Assert.Contains("the peer's", File.ReadAllText(_host.Libvirt("defined")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnknownVm_NamesTheRemedy()
    {
        _host.Unset("defined");
        _host.Unset("state");
        await FailsAsync("define it (virsh define FILE)", "start_prim");
    }

    [Fact]
    public async Task Start_MalformedDefinition_Fails()
    {
        File.WriteAllText(_host.DefinitionFile, "half a file");
        await FailsAsync("libvirt refuses", "start_prim");
    }

    [Fact]
    public async Task Start_DirectoryNotServed_StartsNothing()
    {
        _host.Set("mounted", "ext4");
        await FailsAsync("is not mounted by HaMirror", "start_prim");
        Assert.Empty(_host.Qemus);
    }

    [Fact]
    public async Task Start_Refused_Fails()
    {
        _host.Set("startfails");
        await FailsAsync("virsh start says no", "start_prim");
    }

    [Fact]
    public async Task Start_RunningVmOfOurs_SucceedsWithoutStartingAgain()
    {
        await SucceedsAsync("start_prim");
        await SucceedsAsync("start_prim");
        Assert.Single(_host.Qemus);
        Assert.Single(_host.Calls, call => call.StartsWith("start ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_RunningVmOnALostDisk_IsEndedAndStartedAnew()
    {
        await SucceedsAsync("start_prim");
        var old = _host.Qemus[0];

        // The disk that the process holds is no longer what the path leads to, as after a mount was lost.
        var elsewhere = Directory.CreateDirectory($"/dev/shm/hamirror-{Guid.NewGuid():N}").FullName;
        try
        {
            Directory.Delete(_host.VmPath, recursive: true);
            File.CreateSymbolicLink(_host.VmPath, elsewhere);
            File.WriteAllText(Path.Combine(elsewhere, "disk.qcow2"), "disk");
            _host.StandIn("stand-in/stat", "[ \"$*\" != \"-c %d $VM_PATH\" ] || { echo 4711; exit; }; exec /usr/bin/stat \"$@\"");
            await SucceedsAsync("start_prim");
            Assert.NotEqual(old, Assert.Single(_host.Qemus));
            Assert.Contains("ended and started anew", _host.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Fact]
    public async Task Start_VmOfThatNameElsewhere_Fails()
    {
        File.WriteAllText(_host.Module.PathOf("other"), "");
        // What the caller of the tests left open may lie on the device that stands for the mount.
        const string closeInherited = "for fd in /proc/self/fd/*; do [ ${fd##*/} -lt 3 ] || eval \"exec ${fd##*/}>&-\"; done";
        _host.StandIn("other.sh", $"exec setsid -f bash -c '{closeInherited}; while :; do sleep 0.2; done' qemu-system-x86_64 -name guest={_host.VmName},x </dev/null >/dev/null 2>&1");
        System.Diagnostics.Process.Start(_host.Module.PathOf("other.sh"))!.WaitForExit();
        await HookDirectory.UntilAsync(() => _host.Qemus.Count == 1, "the other VM runs");
        await FailsAsync("another VM of that name runs", "start_prim");
    }

    [Fact]
    public async Task Stop_ObedientGuest_IsGone()
    {
        await SucceedsAsync("start_prim");
        await SucceedsAsync("stop_prim");
        Assert.Empty(_host.Qemus);
        await SucceedsAsync("stop_prim");
        await SucceedsAsync("stop_prim", forced: true);
    }

    [Fact]
    public async Task Stop_DeafGuest_FailsBeforeItsTimeIsOverAndForceEndsIt()
    {
        await SucceedsAsync("start_prim");
        _host.Set("deaf");
        await FailsAsync("did not shut down in time; its state is \"running\"", "stop_prim", seconds: 12);
        Assert.Single(_host.Qemus);
        Assert.True(_host.Calls.Count(call => call.StartsWith("shutdown", StringComparison.Ordinal)) >= 2);
        await SucceedsAsync("stop_prim", forced: true);
        Assert.Empty(_host.Qemus);
    }

    [Fact]
    public async Task Stop_PausedGuest_IsResumedToHearTheButton()
    {
        await SucceedsAsync("start_prim");
        _host.Set("state", "paused");
        _host.Set("reason", "paused (user)");
        await SucceedsAsync("stop_prim");
        Assert.Contains($"resume {_host.VmName}", _host.Calls);
    }

    [Fact]
    public async Task Stop_GuestWithoutDisk_FailsAtOnce()
    {
        await SucceedsAsync("start_prim");
        _host.Set("state", "paused");
        _host.Set("reason", "paused (I/O error)");
        await FailsAsync("paused by an I/O error", "stop_prim");
    }

    [Fact]
    public async Task ForceStop_DestroyWithoutEffect_KillsTheProcessItself()
    {
        await SucceedsAsync("start_prim");
        _host.Set("immortal");
        await SucceedsAsync("stop_prim", forced: true);
        Assert.Empty(_host.Qemus);
    }

    [Fact]
    public async Task ForceStop_DeadLibvirt_KillsTheProcessItself()
    {
        await SucceedsAsync("start_prim");
        _host.Set("dead");
        await SucceedsAsync("stop_prim", forced: true);
        Assert.Empty(_host.Qemus);
    }

    [Fact]
    public async Task ForceStop_ProcessThatSurvives_IsNeverCalledStopped()
    {
        await SucceedsAsync("start_prim");
        _host.Set("immortal");
        _host.StandIn("stand-in/pgrep", "echo 2147483646"); // a process that no signal reaches
        await FailsAsync("does not end even by SIGKILL", "stop_prim", forced: true);
    }

    [Fact]
    public async Task ForceStop_ProcessesThatCannotBeSeen_AreNotCalledStopped()
    {
        _host.StandIn("stand-in/pgrep", "exit 3");
        await FailsAsync("could not be stopped", "stop_prim", forced: true);
    }

    [Fact]
    public async Task Prestart_NothingRunning_StartsNothing()
    {
        await SucceedsAsync("prestart");
        Assert.Empty(_host.Qemus);
        Assert.DoesNotContain(_host.Calls, call => call.StartsWith("start", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prestart_RunningVm_IsStopped()
    {
        await SucceedsAsync("start_prim");
        await SucceedsAsync("prestart");
        Assert.Empty(_host.Qemus);
    }

    [Theory]
    [InlineData("running", true)]
    [InlineData("paused", true)]
    [InlineData("pmsuspended", true)]
    [InlineData("in shutdown", true)]
    [InlineData("crashed", false)]
    [InlineData("shut off", false)]
    public async Task Check_State_CountsOrNot(string state, bool up)
    {
        _host.Set("state", state);
        await WithCheckerAsync(async () =>
        {
            await HookDirectory.UntilAsync(() => Sets().Contains(up ? "up" : "down"), "the checker speaks");

            // Enough looks for two more to have counted.
            var looks = Looks();
            await HookDirectory.UntilAsync(() => Looks() >= looks + 4, "four more looks");
            Assert.Equal(up ? "up" : "down", Sets()[^1]);
        });
    }

    [Fact]
    public async Task Check_LibvirtThatDoesNotAnswer_IsNotCalledDown()
    {
        _host.Set("state", "running");
        await WithCheckerAsync(async () =>
        {
            await HookDirectory.UntilAsync(() => Sets().Length > 0, "the checker speaks");
            _host.Set("dead");
            await HookDirectory.UntilAsync(() => _host.Calls.Count(call => call.StartsWith("dead", StringComparison.Ordinal)) >= 6, "it looks in vain");
            _host.Unset("dead");
            var looks = Looks();
            await HookDirectory.UntilAsync(() => Looks() > looks + 2, "it looks again");
            Assert.DoesNotContain("down", Sets());
        });
    }

    private int Looks() => _host.Calls.Count(call => call.StartsWith("domstate", StringComparison.Ordinal));

    private string[] Sets() =>
        [.. _host.Said.Where(line => line.StartsWith("set -r custom.vm -v ", StringComparison.Ordinal)).Select(line => line.Split(' ')[4])];

    private async Task WithCheckerAsync(Func<Task> body)
    {
        var environment = _host.Places.Environment([KeyValuePair.Create("VM_NAME", _host.VmName), KeyValuePair.Create("VM_PATH", _host.VmPath)]);
        Directory.CreateDirectory(_host.Places.UserVar);
        await using var checker = new CustomChecker(
            new CheckedResource("custom.vm", null, TimeSpan.Zero), _host.Places, environment, "vmcheck", [_host.VmName, "2", "0.1"], _ => { }, TimeProvider.System);
        checker.Start();
        await body();
    }
}
