using System.Text.Json;

namespace HaMirror.Cli.Tests;

public sealed class StatusVerbTests
{
    private const string Peer =
        ",\"peerState\":\"SECOND\",\"peerPhase\":\"Transient\",\"peerCondition\":\"Inconsistent\",\"peerHeard\":true";

    private const string Resync =
        ",\"resync\":{\"source\":true,\"plan\":\"Dirty\",\"bytesCompared\":0,\"bytesCopied\":1288490188,"
        + "\"bytesToDo\":3221225472,\"bytesPerSecond\":115343360,\"secondsLeft\":28,\"percent\":28.57}";

    [Fact]
    public async Task Status_PrimaryDuringResync_ShowsEverything()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Answers.Node(Answers.Module(
            "PRIM", "Ready", "UpToDate", Peer + Resync + ",\"dirtyBytes\":4096,\"reason\":\"The peer resyncs.\"", failoverOn: false)));
        var run = await Terminal.RunAsync(agent, "status");
        Assert.Equal((0, ""), (run.Code, run.Error));
        foreach (var text in new[]
        {
            "node1, peer node2, HaMirror 0.1.0", "LAN default  10.0.0.1 - 10.0.0.2  heard 120 ms ago", "silent for 4.2 s",
            "never heard", "vm1  PRIM Ready for ", ", up to date, failover off", "peer      SECOND Transient, inconsistent",
            "reason    The peer resyncs.", "28.6 % to the peer (Dirty)", "1.2 GiB copied", "3 GiB to do", "110 MiB/s", "28 s left",
            "differs   4 KiB",
        })
        {
            Assert.Contains(text, run.Screen);
        }
    }

    [Theory]
    [InlineData("STOP", "NotReady", "Unknown", "", "--as-primary")]
    [InlineData("STOP", "NotReady", "UpToDate", "", "'hamirror start -m vm1'")]
    [InlineData("WAIT", "NotReady", "Outdated", "", "node2 is heard, but has no module vm1 in force")]
    [InlineData("ALONE", "Ready", "UpToDate", "", "node2 is heard, but has no module vm1 in force")]
    [InlineData("ALONE", "Ready", "UpToDate", ",\"peerState\":\"STOP\",\"peerHeard\":true", "on node2, 'hamirror start -m vm1'")]
    public async Task Status_SomethingToDo_SaysWhat(string state, string phase, string condition, string more, string advice)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Answers.Node(Answers.Module(state, phase, condition, more)));
        var run = await Terminal.RunAsync(agent, "status");
        var line = Assert.Single(run.Screen.Split('\n'), text => text.StartsWith("  to do"));
        Assert.Contains(advice, line);
    }

    [Theory]
    [InlineData("WAIT", "NotReady", "Outdated", "Start the module on node2, which may have newer data")]
    [InlineData("ALONE", "Ready", "UpToDate", "no second copy while node2 is silent")]
    public async Task Status_PeerSilentOnEveryLan_SaysWhatToDoWithoutIt(string state, string phase, string condition, string advice)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var answer = Answers.Node(Answers.Module(state, phase, condition, ""));
        agent.Record("GET /v1/status", answer.Replace("\"lost\":false", "\"lost\":true"));
        var run = await Terminal.RunAsync(agent, "status");
        var line = Assert.Single(run.Screen.Split('\n'), text => text.StartsWith("  to do"));
        Assert.Contains(advice, line);
    }

    [Fact]
    public async Task Status_PeerRefusedOnEveryLan_SaysWhyAndDoesNotBlameTheNetwork()
    {
        await using var agent = await RecordedAgent.StartAsync();
        var answer = Answers.Node(Answers.Module("ALONE", "Ready"));
        agent.Record("GET /v1/status", answer.Replace(
            "\"silentMilliseconds\":120,\"lost\":false", "\"lost\":true,\"refusal\":\"it is of another cluster; join it\""));
        var run = await Terminal.RunAsync(agent, "status");
        Assert.Contains("never heard, what comes from 10.0.0.2 is refused: it is of another cluster; join it", run.Screen);
        var line = Assert.Single(run.Screen.Split('\n'), text => text.StartsWith("  to do"));
        Assert.Contains("node2 answers and is refused", line);
    }

    [Fact]
    public async Task Status_AllWell_HasNothingToDo()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Answers.Node(Answers.Module(
            "PRIM", "Ready", "UpToDate", ",\"peerState\":\"SECOND\",\"peerPhase\":\"Ready\",\"peerHeard\":true")));
        Assert.DoesNotContain("to do", (await Terminal.RunAsync(agent, "status")).Screen);
    }

    [Fact]
    public async Task Status_NamesWithBrackets_AreNoMarkup()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Answers.Node(
            Answers.Module("WAIT", "NotReady", "Unknown", ",\"reason\":\"[red]x[/] [unknown] [\"")));
        var run = await Terminal.RunAsync(agent, "status");
        Assert.Contains("reason    [red]x[/] [unknown] [", run.Screen);
    }

    [Fact]
    public async Task Status_BeforeCluster_SaysHowToMakeOne()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record(
            "GET /v1/status",
            """{"node":"","peer":"","version":"0.1.0","started":"2026-01-02T03:04:05Z","lans":[],"modules":[]}""");
        var run = await Terminal.RunAsync(agent, "status");
        Assert.Contains("belongs to no cluster yet", run.Screen);
        Assert.Contains("hamirror cluster init", run.Screen);
    }

    [Fact]
    public async Task Status_Json_IsTheAgentsAnswer()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Answers.Node(Answers.Module("PRIM", "Ready", more: Resync)));
        var run = await Terminal.RunAsync(agent, "status", "--json");
        using var document = JsonDocument.Parse(run.Screen);
        var module = document.RootElement.GetProperty("modules")[0];
        Assert.Equal("PRIM", module.GetProperty("state").GetString());
        Assert.Equal(28.57, module.GetProperty("resync").GetProperty("percent").GetDouble());
    }

    [Theory]
    [InlineData("STOP", 0)]
    [InlineData("WAIT", 1)]
    [InlineData("ALONE", 2)]
    [InlineData("PRIM", 3)]
    [InlineData("SECOND", 4)]
    public async Task Quiet_State_IsTheExitCode(string state, int code)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1", Answers.Module(state, "Ready"));
        var hamirror = await Terminal.RunAsync(agent, "status", "-m", "vm1", "--quiet");
        Assert.Equal((code, "", ""), (hamirror.Code, hamirror.Screen, hamirror.Error));
        var safekit = await Terminal.RunAsync(agent.Socket, "safekit", new() { ["SAFEMODULE"] = "vm1" }, "state", "-lq");
        Assert.Equal((code, "", ""), (safekit.Code, safekit.Screen, safekit.Error));
    }

    [Fact]
    public async Task Quiet_NoSuchModule_IsNoState()
    {
        await using var agent = await RecordedAgent.StartAsync();
        Assert.Equal(ExitCode.NoState, (await Terminal.RunAsync(agent, "status", "-m", "none", "--quiet")).Code);
        Assert.Equal(
            ExitCode.NoState, (await Terminal.RunAsync(agent.Socket, "safekit", [], "state", "-m", "none", "-lq")).Code);
    }
}
