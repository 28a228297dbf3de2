namespace HaMirror.Cli.Tests;

public sealed class VerifyVerbTests
{
    private const string Path = "/v1/modules/vm1/verify";

    [Theory]
    [InlineData("\"findingCount\":0,\"repaired\":true", "[]", ExitCode.Done, "both replicas are equal; 7 files with 1 GiB of data compared.")]
    [InlineData("\"findingCount\":2,\"differentBytes\":8192,\"repair\":true,\"repaired\":true", "[]", ExitCode.Done, "2 differences, 8 KiB of data, repaired;")]
    [InlineData("\"findingCount\":1,\"differentBytes\":4096",
        """[{"path":"/vm/disk","offset":1048576,"bytes":4096,"what":"has other data"}]""", ExitCode.Different,
        "/vm/disk has other data: 4 KiB at 1048576\nvm1: 1 difference, 4 KiB of data; 7 files with 1 GiB of data compared. What was found is marked: 'hamirror verify -m vm1 --repair'")]
    [InlineData("\"findingCount\":3,\"repair\":true,\"repaired\":false", "[]", ExitCode.Different, "3 differences, not all repaired")]
    [InlineData("\"findingCount\":0,\"end\":\"The link was lost.\"", "[]", ExitCode.Refused, "ended early, nothing found so far: The link was lost.")]
    [InlineData("\"findingCount\":1,\"end\":\"The link was lost.\"", "[]", ExitCode.Different, "1 difference, ended early: The link was lost.")]
    public async Task Verify_ComesToAnEnd_SaysHowAndEndsWithItsCode(string how, string findings, int code, string sentence)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", Report("\"running\":true", "[]"), 202).Record($"GET {Path}", Report(how, findings));
        var run = await Terminal.RunAsync(agent, "verify", "-m", "vm1");
        Assert.Equal((code, ""), (run.Code, run.Error));
        Assert.Contains(sentence, run.Screen);
        Assert.Contains("25.0 %, 1 GiB of 4 GiB, 512 MiB/s, 6 s left", run.Screen);
        Assert.StartsWith($"POST {Path} {{\"repair\":false,", agent.Asked.First());
    }

    [Fact]
    public async Task Verify_RepairStatusAndStop_AskForWhatTheySay()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", Report("\"repair\":true,\"repaired\":true", "[]"), 202)
            .Record($"GET {Path}", Report("\"running\":true", "[]")).Record($"DELETE {Path}", "", 204);
        Assert.Equal(0, (await Terminal.RunAsync(agent, "verify", "-m", "vm1", "--repair")).Code);
        Assert.Contains("25.0 %", (await Terminal.RunAsync(agent, "verify", "-m", "vm1", "--status")).Screen);
        Assert.Contains("stops", (await Terminal.RunAsync(agent, "verify", "-m", "vm1", "--stop")).Screen);
        Assert.Equal(["POST", "GET", "DELETE"], agent.Asked.Select(asked => asked.Split(' ')[0]));
        Assert.StartsWith($"POST {Path} {{\"repair\":true,", agent.Asked.First());
        var both = await Terminal.RunAsync(agent, "verify", "-m", "vm1", "--repair", "--stop");
        Assert.Equal(ExitCode.Usage, both.Code);
        Assert.Contains("exclude each other", both.Error);
    }

    [Fact]
    public async Task Verify_OnTheSecondary_IsRefusedInTheAgentsWords()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST {Path}", """{"title":"Module vm1 is SECOND on node2.","detail":"Run it on the node where the module is PRIM.","status":409}""", 409);
        var run = await Terminal.RunAsync(agent, "verify", "-m", "vm1");
        Assert.Equal((ExitCode.Refused, "Module vm1 is SECOND on node2.\nRun it on the node where the module is PRIM.\n"), (run.Code, run.Error));
    }

    private static string Report(string how, string findings) =>
        "{\"module\":\"vm1\",\"node\":\"node1\",\"begun\":\"2026-01-02T03:04:05Z\",\"directories\":2,\"files\":7,\"bytesTotal\":4294967296,"
        + "\"bytesDone\":1073741824,\"bytesPerSecond\":536870912,\"secondsLeft\":6,\"percent\":25,"
        + $"\"findings\":{findings},{how}}}";
}
