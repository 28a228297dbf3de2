namespace HaMirror.Cli.Tests;

public sealed class ModuleAndClusterTests
{
    [Fact]
    public async Task ModuleAdd_WithVariables_SendsThem()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules",
            """{"module":"vm1","directory":"/etc/hamirror/modules/vm1","active":false,"notes":["line 3: legacy, ignored."]}""", 201);
        var run = await Terminal.RunAsync(agent, "module", "add", "vm1", "--set", "VM_NAME=a=b");
        Assert.Equal(0, run.Code);
        Assert.Equal(
            ["""POST /v1/modules {"name":"vm1","template":"kvm","variables":{"VM_NAME":"a=b"}}"""], agent.Asked);
        Assert.Contains("made in /etc/hamirror/modules/vm1.", run.Screen);
        Assert.Contains("note line 3: legacy, ignored.", run.Screen);
    }

    [Fact]
    public async Task ModuleConfig_WrongFile_ListsEveryFault()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/modules/vm1/config",
            """
            {"title":"The configuration of vm1 is wrong.","detail":"Correct it and try again.","status":422,
             "errors":["userconfig.xml:3:5: unknown element 'haert', did you mean 'heart'?","userconfig.xml:9:1: no rfs."]}
            """, 422);
        var run = await Terminal.RunAsync(agent, "module", "config", "vm1");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Equal(
            [
                "The configuration of vm1 is wrong.", "  userconfig.xml:3:5: unknown element 'haert', did you mean 'heart'?",
                "  userconfig.xml:9:1: no rfs.", "Correct it and try again.",
            ],
            run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task ModuleList_TwoModules_ShowsBoth()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules);
        var run = await Terminal.RunAsync(agent, "module", "list");
        Assert.Contains("vm1                  PRIM Ready  /vm/vm1", run.Screen);
        Assert.Contains("db                   not configured", run.Screen);
    }

    [Fact]
    public async Task ModuleRemove_Stopped_DeletesIt()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("DELETE /v1/modules/vm1", "", 204);
        Assert.Equal(0, (await Terminal.RunAsync(agent, "module", "remove", "vm1")).Code);
    }

    [Fact]
    public async Task ClusterInit_TwoLans_PrintsTheJoinCommand()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/cluster/init", """{"token":"hmj1-abc","expires":"2026-01-02T03:04:05Z"}""", 201);
        var run = await Terminal.RunAsync(
            agent, "cluster", "init", "node1", "10.0.0.1", "node2", "10.0.0.2", "--lan", "repl=10.1.0.1,10.1.0.2", "--witness", "10.0.0.254");
        Assert.Equal(0, run.Code);
        Assert.Contains("hamirror cluster join hmj1-abc", run.Screen.Split(Environment.NewLine));
        Assert.Equal(
            """
            POST /v1/cluster/init {"node":"node1","address":"10.0.0.1","peer":"node2","peerAddress":"10.0.0.2","lans":[{"name":"repl","address":"10.1.0.1","peerAddress":"10.1.0.2"}],"replace":false,"witnesses":["10.0.0.254"]}
            """.Trim(),
            agent.Asked.Single());
    }

    [Fact]
    public async Task ClusterJoin_Token_TellsWhoWeAre()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/cluster/join",
            """{"id":"00","node":"node2","peer":"node1","peerHeard":true,"lans":[]}""");
        var run = await Terminal.RunAsync(agent, "cluster", "join", "hmj1-abc");
        Assert.Equal((0, "This node is now node2, the peer of node1."), (run.Code, run.Screen.Trim()));
    }

    [Fact]
    public async Task ClusterJoin_TokenOnTheInput_StandsInNoArgument()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("POST /v1/cluster/join",
            """{"id":"00","node":"node2","peer":"node1","peerHeard":true,"lans":[]}""");
        var run = await Terminal.RunWithAsync("hmj1-abc\n", agent, "cluster", "join", "-");
        Assert.Equal(0, run.Code);
        Assert.Contains("\"token\":\"hmj1-abc\"", Assert.Single(agent.Asked));
    }

    [Fact]
    public async Task ClusterWitness_Address_IsSetWithTheVersionThatWasRead()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/cluster/configuration", """{"version":"0123456789abcdef","port":4800,"lans":[{"name":"default","nodes":[]}],"witnesses":["10.0.0.9"]}""")
            .Record("PUT /v1/cluster/configuration", """{"version":"fedcba9876543210","finished":true,"notes":["Modules ask the new witnesses from now on."]}""")
            .Record("GET /v1/cluster/witness", """{"witnesses":["10.0.0.254"],"modules":[{"module":"vm1","witnesses":["10.0.0.254"],"ownSetting":false},{"module":"db","witnesses":[],"ownSetting":true}]}""");
        var run = await Terminal.RunAsync(agent, "cluster", "witness", "10.0.0.254");
        Assert.Equal(0, run.Code);
        Assert.Contains("Modules ask the new witnesses", run.Screen);
        Assert.Contains("vm1 asks 10.0.0.254", run.Screen);
        Assert.Contains("db asks nobody", run.Screen);
    }

    [Fact]
    public async Task ClusterWitness_TestedWhereOneNodeReachesNone_Fails()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/cluster", """{"id":"00","node":"n1","peer":"n2","peerHeard":true,"lans":[],"witnesses":["10.0.0.254"]}""")
            .Record("POST /v1/nodes/n1/cluster/witness/test", """{"node":"n1","reachable":true,"text":"n1 reaches a witness.","witnesses":[{"address":"10.0.0.254","answers":true,"milliseconds":0.4,"text":"10.0.0.254 answered after 0.4 ms."}]}""")
            .Record("POST /v1/nodes/n2/cluster/witness/test", """{"node":"n2","reachable":false,"text":"n2 reaches no witness.","witnesses":[{"address":"10.0.0.254","answers":false,"text":"10.0.0.254 did not answer."}]}""");
        var run = await Terminal.RunAsync(agent, "cluster", "witness", "--test");
        Assert.Equal(ExitCode.Refused, run.Code);
        Assert.Contains("n1 reaches a witness.", run.Screen);
        Assert.Contains("10.0.0.254 did not answer.", run.Screen);
    }

    [Fact]
    public async Task Log_ThreeLines_AreShownWithTheirLevels()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules/vm1/log?lines=2&follow=false",
            """
            {"time":"2026-01-02T03:04:05Z","module":"vm1","level":"Event","text":"Local state PRIM Ready"}
            {"time":"2026-01-02T03:04:06Z","module":"vm1","level":"Critical","text":"start_prim failed [exit 1]"}
            """);
        var run = await Terminal.RunAsync(agent, "log", "-m", "vm1", "-n", "2");
        Assert.Equal(0, run.Code);
        var lines = run.Screen.TrimEnd().Split(Environment.NewLine);
        Assert.EndsWith(" E Local state PRIM Ready", lines[0]);
        Assert.EndsWith(" C start_prim failed [exit 1]", lines[1]);
    }

    [Theory]
    [InlineData("--help", "hamirror start -m vm1 --as-primary")]
    [InlineData("start --help", "the very first start, on the node whose data is right")]
    [InlineData("cluster init --help", "--lan repl=10.1.0.1,10.1.0.2")]
    public async Task Help_AnyCommand_EndsInExamples(string line, string example)
    {
        await using var agent = await RecordedAgent.StartAsync();
        var run = await Terminal.RunAsync(agent, line.Split(' '));
        Assert.Equal(0, run.Code);
        Assert.Contains("Examples:", run.Screen);
        Assert.Contains(example, run.Screen);
    }

    [Fact]
    public async Task Completion_OfModule_AsksTheAgent()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules);
        var run = await Terminal.RunAsync(agent, "[suggest:8]", "stop -m ");
        Assert.Equal(["all", "db", "vm1"], run.Screen.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Fact]
    public async Task Log_OfSeveralModules_IsMergedByTimeAndCutToTheLast()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules)
            .Record("GET /v1/modules/vm1/log?lines=3&follow=false",
                """
                {"time":"2026-01-02T03:04:01Z","module":"vm1","level":"Event","text":"cut off"}
                {"time":"2026-01-02T03:04:05Z","module":"vm1","level":"Event","text":"second"}
                """)
            .Record("GET /v1/modules/db/log?lines=3&follow=false",
                """
                {"time":"2026-01-02T03:04:02Z","module":"db","level":"Event","text":"first"}
                {"time":"2026-01-02T03:04:05Z","module":"db","level":"Event","text":"third"}
                """);
        var run = await Terminal.RunAsync(agent, "log", "-n", "3");
        var lines = run.Screen.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["db E first", "vm1 E second", "db E third"], lines.Select(line => line[(line.IndexOf('.') + 5)..]));
    }

    [Fact]
    public async Task Log_FollowedOfSeveralModules_ShowsAllAtOnce()
    {
        await using var agent = await RecordedAgent.StartAsync();
        agent.Record("GET /v1/modules", Answers.TwoModules)
            .RecordOpen("GET /v1/modules/vm1/log?lines=300&follow=true",
                """{"time":"2026-01-02T03:04:05Z","module":"vm1","level":"Event","text":"first"}""" + "\n")
            .Record("GET /v1/modules/db/log?lines=300&follow=true", """{"title":"db has no log.","status":404}""", 404);
        // The first answer never ends: only one who reads both at once hears of the second.
        var run = await Terminal.RunAsync(agent, "log", "--follow");
        Assert.Equal((ExitCode.Refused, "db has no log."), (run.Code, run.Error.Trim()));
    }
}
