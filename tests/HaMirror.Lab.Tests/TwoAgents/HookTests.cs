namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Hooks that do not behave, and modules that must not suffer from each other.</summary>
[Collection(AgentsCollection.Name)]
public sealed class HookTests
{
    private const string SecondModule = "m2";

    [Fact]
    public async Task GracefulStop_ThatHangs_IsEndedAndTheForcedOneHandsOver()
    {
        await using var pair = await AgentPair.CreateAsync(
            hooks: new Dictionary<string, string>
            {
                ["stop_prim"] = "if [ \"$1\" = force ]; then rm -f \"$HAMIRROR_ROOT/service-$SAFEMODULE\"; else sleep 1000; fi",
            },
            niceStop: "2s");
        await pair.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "ALONE Ready");
        Assert.False(AgentPair.Serves(pair.One));
        Assert.True(AgentPair.Serves(pair.Two));
        // A third, forced, belongs to the stop of the module itself.
        Assert.Equal(["stop_prim PRIM WAIT stopwait", "stop_prim force PRIM WAIT stopwait"], StopCalls(pair.One).Take(2));
    }

    [Fact]
    public async Task ForceStop_WhileAGracefulStopHangs_EndsItAtOnce()
    {
        await using var pair = await AgentPair.CreateAsync(
            hooks: new Dictionary<string, string>
            {
                ["stop_prim"] = "if [ \"$1\" = force ]; then rm -f \"$HAMIRROR_ROOT/service-$SAFEMODULE\"; else sleep 1000; fi",
            },
            niceStop: "300s");
        await pair.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await Deadline.HoldsAsync("the graceful hook runs", AgentProcess.Patience,
            () => Task.FromResult(StopCalls(pair.One).Count == 1), () => pair.Story);
        Assert.True(AgentPair.Serves(pair.One));
        Assert.False(AgentPair.Serves(pair.Two), "The standby serves although the primary's service still runs.");
        await pair.One.ActAsync(AgentPair.Module, "force-stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        Assert.False(AgentPair.Serves(pair.One));
    }

    [Fact]
    public async Task StartHook_ThatHangs_DoesNotHoldTheOtherModuleUp()
    {
        await using var pair = await AgentPair.CreateAsync(hooks: new Dictionary<string, string>
        {
            ["start_prim"] = "[ $SAFEMODULE = m1 ] && sleep 1000; touch \"$HAMIRROR_ROOT/service-$SAFEMODULE\"",
        });
        await pair.AddModuleAsync(SecondModule);
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await Deadline.HoldsAsync("the hook hangs", AgentProcess.Patience,
            () => Task.FromResult(File.Exists(AgentPair.HookLog(pair.One))), () => pair.Story);
        await pair.One.StartModuleAsync(SecondModule, "primary");
        await pair.Two.StartModuleAsync(SecondModule);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", SecondModule);
        await pair.One.ActAsync(AgentPair.Module, "force-stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
    }

    [Fact]
    public async Task TwoModules_PrimaryOnEitherNode_FailOverEachByItself()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.AddModuleAsync(SecondModule);
        await pair.StartAsync();
        await pair.Two.StartModuleAsync(SecondModule, "primary");
        await pair.One.StartModuleAsync(SecondModule);
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready", SecondModule);
        Assert.True(AgentPair.Serves(pair.One) && AgentPair.Serves(pair.Two, SecondModule));
        Assert.False(AgentPair.Serves(pair.Two) || AgentPair.Serves(pair.One, SecondModule));

        await pair.One.KillAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await pair.ExpectAsync(pair.Two, "ALONE Ready", SecondModule);
        Assert.True(AgentPair.Serves(pair.Two) && AgentPair.Serves(pair.Two, SecondModule));
        foreach (var module in new[] { AgentPair.Module, SecondModule })
            await File.WriteAllTextAsync(AgentPair.Data(pair.Two, module) + "/alone", $"written to {module} without a peer");

        await pair.One.StartAsync();
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready", SecondModule);
        await pair.Two.ActAsync(SecondModule, "swap");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", SecondModule);
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        foreach (var module in new[] { AgentPair.Module, SecondModule })
        {
            foreach (var node in new[] { pair.One, pair.Two })
            {
                await node.ActAsync(module, "stop");
                await Deadline.HoldsAsync($"{module} stops on {node.Name}", AgentProcess.Patience,
                    async () => (await node.StatusAsync(module)).State == "STOP", () => pair.Story);
            }

            pair.ExpectEqualReplicas(module);
        }
    }

    private static List<string> StopCalls(AgentProcess node) =>
        [.. File.ReadLines(AgentPair.HookLog(node)).Where(line => line.StartsWith("stop_prim", StringComparison.Ordinal))];
}
