// Agents that stop running for a while and go on (SIGSTOP, a stalled hypervisor, a debugger), and modules that get a new
// driver within a living agent. Both once left the pair in a state that only an operator could end, or with two services.
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>What the two agents make of a pause of one of them, and of a module that was configured anew.</summary>
[Collection(AgentsCollection.Name)]
public sealed class HeldAgentTests
{
    [Fact]
    public async Task Second_ConfiguredAnew_IsHeardAndTakesPartInASwap()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        await pair.Two.PostAsync(ApiPath.Module(AgentPair.Module, "config"), new ActionRequest(null, null),
            ApiJson.Default.ActionRequest, ApiJson.Default.ModuleConfigured);
        await pair.Two.StartModuleAsync(AgentPair.Module);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        await Deadline.HoldsAsync("n1 hears that n2 is SECOND", AgentProcess.Patience, async () =>
        {
            var status = await pair.One.StatusAsync(AgentPair.Module);
            return status is { PeerHeard: true, PeerState: "SECOND", PeerPhase: "Ready" };
        }, () => pair.Story);

        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        Assert.True(AgentPair.Serves(pair.Two));
        Assert.False(AgentPair.Serves(pair.One));
    }

    [Fact]
    public async Task PrimarysAgent_HeldAndContinued_EndsItsServiceAndComesBackAsSecond()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.One.SignalAsync("STOP");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await WriteAsync(pair.Two, "written while the first one was held");
        await ExpectNoMountAsync(pair.One, pair);
        await pair.One.SignalAsync("CONT");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        Assert.False(AgentPair.Serves(pair.One));
        await ExpectEqualAsync(pair);
    }

    [Fact]
    public async Task SecondsAgent_HeldAndContinued_LeavesThePrimaryServingAndComesBack()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.Two.SignalAsync("STOP");
        await WriteAsync(pair.One, "held for the time-out and no longer");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await ExpectNoMountAsync(pair.Two, pair);
        await pair.Two.SignalAsync("CONT");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        Assert.True(AgentPair.Serves(pair.One));
        await ExpectEqualAsync(pair);
    }

    /// <summary>The guard takes the mount of an agent that does not run.</summary>
    private static Task ExpectNoMountAsync(AgentProcess node, AgentPair pair) => Deadline.HoldsAsync(
        $"the guard has taken the mount of {node.Name}", AgentProcess.Patience,
        () => Task.FromResult(!File.ReadAllText("/proc/self/mounts").Contains($" {AgentPair.Data(node)} ", StringComparison.Ordinal)),
        () => pair.Story);

    private static Task WriteAsync(AgentProcess node, string text) => Task.Run(() =>
    {
        using var file = new FileStream($"{AgentPair.Data(node)}/written", FileMode.Create, FileAccess.Write);
        file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }).WaitAsync(AgentProcess.Patience);

    private static async Task ExpectEqualAsync(AgentPair pair)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await node.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync(node, "STOP NotReady");
        }

        pair.ExpectEqualReplicas();
    }
}
