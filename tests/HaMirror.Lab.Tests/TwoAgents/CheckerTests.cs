namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Checkers, watched processes and failover rules with whole agents: what a look finds becomes what the module does.</summary>
[Collection(AgentsCollection.Name)]
public sealed class CheckerTests
{
    private const string Watching = "m2";

    [Fact]
    public async Task ModuleChecker_OtherModuleStopped_WaitsAndServesOnceThatOneServes()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.AddModuleAsync(Watching, """
            <check><module name="m1"><to interval="1s"/></module></check>
            <failover handle_time="500ms"/>
            """);
        await pair.One.StartModuleAsync(Watching, "primary");
        await Deadline.HoldsAsync("it waits for m1", AgentProcess.Patience, async () =>
        {
            var status = await pair.One.StatusAsync(Watching);
            return status.State == "WAIT" && status.Resources.Any(resource => resource is { Name: "module.m1", State: "down" });
        }, () => pair.Story);
        Assert.False(AgentPair.Serves(pair.One, Watching));

        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await pair.ExpectAsync(pair.One, "ALONE Ready", Watching);
        Assert.True(AgentPair.Serves(pair.One, Watching));
    }

    [Fact]
    public async Task WatchedProcess_Gone_RestartsTheServiceHere()
    {
        // A copy of sleep under a name of its own: the watch looks at every process of the machine.
        var name = $"hm{Environment.ProcessId:x}w";
        await using var pair = await AgentPair.CreateAsync();
        await pair.AddModuleAsync(Watching,
            $"""
            <errd polltimer="1s"><proc name="{name}" action="restart"/></errd>
            <failover handle_time="500ms"/>
            """,
            new Dictionary<string, string>
            {
                ["start_prim"] = $"cp /bin/sleep $HAMIRROR_ROOT/{name}; setsid $HAMIRROR_ROOT/{name} 1000 </dev/null >/dev/null 2>&1 &",
                ["stop_prim"] = $"pkill -x {name}; true",
            });
        await pair.One.StartModuleAsync(Watching, "primary");
        await pair.Two.StartModuleAsync(Watching);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", Watching);
        await Deadline.HoldsAsync("the process was seen", AgentProcess.Patience, async () =>
            (await pair.One.StatusAsync(Watching)).Resources.Any(resource => resource.Name == $"proc.{name}" && resource.State == "up"), () => pair.Story);
        using (var kill = System.Diagnostics.Process.Start("pkill", ["-x", name])) await kill.WaitForExitAsync();
        await Deadline.HoldsAsync("its service was started again", AgentProcess.Patience,
            () => Task.FromResult(Calls(pair.One, "start_prim") == 2), () => pair.Story);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", Watching);
        Assert.Equal(0, Calls(pair.Two, "start_prim"));
        await pair.One.ActAsync(Watching, "force-stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady", Watching);
    }

    [Fact]
    public async Task FailoverRule_ForACheckerWithoutAction_SwapsToThePeer()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.AddModuleAsync(Watching,
            """
            <check><custom ident="light" exec="light" when="prim"/></check>
            <failover handle_time="500ms">move: if (custom.light == down) then swap();</failover>
            """,
            new Dictionary<string, string>
            {
                ["light"] = "exec sleep 1000", // What it would say, the test says in its place.
            });
        await pair.One.StartModuleAsync(Watching, "primary");
        await pair.Two.StartModuleAsync(Watching);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", Watching);
        await pair.One.SayResourceAsync(Watching, "custom.light", "down");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready", Watching);
        Assert.True(AgentPair.Serves(pair.Two, Watching));
        Assert.False(AgentPair.Serves(pair.One, Watching));
        // A killed agent's checker would outlive the test.
        await pair.One.ActAsync(Watching, "force-stop");
        await pair.Two.ActAsync(Watching, "force-stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady", Watching);
    }

    private static int Calls(AgentProcess node, string hook) => !File.Exists(AgentPair.HookLog(node, Watching)) ? 0
        : File.ReadLines(AgentPair.HookLog(node, Watching)).Count(line => line.StartsWith(hook, StringComparison.Ordinal));
}
