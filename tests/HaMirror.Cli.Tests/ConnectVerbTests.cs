namespace HaMirror.Cli.Tests;

public sealed class ConnectVerbTests
{
    private const string Report =
        """
        {"module":"vm1","decision":"Source","plan":"Dirty","sentence":"n1 is the source for n2 because it went on.",
         "mine":{"node":"n1","state":"ALONE","phase":"Ready","condition":"UpToDate","generation":"0000000a","base":"00000001",
                 "flags":["it serves"],"markedBytes":8192},
         "theirs":{"node":"n2","state":"STOP","phase":"NotReady","condition":"Inconsistent","generation":"00000001","base":"00000001",
                   "resyncFrom":"0000000a","flags":[],"markedBytes":0},
         "peerHeardSeconds":75,"notes":["n2 is stopped."]}
        """;

    [Fact]
    public async Task Connect_Explained_ShowsTheDecisionAndBothSides()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/connection", Report);
        var run = await Terminal.RunAsync(agent, "connect", "--explain", "-m", "vm1");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(
            """
            vm1  n1 would be the source (Dirty)
              why       n1 is the source for n2 because it went on.
              n1        ALONE Ready, up to date, generation 0000000a (base 00000001), 8 KiB marked
                        it serves
              n2        STOP NotReady, inconsistent (a resync has begun and not ended), generation 00000001 (base 00000001), being made equal to generation 0000000a, 0 B marked, as heard 1 min 15 s ago
              note      n2 is stopped.
            """, run.Screen.ReplaceLineEndings("\n").TrimEnd());
    }

    [Fact]
    public async Task Connect_AsJson_IsTheAgentsAnswer()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/connection", Report);
        var run = await Terminal.RunAsync(agent, "connect", "--explain", "-m", "vm1", "--json");
        Assert.Equal(0, run.Code);
        using var json = System.Text.Json.JsonDocument.Parse(run.Screen.Length > 0 ? run.Screen : "{}");
        Assert.Equal("Source", json.RootElement.GetProperty("decision").GetString());
        Assert.Equal(8192, json.RootElement.GetProperty("mine").GetProperty("markedBytes").GetInt64());
    }

    [Fact]
    public async Task Connect_WithoutExplain_SaysThatNodesConnectByThemselves()
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, "connect", "-m", "vm1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("connect by themselves", run.Error, StringComparison.Ordinal);
        Assert.Empty(agent.Asked);
    }
}
