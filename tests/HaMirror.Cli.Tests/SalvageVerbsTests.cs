namespace HaMirror.Cli.Tests;

public sealed class SalvageVerbsTests
{
    private const string Set =
        """
        {"id":"20260102-030405-0000000a","time":"2026-01-02T03:04:05Z","node":"n1","peer":"n2","generation":"0000000a","kept":"0000000b",
         "fileCount":2,"bytes":12288,"open":false,"files":[
          {"path":"/vm/vm1/disk","size":1048576,"savedBytes":8192,"gone":false,"whole":false},
          {"path":"/vm/vm1/notes","size":100,"savedBytes":100,"gone":true,"whole":true}]}
        """;

    private static string Operation(string state, string result, string problem = "null") =>
        $$"""
        {"id":"o1","kind":"salvage-restore","module":"vm1","node":"n1","by":"test","begun":"2026-01-02T03:04:05Z","ended":null,"state":"{{state}}",
         "percent":25.0,"bytesDone":1073741824,"bytesTotal":4294967296,"bytesPerSecond":536870912,"secondsLeft":6,"text":"/vm/vm1/disk is put back.",
         "canCancel":true,"result":{{result}},"problem":{{problem}}}
        """;

    private static readonly string By = Environment.UserName + "@local";

    [Fact]
    public async Task List_OfAModule_ShowsEachSet()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/salvage", $"[{Set}]");
        var run = await Terminal.RunAsync(agent, "salvage", "list", "-m", "vm1");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal("20260102-030405-0000000a  vm1, 2026-01-02 03:04:05 UTC: n1 had generation 0000000a, n2's 0000000b was kept; 2 files, 12 KiB",
            run.Screen.Trim());
    }

    [Fact]
    public async Task List_WithNone_SaysSo()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/salvage", "[]");
        var run = await Terminal.RunAsync(agent, "salvage", "list", "-m", "vm1");
        Assert.Equal((0, "vm1: no salvage set lies on this node."), (run.Code, run.Screen.Trim()));
    }

    [Fact]
    public async Task Show_OfASet_ShowsItsFiles()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/salvage/20260102-030405-0000000a", Set);
        var run = await Terminal.RunAsync(agent, "salvage", "show", "20260102-030405-0000000a", "-m", "vm1");
        Assert.Equal(0, run.Code);
        Assert.Contains("/vm/vm1/disk  (in part: the rest is what the replica holds now)", run.Screen, StringComparison.Ordinal);
        Assert.Contains("/vm/vm1/notes  (the other node had none)", run.Screen, StringComparison.Ordinal);
        var json = await Terminal.RunAsync(agent, "salvage", "show", "20260102-030405-0000000a", "-m", "vm1", "--json");
        using var parsed = System.Text.Json.JsonDocument.Parse(json.Screen);
        Assert.Equal(2, parsed.RootElement.GetProperty("files").GetArrayLength());
    }

    [Fact]
    public async Task Export_OfChosenFiles_AsksForThem()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/salvage/s1/export", Operation("running", "null"), 202);
        agent.Record("GET /v1/operations/o1", Operation("done", """{"files":[{"path":"/vm/vm1/disk","writtenTo":"/tmp/x/vm/vm1/disk","size":4096,"whole":true}]}"""));
        var run = await Terminal.RunAsync(agent, "salvage", "export", "s1", "/tmp/x", "/vm/vm1/disk", "-m", "vm1");
        Assert.Equal(0, run.Code);
        Assert.Contains("/vm/vm1/disk: written to /tmp/x/vm/vm1/disk, 4 KiB", run.Screen, StringComparison.Ordinal);
        Assert.Equal(
            [$$"""POST /v1/modules/vm1/salvage/s1/export {"directory":"/tmp/x","files":["/vm/vm1/disk"],"by":"{{By}}"}""", "GET /v1/operations/o1"], agent.Asked);
    }

    [Fact]
    public async Task Restore_WhileItRuns_ShowsHowFarItIsAndThenWhatWasPutBack()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/salvage/s1/restore", Operation("running", "null"), 202);
        agent.Record("GET /v1/operations/o1", Operation("done", """{"files":[{"path":"/vm/vm1/disk","writtenTo":"/vm/vm1/disk","size":4096,"whole":true}]}"""));
        var run = await Terminal.RunAsync(agent, "salvage", "restore", "s1", "/vm/vm1/disk", "-m", "vm1");
        Assert.Equal(0, run.Code);
        Assert.Contains("/vm/vm1/disk is put back. 25.0 %, 1 GiB of 4 GiB, 512 MiB/s, 6 s left", run.Screen, StringComparison.Ordinal);
        Assert.Contains("/vm/vm1/disk: put back as /vm/vm1/disk, 4 KiB", run.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_ThatFailsHalfWay_SaysWhy()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/salvage/s1/restore", Operation("running", "null"), 202);
        agent.Record("GET /v1/operations/o1", Operation("failed", "null", """{"title":"The disk is full.","detail":"Free space.","status":409}"""));
        var run = await Terminal.RunAsync(agent, "salvage", "restore", "s1", "/vm/vm1/disk", "-m", "vm1");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("The disk is full.", run.Error, StringComparison.Ordinal);
        Assert.Contains("Free space.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_Refused_ShowsTheRemedy()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/salvage/s1/restore",
            """{"title":"Files are put back through the mount of the node that serves.","detail":"'hamirror swap' makes it serve.","status":409}""", 409);
        var run = await Terminal.RunAsync(agent, "salvage", "restore", "s1", "/vm/vm1/disk", "-m", "vm1");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("'hamirror swap' makes it serve.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Remove_OfASet_AsksForIt()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"DELETE /v1/modules/vm1/salvage/s1?by={Uri.EscapeDataString(By)}", "", 204);
        var run = await Terminal.RunAsync(agent, "salvage", "remove", "s1", "-m", "vm1");
        Assert.Equal((0, "vm1: salvage set s1 removed."), (run.Code, run.Screen.Trim()));
    }

    [Fact]
    public async Task Restore_WithoutAFile_IsAWrongCommandLine()
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, "salvage", "restore", "s1", "-m", "vm1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Empty(agent.Asked);
    }
}
