namespace HaMirror.Cli.Tests;

public sealed class SafekitTests
{
    private static readonly Dictionary<string, string> Hook = new() { ["SAFEMODULE"] = "vm1" };

    [Theory]
    [InlineData("printe", "Event")]
    [InlineData("printi", "Detail")]
    public async Task Print_Text_GoesToTheLog(string verb, string level)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/log", "", 204);
        var run = await Terminal.RunAsync(agent.Socket, "safekit", Hook, verb, "VM is running");
        Assert.Equal((0, "", ""), (run.Code, run.Screen, run.Error));
        Assert.Equal([$$"""POST /v1/modules/vm1/log {"level":"{{level}}","text":"VM is running"}"""], agent.Asked);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData("stopstart")]
    [InlineData("swap")]
    public async Task Action_WithIdentity_IsAutomatic(string verb)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST /v1/modules/vm1/{verb}", Answers.Accepted(verb), 202);
        var run = await Terminal.RunAsync(agent.Socket, "safekit", Hook, verb, "-i", "start_prim");
        Assert.Equal(0, run.Code);
        Assert.Equal([$$"""POST /v1/modules/vm1/{{verb}} {"identity":"start_prim"}"""], agent.Asked);
    }

    [Fact]
    public async Task Set_Resource_IsPut()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("PUT /v1/modules/web/resources/custom.vm_check",
            """{"name":"custom.vm_check","state":"down","since":"2026-01-02T03:04:05Z"}""");
        var run = await Terminal.RunAsync(
            agent.Socket, "safekit", Hook, "set", "-m", "web", "-r", "custom.vm_check", "-v", "down", "-i", "vmcheck");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(
            ["""PUT /v1/modules/web/resources/custom.vm_check {"state":"down","by":"vmcheck"}"""], agent.Asked);
    }

    [Fact]
    public async Task Get_Resource_PrintsItsState()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/resources/custom.a",
            """{"name":"custom.a","state":"up","since":"2026-01-02T03:04:05Z"}""");
        var run = await Terminal.RunAsync(agent.Socket, "safekit", Hook, "get", "-r", "custom.a");
        Assert.Equal((0, "up"), (run.Code, run.Screen.Trim()));
    }

    [Fact]
    public async Task State_Plain_PrintsStateAndPhase()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1", Answers.Module("SECOND", "Transient"));
        var run = await Terminal.RunAsync(agent.Socket, "safekit", Hook, "state");
        Assert.Equal((0, "SECOND (Transient)"), (run.Code, run.Screen.Trim()));
    }

    [Fact]
    public async Task AnyVerb_OutsideOfHookWithoutModule_IsRefused()
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent.Socket, "safekit", [], "state");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("-m MODULE is needed", run.Error);
    }
}
