using HaMirror.Io.Hooks;

namespace HaMirror.Io.Tests.Modules;

public sealed class MirrorHooksTests : IDisposable
{
    private readonly VirtualHost _host = new("mirror");

    public void Dispose() => _host.Dispose();

    private Task<HookResult> RunAsync(string hook, bool forced, params (string Name, string Value)[] variables) =>
        _host.RunAsync(hook, forced, 20, [.. variables.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]);

    private static readonly (string, string)[] Commands =
    [
        ("START", "touch $HAMIRROR_ROOT/runs"), ("STOP", "[ -e $HAMIRROR_ROOT/deaf ] || rm $HAMIRROR_ROOT/runs"),
        ("FORCE_STOP", "rm -f $HAMIRROR_ROOT/runs"), ("RUNNING", "test -e $HAMIRROR_ROOT/runs"), ("SERVICE", ""),
    ];

    [Fact]
    public async Task Commands_StartAndStop_Run()
    {
        Assert.True((await RunAsync("start_prim", false, Commands)).Succeeded, _host.Output);
        Assert.True(File.Exists(_host.Module.PathOf("runs")));
        Assert.True((await RunAsync("stop_prim", false, Commands)).Succeeded, _host.Output);
        Assert.False(File.Exists(_host.Module.PathOf("runs")));
    }

    [Fact]
    public async Task Stop_ServiceThatStillRuns_FailsAndForceEndsIt()
    {
        await RunAsync("start_prim", false, Commands);
        File.WriteAllText(_host.Module.PathOf("deaf"), "");
        Assert.Equal(HookOutcome.Failed, (await RunAsync("stop_prim", false, Commands)).Outcome);
        Assert.Contains(_host.Said, line => line.Contains("still runs after its stop", StringComparison.Ordinal));
        Assert.True((await RunAsync("stop_prim", true, Commands)).Succeeded, _host.Output);
        Assert.False(File.Exists(_host.Module.PathOf("runs")));
    }

    [Fact]
    public async Task Prestart_RunningService_IsStopped()
    {
        await RunAsync("start_prim", false, Commands);
        Assert.True((await RunAsync("prestart", false, Commands)).Succeeded, _host.Output);
        Assert.False(File.Exists(_host.Module.PathOf("runs")));
        Assert.True((await RunAsync("prestart", false, Commands)).Succeeded, _host.Output);
    }

    [Fact]
    public async Task Start_FailingCommand_Fails() =>
        Assert.Equal(HookOutcome.Failed, (await RunAsync("start_prim", false, ("START", "exit 3"), ("SERVICE", ""))).Outcome);

    [Fact]
    public async Task Nothing_Configured_Succeeds()
    {
        foreach (var hook in (string[])["prestart", "start_prim", "stop_prim"])
        {
            Assert.True((await RunAsync(hook, false)).Succeeded, _host.Output);
        }
    }

    [Fact]
    public async Task Unit_StartAndStop_AskSystemd()
    {
        _host.StandIn("stand-in/systemctl", """
            echo "$*" >> $HAMIRROR_ROOT/systemctl
            case $1 in
                restart) echo active > $HAMIRROR_ROOT/unit ;;
                stop) [ -e $HAMIRROR_ROOT/deaf ] || echo inactive > $HAMIRROR_ROOT/unit ;;
                kill) rm -f $HAMIRROR_ROOT/deaf ;;
                show) cat $HAMIRROR_ROOT/unit ;;
            esac
            """);
        (string, string)[] unit = [("SERVICE", "shop@1")];
        Assert.True((await RunAsync("start_prim", false, unit)).Succeeded, _host.Output);
        File.WriteAllText(_host.Module.PathOf("deaf"), "");
        Assert.Equal(HookOutcome.Failed, (await RunAsync("stop_prim", false, unit)).Outcome);
        Assert.True((await RunAsync("stop_prim", true, unit)).Succeeded, _host.Output);
        Assert.Contains("kill -s KILL -- shop@1", File.ReadAllLines(_host.Module.PathOf("systemctl")));
    }
}
