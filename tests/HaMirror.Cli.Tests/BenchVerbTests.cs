using System.Text.Json;
using HaMirror.Cli.Bench;

namespace HaMirror.Cli.Tests;

public sealed class BenchVerbTests : IDisposable
{
    // Where files can be written past the page cache, which not every /tmp can.
    private readonly string folder = Directory.CreateDirectory($"/var/tmp/hamirror-bench-test-{Guid.NewGuid():N}").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("SECOND", "Ready")]
    [InlineData("PRIM", "Transient")]
    [InlineData("STOP", "NotReady")]
    public async Task Bench_WhereTheModuleDoesNotServe_IsRefusedWithTheNodeToGoTo(string state, string phase)
    {
        await using var agent = await ServingAsync(state, phase);

        var run = await Terminal.RunAsync(agent, "bench", "-m", "vm1");

        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains($"vm1 is {state} {phase} on node1: it can only be measured where it serves.", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Replica));
    }

    [Fact]
    public async Task Bench_OfAServingModule_MeasuresShowsProgressAndLeavesNothing()
    {
        await using var agent = await ServingAsync("ALONE", "Ready");
        // As one that was killed would leave it: no process has this number.
        await File.WriteAllTextAsync(Path.Combine(Replica, ".hamirror-bench-999999999"), "");

        var run = await Terminal.RunAsync(agent, "bench", "-m", "vm1", "--seconds", "0.05");

        Assert.Equal("", run.Error);
        Assert.Equal(ExitCode.Done, run.Code);
        Assert.Contains("through the module: 4 KiB writes with a flush each ...", run.Screen, StringComparison.Ordinal);
        Assert.Contains("1 MiB writes, 4 at a time", run.Screen, StringComparison.Ordinal);
        Assert.Contains("Latency: ", run.Screen, StringComparison.Ordinal);
        Assert.Contains("no link was measured", run.Screen, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Replica));
    }

    [Fact]
    public async Task Bench_AsJson_IsOneDocumentWithTheFiguresOfModuleDiskAndLink()
    {
        await using var agent = await ServingAsync("PRIM", "Ready");

        var run = await Terminal.RunAsync(agent, "bench", "-m", "vm1", "--seconds", "0.05", "--json");

        using var document = JsonDocument.Parse(run.Screen);
        var root = document.RootElement;
        Assert.True(root.GetProperty("through").GetProperty("write").GetProperty("p50Us").GetDouble() > 0);
        Assert.True(root.GetProperty("disk").GetProperty("largeBytesPerSecond").GetDouble() > 0);
        Assert.Equal("here", root.GetProperty("link").GetProperty("lan").GetString());
        Assert.True(root.GetProperty("link").GetProperty("roundTripUs").GetDouble() > 0);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("61")]
    [InlineData("soon")]
    public async Task Bench_WithSecondsThatAreNone_IsAWrongCommandLine(string seconds)
    {
        await using var agent = await ServingAsync("PRIM", "Ready");

        Assert.Equal(ExitCode.Usage, (await Terminal.RunAsync(agent, "bench", "--seconds", seconds)).Code);
    }

    [Theory]
    [InlineData(80, 10, "this node's disk limits")]
    [InlineData(20, 90, "the link limits")]
    [InlineData(20, 30, "the rest is the CPU's")]
    public void Limit_OfLatency_IsThePartThatTakesHalfOfIt(double diskUs, double tripUs, string expected) =>
        Assert.Contains(expected, Limit.Of(Figures(100, 500e6), Figures(diskUs, 2e9), new LinkFigures("repl", tripUs, null)).Latency, StringComparison.Ordinal);

    [Theory]
    [InlineData(110e6, 2000e6, 125e6, "the link limits")]
    [InlineData(450e6, 500e6, 1250e6, "this node's disk limits")]
    [InlineData(450e6, 2000e6, 1250e6, "the peer's disk or the CPU")]
    public void Limit_OfThroughput_IsThePartThatItComesNearTo(double module, double disk, double card, string expected) =>
        Assert.Contains(expected, Limit.Of(Figures(100, module), Figures(20, disk), new LinkFigures("repl", 10, card)).Throughput, StringComparison.Ordinal);

    private string Replica => Directory.CreateDirectory(Path.Combine(folder, "vm1")).FullName;

    private static FileFigures Figures(double us, double bytes)
    {
        var one = new Latencies(1e6 / us, us, us);
        return new FileFigures(bytes, one, one with { P50Us = us * 2 }, one, one);
    }

    private async Task<RecordedAgent> ServingAsync(string state, string phase)
    {
        var module = Answers.Module(state, phase);
        var summary = $$"""[{"module":"vm1","id":1,"configured":true,"state":"{{state}}","phase":"{{phase}}","directories":["{{Replica}}"]}]""";
        var node = $$"""
            {"node":"node1","peer":"node2","version":"0.1.0","started":"2026-01-02T03:04:05Z",
             "lans":[{"name":"here","address":"127.0.0.1","peerAddress":"127.0.0.1","silentMilliseconds":120,"lost":false}],"modules":[{{module}}]}
            """;
        return (await RecordedAgent.StartAsync())
            .Record("GET /v1/status", node).Record("GET /v1/modules/vm1", module).Record("GET /v1/modules", summary);
    }
}
