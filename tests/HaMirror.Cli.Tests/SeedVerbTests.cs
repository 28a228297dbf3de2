namespace HaMirror.Cli.Tests;

public sealed class SeedVerbTests
{
    private const string Path = "/v1/modules/vm1/seed";

    [Fact]
    public async Task Export_WithoutFault_ShowsProgressAndWhatComesNext()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", Report("export", running: true), 202).Record($"GET {Path}", Report("export", running: false));
        var run = await Terminal.RunAsync(agent, "seed", "export", "-m", "vm1", "--to", "/media/disk");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith($"POST {Path} {{\"action\":\"export\",\"directory\":\"/media/disk\",", agent.Asked.First());
        Assert.Contains("25.0 %, 1 GiB of 4 GiB, 512 MiB/s, 6 s left", run.Screen);
        Assert.Contains("export of /media/disk done, 7 files with 1 GiB of data. Carry it to the other node", run.Screen);
    }

    [Fact]
    public async Task Import_BrokenOff_SaysWhyAndFails()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", Report("import", running: false, ",\"end\":\"No space left on device.\""), 202);
        var run = await Terminal.RunAsync(agent, "seed", "import", "-m", "vm1", "--from", "/media/disk");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("import of /media/disk broke off: No space left on device.", run.Screen);
    }

    [Fact]
    public async Task Import_RelativePath_IsMadeAbsolute()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", Report("import", running: false), 202);
        var run = await Terminal.RunAsync(agent, "seed", "import", "-m", "vm1", "--from", "disk");
        Assert.Contains($"\"directory\":\"{Environment.CurrentDirectory}/disk\"", agent.Asked.First());
        Assert.Contains("Now 'hamirror start -m vm1'", run.Screen);
    }

    [Theory]
    [InlineData("export")]
    [InlineData("import")]
    public async Task Copy_WithoutADirectory_IsRefused(string action)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, "seed", action, "-m", "vm1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(action == "export" ? "--to" : "--from", run.Error);
        Assert.Empty(agent.Asked);
    }

    [Fact]
    public async Task StatusAndStop_AskForWhatTheySay()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"GET {Path}", Report("export", running: true)).Record($"DELETE {Path}", "", 204);
        Assert.Contains("export of /media/disk: 25.0 %", (await Terminal.RunAsync(agent, "seed", "status", "-m", "vm1")).Screen);
        Assert.Contains("the copy stops", (await Terminal.RunAsync(agent, "seed", "stop", "-m", "vm1")).Screen);
    }

    private static string Report(string action, bool running, string more = "") =>
        $"{{\"module\":\"vm1\",\"node\":\"node1\",\"action\":\"{action}\",\"directory\":\"/media/disk\",\"running\":{(running ? "true" : "false")},"
        + "\"begun\":\"2026-01-02T03:04:05Z\",\"files\":7,\"bytesTotal\":4294967296,\"bytesDone\":1073741824,\"bytesPerSecond\":536870912,"
        + $"\"secondsLeft\":6,\"percent\":25{more}}}";
}
