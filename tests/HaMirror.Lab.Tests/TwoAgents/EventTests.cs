using System.Diagnostics;
using System.Net;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class EventTests
{
    [Fact]
    public async Task Stream_OfEitherNode_ShowsStatesAndLogsAndResumes()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("m", "monitor"));
        using var limit = new CancellationTokenSource(AgentProcess.Patience * 2);
        await using var own = await EventReader.OpenAsync(client, ConsolePath.Events, null, limit.Token);
        await using var other = await EventReader.OpenAsync(client, ConsolePath.At("n2", ConsolePath.Events), null, limit.Token);
        Assert.Equal(("status", "n1"), await NodeOfAsync(own));
        Assert.Equal(("status", "n2"), await NodeOfAsync(other));
        await pair.StartAsync();
        await own.UntilAsync(one => one.Kind == "module" && Module(one) is { State: "PRIM", Phase: "Ready" });
        var log = await own.UntilAsync(one => one.Kind == "log" || one.Kind == "beat");
        Assert.NotNull(log);
        var standby = await other.UntilAsync(one => one.Kind == "module" && Module(one) is { State: "SECOND", Phase: "Ready" });
        await other.UntilAsync(one => one.Kind == "beat");

        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await using var resumed = await EventReader.OpenAsync(client, ConsolePath.At("n2", ConsolePath.Events), standby.Id, limit.Token);
        var missed = await resumed.UntilAsync(one => one.Kind is "status" || one.Kind == "module" && Module(one) is { State: "PRIM", Phase: "Ready" });
        Assert.Equal("module", missed.Kind);
        await using var anew = await EventReader.OpenAsync(client, ConsolePath.Events, "of-another-process", limit.Token);
        Assert.Equal("status", (await anew.NextAsync()).Kind);
    }

    [Theory]
    [InlineData("n1")]
    [InlineData("n2")]
    public async Task Stream_OfAKeyThatIsRemoved_EndsWithinSeconds(string node)
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("m", "monitor"));
        using var admin = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("a", "admin"));
        using var limit = new CancellationTokenSource(AgentProcess.Patience * 2);
        await using var events = await EventReader.OpenAsync(client, ConsolePath.At(node, ConsolePath.Events), null, limit.Token);
        Assert.Equal(("status", node), await NodeOfAsync(events));
        Assert.Equal(HttpStatusCode.NoContent, await admin.StatusOfAsync(HttpMethod.Delete, ConsolePath.Key("m")));
        await Assert.ThrowsAnyAsync<IOException>(() => events.UntilAsync(_ => false));
        Assert.False(limit.IsCancellationRequested);
    }

    [Fact]
    public async Task Agent_ThatEndsWhileItIsWatched_EndsAtOnceWithoutCuttingTheOthersModule()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        using var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("m", "control"));
        using var limit = new CancellationTokenSource(AgentProcess.Patience * 2);
        await using var own = await EventReader.OpenAsync(client, ConsolePath.Events, null, limit.Token);
        await using var other = await EventReader.OpenAsync(client, ConsolePath.At("n2", ConsolePath.Events), null, limit.Token);
        await other.NextAsync();
        var runs = await client.GetAsync(ApiPath.Module(AgentPair.Module, "hook-runs"), ConsoleJson.Default.ImmutableArrayHookRun);
        var run = runs.First(one => one.Run.Contains("start_prim")).Run;
        Assert.Contains("start_prim", await client.Http.GetStringAsync(ApiPath.Module(AgentPair.Module, "hook-runs/") + run));
        Assert.Equal(HttpStatusCode.NotFound, await client.StatusOfAsync(HttpMethod.Get, ApiPath.Module(AgentPair.Module, "hook-runs/") + "..%2Fmodule.log"));

        await pair.One.EndAsync(); // Within its time, though two streams and kept connections are open.
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await Assert.ThrowsAnyAsync<Exception>(() => own.UntilAsync(_ => false));
        Assert.False(limit.IsCancellationRequested);
    }

    [Fact]
    public async Task Metrics_OfARunningPair_AreWhatARealParserReads()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        using var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("prometheus", "monitor"));
        using (var stranger = new ConsoleClient(pair.One))
            Assert.Equal(HttpStatusCode.Unauthorized, await stranger.StatusOfAsync(HttpMethod.Get, ConsolePath.Metrics));
        string[] samples = [];
        await Deadline.HoldsAsync("the metrics tell of a redundant primary", AgentProcess.Patience, async () =>
        {
            samples = Parse(await client.Http.GetStringAsync(ConsolePath.Metrics));
            return samples.Contains("hamirror_module_redundant module=m1 1.0") && samples.Contains("hamirror_module_state module=m1,state=PRIM 1.0");
        }, () => string.Join('\n', samples) + pair.Story);
        Assert.Contains("hamirror_module_serving module=m1 1.0", samples);
        Assert.Contains("hamirror_module_state module=m1,state=SECOND 0.0", samples);
        Assert.Contains("hamirror_lan_lost lan=default 0.0", samples);
        Assert.Contains(samples, sample => sample.StartsWith("hamirror_module_hook_last_duration_seconds hook=start_prim,module=m1 "));
        Assert.Contains(samples, sample => sample.StartsWith("hamirror_module_unacknowledged_bytes module=m1 "));
        var documented = File.ReadAllText(Path.Combine(AgentProcess.Repository, "docs/monitoring.md"));
        foreach (var name in samples.Select(sample => sample.Split(' ')[0]).Distinct().Where(name => name.StartsWith("hamirror_")))
            Assert.True(documented.Contains(name) || documented.Contains("`_" + name.Split('_')[^1] + "`") || documented.Contains("`_" + string.Join('_', name.Split('_')[^2..]) + "`"), $"docs/monitoring.md does not know {name}.");
    }

    /// <summary>By the parser of Prometheus' own Python client (python3-prometheus-client, lab/packages.txt).</summary>
    private static string[] Parse(string text)
    {
        const string Program = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families as parse
            for family in parse(sys.stdin.read()):
                assert family.documentation and family.type in ("gauge", "counter"), family
                for name, labels, value, *_ in family.samples:
                    print(name, ",".join(f"{k}={v}" for k, v in sorted(labels.items())), value)
            """;
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Program]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        python.StandardInput.Write(text);
        python.StandardInput.Close();
        var output = python.StandardOutput.ReadToEnd();
        var error = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, error + text);
        return output.TrimEnd().Split('\n');
    }

    private static async Task<(string, string)> NodeOfAsync(EventReader reader)
    {
        var first = await reader.NextAsync();
        return (first.Kind, JsonSerializer.Deserialize(first.Data, ApiJson.Default.NodeStatus)!.Node);
    }

    private static ModuleStatus Module(EventReader.One one) => JsonSerializer.Deserialize(one.Data, ApiJson.Default.ModuleStatus)!;
}
