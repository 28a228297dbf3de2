using System.Diagnostics;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Two real agents on one machine: everything together, with real mounts and hooks, and no guest.</summary>
[Collection(AgentsCollection.Name)]
public sealed class PairTests
{
    /// <summary>What the product promises from a crash to the start of the service (3 s of detection and one to decide), and
    /// what a machine of two busy cores may add.</summary>
    private static readonly TimeSpan FailoverMax = TimeSpan.FromSeconds(4 + 4);

    /// <summary>The default time-out of heartbeats, and a pulse.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(3.5);

    [Fact]
    public async Task Pair_StartedAsPrimaryAndStart_MirrorsWhatIsWritten()
    {
        await using var pair = await AgentPair.CreateAsync();
        File.WriteAllText(AgentPair.Data(pair.One) + "/before", "written before the first start");
        await pair.StartAsync();
        Assert.True(AgentPair.Serves(pair.One));
        Assert.False(AgentPair.Serves(pair.Two));

        await WriteAsync(pair.One, "during", "written while both run");
        Assert.Equal("written before the first start", await ReadAsync(pair.Two, "before"));
        await ExpectTextAsync(pair.Two, "during", "written while both run", pair);
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(AgentPair.Data(pair.Two) + "/wrong", "on the wrong node"));

        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task Primary_Killed_IsReplacedAndComesBackAsSecond()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await WriteAsync(pair.One, "acknowledged", "flushed before the crash");

        var clock = Stopwatch.StartNew();
        await pair.One.KillAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        Assert.True(clock.Elapsed < FailoverMax, $"The failover took {clock.Elapsed.TotalSeconds:0.0} s.\n{pair.Story}");
        Assert.True(AgentPair.Serves(pair.Two));
        Assert.Equal("flushed before the crash", await ReadAsync(pair.Two, "acknowledged"));
        await WriteAsync(pair.Two, "later", "written after the failover");

