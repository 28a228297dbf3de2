namespace HaMirror.Cli.Tests;

public sealed class CheckVerbTests
{
    private const string ReadyPeer = ",\"peerState\":\"SECOND\",\"peerPhase\":\"Ready\",\"dirtyBytes\":4096";
    private const string Resync =
        ",\"resync\":{\"source\":true,\"plan\":\"Dirty\",\"bytesCompared\":0,\"bytesCopied\":5,\"bytesToDo\":7,\"bytesPerSecond\":1,\"percent\":28.57}";

    [Theory]
    [InlineData("PRIM", "Ready", ReadyPeer, true, 0, "HAMIRROR OK - vm1 PRIM Ready, peer SECOND Ready; LAN default heard | 'vm1_state'=3;;;0;4 'vm1_dirty'=4096B;;;0 'lan_default_silence'=0.120s;;;0")]
    [InlineData("SECOND", "Ready", ",\"peerState\":\"PRIM\",\"peerPhase\":\"Ready\"", true, 0, "HAMIRROR OK - vm1 SECOND Ready, peer PRIM Ready")]
    [InlineData("PRIM", "Ready", ",\"peerState\":\"SECOND\",\"peerPhase\":\"Transient\"" + Resync, true, 1, "WARNING - vm1 PRIM Ready, resync 28.6 %: no second copy could take over now, peer SECOND Transient | 'vm1_state'=3;;;0;4 'vm1_resync'=28.6%;;;0;100 'vm1_resync_left'=7B;;;0")]
    [InlineData("ALONE", "Ready", "", false, 1, "WARNING - vm1 ALONE Ready: no second copy could take over now, peer not heard")]
    [InlineData("STOP", "NotReady", ",\"peerState\":\"ALONE\",\"peerPhase\":\"Ready\"", true, 1, "WARNING - vm1 STOP NotReady: no second copy could take over now, peer ALONE Ready")]
    [InlineData("WAIT", "NotReady", ",\"reason\":\"The replica is outdated | wait.\"", false, 2, "CRITICAL - vm1 WAIT NotReady: the service runs on no node that is heard (The replica is outdated / wait)")]
    [InlineData("STOP", "NotReady", "", false, 2, "CRITICAL - vm1 STOP NotReady: the service runs on no node that is heard")]
    public async Task Check_OfAModule_ExitsAsPluginsDo(string state, string phase, string more, bool heard, int code, string line)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Node(Answers.Module(state, phase, more: more), heard));
        var run = await Terminal.RunAsync(agent, "check");
        Assert.Equal((code, ""), (run.Code, run.Error));
        Assert.Contains(line, run.Screen.Split('\n')[0]);
    }

    [Fact]
    public async Task Check_SeveralModules_SaysTheWorstFirst()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", Node(
            Answers.Module("PRIM", "Ready", more: ReadyPeer) + "," + Answers.Module("WAIT", "NotReady", module: "db"), heard: true));
        var run = await Terminal.RunAsync(agent, "check");
        Assert.Equal(2, run.Code);
        var lines = run.Screen.TrimEnd().Split('\n');
        Assert.StartsWith("HAMIRROR CRITICAL - db WAIT NotReady", lines[0]);
        Assert.Contains("OK: vm1 PRIM Ready, peer SECOND Ready", lines);
        Assert.Equal(0, (await Terminal.RunAsync(agent, "check", "-m", "vm1")).Code);
        Assert.Equal(3, (await Terminal.RunAsync(agent, "check", "-m", "none")).Code);
    }

    [Fact]
    public async Task Check_NoAgent_IsCritical()
    {
        var run = await Terminal.RunAsync("/nonexistent/agent.sock", "hamirror", [], "check");
        Assert.Equal(2, run.Code);
        Assert.StartsWith("HAMIRROR CRITICAL - ", run.Screen);
    }

    [Fact]
    public async Task KeyAdd_PrintsTheKeyAlone()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/keys", """{"name":"p","role":"Monitor","key":"hmk1-abc"}""", 201);
        var run = await Terminal.RunAsync(agent, "key", "add", "p");
        Assert.Equal((0, "hmk1-abc\n"), (run.Code, run.Screen));
        Assert.Equal(["""POST /v1/keys {"name":"p","role":"monitor"}"""], agent.Asked);
    }

    [Fact]
    public async Task NotifyTest_ThatFails_SaysWhatDidNotArrive()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/notify/test",
            """{"title":"The test did not arrive everywhere.","detail":"Correct it.","status":502,"errors":["mail to a@b: refused"]}""", 502);
        var run = await Terminal.RunAsync(agent, "notify", "test", "mail");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("mail to a@b: refused", run.Error);
        Assert.Equal(["""POST /v1/notify/test {"kind":"mail"}"""], agent.Asked);
    }

    private static string Node(string modules, bool heard) =>
        "{\"node\":\"n1\",\"peer\":\"n2\",\"version\":\"0.1.0\",\"started\":\"2026-01-02T03:04:05Z\","
        + "\"lans\":[{\"name\":\"default\",\"address\":\"10.0.0.1\",\"peerAddress\":\"10.0.0.2\",\"silentMilliseconds\":120,\"lost\":false}],"
        + $"\"modules\":[{(heard ? modules.Replace("\"peerHeard\":false", "\"peerHeard\":true") : modules)}]}}";
}
