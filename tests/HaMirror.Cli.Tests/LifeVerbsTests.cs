namespace HaMirror.Cli.Tests;

public sealed class LifeVerbsTests
{
    private static readonly string By = Environment.UserName + "@local";

    [Theory]
    [InlineData("", null, false)]
    [InlineData("--as-primary", "primary", false)]
    [InlineData("--as-secondary", "secondary", false)]
    [InlineData("--as-secondary --full-sync", "secondary", true)]
    public async Task Start_WithRole_AsksForIt(string options, string? role, bool full)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.OneModule).Record("POST /v1/modules/vm1/start", Answers.Accepted("start"), 202);
        var run = await Terminal.RunAsync(agent, ["start", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal("vm1: start accepted; now WAIT Transient. 'hamirror status' shows how it goes on.", run.Screen.Trim());
        var roleText = role is null ? "" : $"\"role\":\"{role}\",";
        Assert.Equal(
            $$"""POST /v1/modules/vm1/start {{{roleText}}"fullSync":{{(full ? "true" : "false")}},"by":"{{By}}"}""",
            agent.Asked.Last());
    }

    [Fact]
    public async Task Start_WithUndo_AsksForIt()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/start", Answers.Accepted("start"), 202);
        var run = await Terminal.RunAsync(agent, "start", "-m", "vm1", "--as-primary", "--undo");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal([$$"""POST /v1/modules/vm1/start {"role":"primary","fullSync":false,"by":"{{By}}","undo":true}"""], agent.Asked);
    }

    [Theory]
    [InlineData("start --undo", "goes with --as-primary")]
    [InlineData("start --as-primary --as-secondary", "exclude each other")]
    [InlineData("start --full-sync", "goes with --as-secondary")]
    [InlineData("failover maybe", "maybe")]
    [InlineData("wait SLEEPING", "SLEEPING")]
    [InlineData("wait PRIM -t -1", "0 to 86400")]
    [InlineData("module add vm1 --set NONSENSE", "NAME=VALUE")]
    [InlineData("cluster init a 1 b 2 --lan x=1", "NAME=ADDRESS,PEERADDRESS")]
    [InlineData("cluster init a", "PEER")]
    [InlineData("frobnicate", "frobnicate")]
    public async Task CommandLine_Wrong_SaysWhyAndAsksNothing(string line, string expected)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, line.Split(' '));
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(expected, run.Error);
        Assert.Contains("--help' shows how it is used.", run.Error);
        Assert.Empty(agent.Asked);
    }

    [Theory]
    [InlineData("statu", "'hamirror' has no verb 'statu'; did you mean \"status\"?")]
    [InlineData("cluster ini node1", "'hamirror cluster' has no verb 'ini'; did you mean \"init\"?")]
    [InlineData("start --as-primry", "'hamirror start' has no option '--as-primry'; did you mean \"--as-primary\"?")]
    [InlineData("cluster", "'hamirror cluster' needs a verb: init, join, token, status, witness.")]
    [InlineData("stop vm1", "'hamirror stop' does not know what to do with 'vm1'.")]
    [InlineData("log -n x", "--lines takes a number, not 'x'.")]
    [InlineData("failover maybe", "Argument 'maybe' not recognized. Must be one of: 'on', 'off'")]
    public async Task CommandLine_Wrong_IsOneSentenceAndTheWayToHelp(string line, string expected)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, line.Split(' '));
        Assert.Equal(ExitCode.Usage, run.Code);
        var said = run.Error.ReplaceLineEndings("\n").TrimEnd().Split('\n');
        Assert.Equal(2, said.Length);
        Assert.Equal(expected, said[0]);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData("stopstart")]
    [InlineData("swap")]
    [InlineData("force-stop")]
    public async Task Action_OnNamedModule_AsksForIt(string verb)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record($"POST /v1/modules/vm1/{verb}", Answers.Accepted(verb), 202);
        var run = await Terminal.RunAsync(agent, verb, "-m", "vm1");
        Assert.Equal(0, run.Code);
        Assert.Equal([$$"""POST /v1/modules/vm1/{{verb}} {"by":"{{By}}"}"""], agent.Asked);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("swap")]
    [InlineData("start --as-primary")]
    public async Task Action_SeveralModulesAndNoneNamed_IsRefused(string line)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules);
        var run = await Terminal.RunAsync(agent, line.Split(' '));
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("There are several modules (vm1, db); say which one.", run.Error);
        Assert.Single(agent.Asked);
    }

    [Fact]
    public async Task Start_AllModulesOneRefused_StartsTheOther()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules)
            .Record("POST /v1/modules/vm1/start", """{"title":"vm1 runs already.","detail":"See its status.","status":409}""", 409)
            .Record("POST /v1/modules/db/start", Answers.Accepted("start", "db"), 202);
        var run = await Terminal.RunAsync(agent, "start");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Equal("vm1: vm1 runs already. See its status.", run.Error.Trim());
        Assert.StartsWith("db: start accepted", run.Screen);
    }

    [Fact]
    public async Task Action_InsideHook_IsForThatModule()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/stop", Answers.Accepted("stop"), 202);
        var run = await Terminal.RunAsync(agent.Socket, "hamirror", new() { ["SAFEMODULE"] = "vm1" }, "stop");
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task Failover_Off_AsksForIt()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/failover", Answers.Accepted("failover"), 202);
        Assert.Equal(0, (await Terminal.RunAsync(agent, "failover", "off", "-m", "vm1")).Code);
        Assert.Equal([$$"""POST /v1/modules/vm1/failover {"on":false,"by":"{{By}}"}"""], agent.Asked);
    }

    [Fact]
    public async Task Wait_StateReached_ShowsIt()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/wait", Answers.Module("PRIM", "Ready"));
        var run = await Terminal.RunAsync(agent, "wait", "PRIM", "ALONE", "--ready", "-t", "5", "-m", "vm1");
        Assert.Equal((0, "vm1: PRIM Ready"), (run.Code, run.Screen.Trim()));
        Assert.Equal(
            """POST /v1/modules/vm1/wait {"states":["PRIM","ALONE"],"phase":"Ready","timeoutSeconds":5}""",
            agent.Asked.Single());
    }

    [Fact]
    public async Task Wait_TimeOver_HasItsOwnExitCode()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/wait", """{"title":"vm1 is WAIT after 5 s.","status":408}""", 408);
        var run = await Terminal.RunAsync(agent, "wait", "PRIM", "-t", "5", "-m", "vm1");
        Assert.Equal((ExitCode.TimedOut, "vm1 is WAIT after 5 s."), (run.Code, run.Error.Trim()));
    }

    [Fact]
    public async Task AnyVerb_NoAgent_SaysHowToStartIt()
    {
        var run = await Terminal.RunAsync("/none/agent.sock", "hamirror", [], "status");
        Assert.Equal(ExitCode.NoAgent, run.Code);
        Assert.Contains("nobody answers on /none/agent.sock", run.Error);
        Assert.Contains("systemctl start hamirrord", run.Error);
    }

    [Theory]
    [InlineData("<html>", 500)]
    [InlineData("{}", 409)]
    [InlineData("not json", 200)]
    [InlineData("null", 200)]
    public async Task AnyVerb_StrangeAnswer_IsOneSentence(string body, int status)
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/status", body, status);
        var run = await Terminal.RunAsync(agent, "status");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.StartsWith("The agent sent ", run.Error);
        Assert.Contains("same version", run.Error);
    }
}