        await pair.One.StartAsync();
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await ExpectTextAsync(pair.One, "later", "written after the failover", pair);
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task Second_Killed_LeavesThePrimaryServingAndComesBack()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.Two.KillAsync();
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await WriteAsync(pair.One, "alone", "written without a peer");
        await pair.Two.StartAsync();
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        await ExpectTextAsync(pair.Two, "alone", "written without a peer", pair);
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task Swap_OnThePrimary_ExchangesTheRoles()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        Assert.True(AgentPair.Serves(pair.Two));
        Assert.False(AgentPair.Serves(pair.One));
        await WriteAsync(pair.Two, "swapped", "written on the other side");
        await ExpectTextAsync(pair.One, "swapped", "written on the other side", pair);

        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task Primary_Stopped_HandsOver()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "ALONE Ready");
        await WriteAsync(pair.Two, "taken", "written after the hand-over");
        await pair.One.StartModuleAsync(AgentPair.Module);
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task Agent_EndedInOrder_HandsOverAndGoesOnAfterwards()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.One.EndAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await pair.One.StartAsync();
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task BothNodes_StartedAgain_NewestBecomesPrimary()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        await WriteAsync(pair.One, "newest", "only here");
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady");

        await pair.Two.StartModuleAsync(AgentPair.Module);
        await pair.One.StartModuleAsync(AgentPair.Module);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        Assert.Equal("only here", await ReadAsync(pair.Two, "newest"));
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task BothNodes_StartedAsPrimary_OnlyOneServes()
    {
        await using var pair = await AgentPair.CreateAsync();
        await Task.WhenAll(
            pair.One.StartModuleAsync(AgentPair.Module, "primary"), TryStartAsPrimaryAsync(pair.Two));
        await Deadline.HoldsAsync("one node serves", AgentProcess.Patience,
            () => Task.FromResult(AgentPair.Serves(pair.One) || AgentPair.Serves(pair.Two)), () => pair.Story);
        for (var look = 0; look < 20; look++)
        {
            Assert.False(AgentPair.Serves(pair.One) && AgentPair.Serves(pair.Two), $"Both nodes serve.\n{pair.Story}");
            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task Configuration_MadeActiveAgain_IsHeardByThePeer()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        // Beats are numbered, and a peer drops low numbers as late ones: some history first.
        for (var swap = 0; swap < 4; swap++)
        {
            await (swap % 2 == 0 ? pair.One : pair.Two).ActAsync(AgentPair.Module, "swap");
            await pair.ExpectAsync(swap % 2 == 0 ? "SECOND Ready" : "PRIM Ready", swap % 2 == 0 ? "PRIM Ready" : "SECOND Ready");
        }

        await StopAsync(pair);
        await pair.One.ConfigureAsync(AgentPair.Module);
        await Deadline.HoldsAsync("the first node hears the second's old number", AgentProcess.Patience,
            async () => (await pair.One.StatusAsync(AgentPair.Module)).PeerState == "STOP", () => pair.Story);
        await pair.Two.ConfigureAsync(AgentPair.Module);
        await pair.StartAsync();
        for (var round = 0; round < 2; round++)
        {
            await (round == 0 ? pair.One : pair.Two).ActAsync(AgentPair.Module, "swap");
            await pair.ExpectAsync(round == 0 ? "SECOND Ready" : "PRIM Ready", round == 0 ? "PRIM Ready" : "SECOND Ready");
            // Longer than the peer's silence is borne.
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed < SilenceMax)
            {
                var states = ((await pair.One.StatusAsync(AgentPair.Module)).State, (await pair.Two.StatusAsync(AgentPair.Module)).State);
                Assert.True(states == (round == 0 ? ("SECOND", "PRIM") : ("PRIM", "SECOND")), $"{states}\n{pair.Story}");
                await Task.Delay(100);
            }
        }

        await StopAsync(pair);
    }

    [Fact]
    public async Task Commands_ThatMakeNoSense_AreRefusedWithASentence()
    {
        await using var pair = await AgentPair.CreateAsync();
        var body = new ActionRequest(null, null);
        foreach (var action in new[] { "swap", "restart" })
        {
            var refusal = await pair.One.RefusedAsync(ApiPath.Module(AgentPair.Module, action), body, ApiJson.Default.ActionRequest);
            Assert.Equal(409, refusal.Status);
            Assert.EndsWith(".", refusal.Title, StringComparison.Ordinal);
        }

        Assert.Equal(404, (await pair.One.RefusedAsync(ApiPath.Module("none", "stop"), body, ApiJson.Default.ActionRequest)).Status);
        var again = await pair.Two.RefusedAsync(ApiPath.ClusterJoin, new ClusterJoinRequest("hmj1-AAAA", true), ApiJson.Default.ClusterJoinRequest);
        Assert.Equal(400, again.Status);
    }

    private static async Task TryStartAsPrimaryAsync(AgentProcess node)
    {
        try
        {
            await node.StartModuleAsync(AgentPair.Module, "primary");
        }
        catch (Xunit.Sdk.TrueException)
        {
            return; // Refused with a sentence: as good as yielding later.
        }
    }

    private static async Task StopAsync(AgentPair pair)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await node.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync(node, "STOP NotReady");
        }

        Assert.False(AgentPair.Serves(pair.One));
        Assert.False(AgentPair.Serves(pair.Two));
    }

    private static Task WriteAsync(AgentProcess node, string name, string text) => Task.Run(() =>
    {
        using var file = new FileStream($"{AgentPair.Data(node)}/{name}", FileMode.Create, FileAccess.Write);
        file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }).WaitAsync(AgentProcess.Patience);

    private static Task<string> ReadAsync(AgentProcess node, string name) =>
        Task.Run(() => File.ReadAllText($"{AgentPair.Data(node)}/{name}")).WaitAsync(AgentProcess.Patience);

    private static Task ExpectTextAsync(AgentProcess node, string name, string text, AgentPair pair) => Deadline.HoldsAsync(
        $"{node.Name} has {name}", AgentProcess.Patience,
        async () => File.Exists($"{AgentPair.Data(node)}/{name}") && await ReadAsync(node, name) == text, () => pair.Story);
}
