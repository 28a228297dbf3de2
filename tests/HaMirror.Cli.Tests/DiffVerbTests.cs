namespace HaMirror.Cli.Tests;

public sealed class DiffVerbTests
{
    private const string Marked =
        """
        {"module":"vm1","node":"node1","state":"ALONE","files":[{"path":"/vm/disk.img","bytes":1073741824,"whole":false},
         {"path":"/vm/new.img","bytes":4096,"whole":true}],"fileCount":3,"extentBytes":1073741824,"wholeFiles":2,"wholeBytes":8192,
         "comparesAll":false,"allFiles":9,"allBytes":9999999999,"bytesPerSecond":104857600,"rateOf":"2026-01-02T03:04:05Z",
         "secondsNeeded":10.24,"notes":["Marked is not different."]}
        """;

    [Fact]
    public async Task Diff_MarkedFiles_ShowsThemAndTheTime()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/diff", Marked);
        var run = await Terminal.RunAsync(agent, "diff", "-m", "vm1");
        Assert.Equal((0, ""), (run.Code, run.Error));
        foreach (var text in new[]
        {
            "vm1 on node1 (ALONE): a resync would look at 3 files: 1 GiB of marked extents and 2 files as a whole with 8 KiB of data.",
            "/vm/disk.img\n", "/vm/new.img (all of it)", "and 1 more", "about 10 s at 100 MiB/s, the rate of the resync of 2026-01-02", "Marked is not different.",
        })
        {
            Assert.Contains(text, run.Screen);
        }
    }

    [Theory]
    [InlineData("\"fileCount\":0,\"comparesAll\":false", "nothing is marked; a resync would compare names and attributes only")]
    [InlineData("\"fileCount\":1,\"comparesAll\":true", "compare everything, 7 files with 5 MiB of data; 1 file marked.")]
    public async Task Diff_NothingOrEverything_SaysSo(string what, string sentence)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/diff",
            "{\"module\":\"vm1\",\"node\":\"node1\",\"state\":\"STOP\",\"files\":[],\"extentBytes\":0,\"wholeFiles\":0,\"wholeBytes\":0,"
            + $"\"allFiles\":7,\"allBytes\":5242880,\"notes\":[],{what}}}");
        var run = await Terminal.RunAsync(agent, "diff", "-m", "vm1");
        Assert.Equal(0, run.Code);
        Assert.Contains(sentence, run.Screen);
        Assert.DoesNotContain("about", run.Screen);
    }

    [Theory]
    [InlineData("50M", "{\"bytesPerSecond\":52428800,")]
    [InlineData("1.5g", "{\"bytesPerSecond\":1610612736,")]
    [InlineData("4096", "{\"bytesPerSecond\":4096,")]
    [InlineData("none", "{\"by\":")]
    public async Task ResyncRate_Given_IsAskedForInBytes(string rate, string body)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("PUT /v1/modules/vm1/resync-rate", "", 204);
        var run = await Terminal.RunAsync(agent, "resync-rate", rate, "-m", "vm1");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith($"PUT /v1/modules/vm1/resync-rate {body}", Assert.Single(agent.Asked));
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("0")]
    [InlineData("-5M")]
    [InlineData("50MB")]
    public async Task ResyncRate_NoRate_IsRefusedWithASentence(string rate)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, "resync-rate", rate, "-m", "vm1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Empty(agent.Asked);
        Assert.Contains(rate, run.Error);
    }
}
