namespace HaMirror.Cli.Tests;

public sealed class ApplyVerbsTests
{
    private const string Files = """{"module":"vm1","node":"n1","version":"1111111111111111","files":[{"path":"conf/userconfig.xml","text":"<safe/>","executable":false}],"fields":[]}""";
    private const string Modules = """[{"module":"vm1","id":1,"configured":true,"state":"STOP","phase":"NotReady","directories":[]}]""";
    private const string Right = """
        {"module":"vm1","version":"2222222222222222","valid":true,"faults":[],"notes":["n2: the directory is missing."],
         "changes":[{"file":"conf/userconfig.xml","setting":"service/rfs async","before":"second","after":"none","line":3,"whileRunning":false,"effect":"Stop it first."}],
         "needsStop":true,"fields":[],"nodes":[{"node":"n1","reachable":true}]}
        """;

    [Fact]
    public async Task Apply_WithoutADirectory_SendsWhatIsEditedHere()
    {
        await using var agent = await StartAsync(Right);
        agent.Record("PUT /v1/modules/vm1/configuration", """{"module":"vm1","version":"2222222222222222","finished":true,"notes":[]}""");
        var run = await Terminal.RunAsync(agent, "module", "apply", "vm1");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("service/rfs async: second -> none  Stop it first.", run.Screen);
        Assert.Contains("note n2: the directory is missing.", run.Screen);
        Assert.Contains("2222222222222222 is active on both nodes", run.Screen);
        Assert.Contains("<safe/>", agent.Asked.Last().Replace("\\u003C", "<").Replace("\\u003E", ">"));
    }

    [Fact]
    public async Task Apply_OfADirectory_SendsItsFilesAndTheirPermissions()
    {
        await using var agent = await StartAsync(Right);
        var directory = Directory.CreateTempSubdirectory("hamirror-cli").FullName;
        try
        {
            Directory.CreateDirectory(directory + "/bin");
            File.WriteAllText(directory + "/bin/start_prim", "#!/bin/sh\n");
            File.SetUnixFileMode(directory + "/bin/start_prim", UnixFileMode.UserRead | UnixFileMode.UserExecute);
            File.WriteAllBytes(directory + "/bin/binary", [0xff, 0xfe, 0x00]);
            var run = await Terminal.RunAsync(agent, "module", "apply", "vm1", "--from", directory, "--check");
            Assert.True(run.Code == 0, run.Error);
            var asked = agent.Asked.Last();
            Assert.StartsWith("POST /v1/modules/vm1/configuration/check", asked);
            Assert.Contains("""{"path":"bin/start_prim","text":"#!/bin/sh\n","executable":true}""", asked);
            Assert.Contains("""{"path":"bin/binary","base64":"//4A","executable":false}""", asked);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Apply_OfAWrongDraft_ShowsEveryFaultAndSendsNothing()
    {
        await using var agent = await StartAsync("""
            {"module":"vm1","valid":false,"faults":[{"node":"n2","file":"conf/userconfig.xml","line":7,"column":1,"text":"no such element"}],"notes":[],"changes":[],"needsStop":false,"fields":[],"nodes":[]}
            """);
        var run = await Terminal.RunAsync(agent, "module", "apply", "vm1");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("n2: conf/userconfig.xml:7: no such element", run.Screen);
        Assert.DoesNotContain(agent.Asked, asked => asked.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restore_OfAVersion_AsksForIt()
    {
        await using var agent = await StartAsync(Right);
        agent.Record("POST /v1/modules/vm1/versions/3333/restore", """{"module":"vm1","version":"3333","finished":false,"waiting":"n2 does not answer","notes":[]}""");
        var run = await Terminal.RunAsync(agent, "module", "restore", "vm1", "3333");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("the other node gets it later: n2 does not answer", run.Screen);
    }

    [Fact]
    public async Task Support_WritesTheArchiveClosedToOthers()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/support", "an archive");
        var path = Path.Combine(Path.GetTempPath(), $"hamirror-cli-{Guid.NewGuid():n}.tar.gz");
        var run = await Terminal.RunAsync(agent, "support", path);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("an archive", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        File.Delete(path);
    }

    private static async Task<RecordedAgent> StartAsync(string check)
    {
        var agent = await RecordedAgent.StartAsync();
        return agent.Record("GET /v1/modules", Modules).Record("GET /v1/modules/vm1/configuration", Files).Record("POST /v1/modules/vm1/configuration/check", check);
    }
}
