// The names that docs/monitoring.md, the alert rules and the dashboard use are those that /metrics has, all of them, in some state of two
// nodes; and what /metrics writes is Prometheus's format, with units in its names.
using System.Text.RegularExpressions;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed partial class MetricsTests
{
    private static readonly string Docs = AgentProcess.Repository + "/docs/monitoring";

    [Fact]
    public async Task Names_InDocsRulesAndDashboard_AreThoseOfTheMetrics()
    {
        await using var pair = await AgentPair.CreateAsync(hooks: new Dictionary<string, string> { ["start_prim"] = "sleep 2; touch \"$HAMIRROR_ROOT/service-$SAFEMODULE\"" });
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var one = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("prometheus", "monitor"));
        var seen = new Dictionary<string, HashSet<string>>();

        // A hook that runs, a module alone, a resync that lasts, a pair, a take-over: what is absent in one of them is there in another.
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await SeesAsync(pair, one, seen, "hamirror_module_hook_running_seconds");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await File.WriteAllBytesAsync($"{AgentPair.Data(pair.One)}/file", Noise(4 << 20));
        await pair.One.SayResourceAsync(AgentPair.Module, "custom.x", "up");
        await RateAsync(pair.One, 256 << 10);
        await pair.Two.StartModuleAsync(AgentPair.Module);
        await SeesAsync(pair, one, seen, "hamirror_module_resync_remaining_seconds");
        await RateAsync(pair.One, null);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        await SeesAsync(pair, one, seen, "hamirror_module_unacknowledged_bytes");
        using var two = new ConsoleClient(pair.Two, await pair.Two.AddKeyAsync("prometheus2", "monitor"));
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await SeesAsync(pair, two, seen, "hamirror_module_last_takeover_time_seconds");

        var documented = File.ReadLines(AgentProcess.Repository + "/docs/monitoring.md").Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Name().Matches(line.Split('|')[1]).Select(match => match.Value)).Where(name => name.Contains('_')).ToHashSet();
        Assert.Equal(documented.Order(), seen.Keys.Order());
        var rules = File.ReadAllText(Docs + "/alerts.yml");
        var dashboard = File.ReadAllText(Docs + "/grafana.json");
        foreach (var (file, text, least) in new[] { ("alerts.yml", rules, 10), ("grafana.json", dashboard, 10) })
        {
            var used = Used().Matches(text).Select(match => match.Value).Distinct().ToArray();
            Assert.True(used.Length >= least, $"{file} names only {used.Length} metrics.");
            Assert.All(used, name => Assert.True(seen.ContainsKey(name), $"{file} names {name}, which /metrics never has."));
        }

        // Each rule: a name of its own, how grave it is, a sentence; labels that its metrics have.
        var alerts = rules.Split("      - alert: ")[1..];
        Assert.Equal(alerts.Length, alerts.Select(alert => alert.Split('\n')[0]).Distinct().Count());
        foreach (var alert in alerts)
        {
            Assert.Matches(@"expr: \S", alert);
            Assert.Matches(@"severity: (critical|warning)", alert);
            Assert.Matches(@"summary: ""[^""]+\.""", alert);
            var names = Used().Matches(alert.Split('\n').First(line => line.Contains("expr:"))).Select(match => match.Value).ToArray();
            foreach (Match label in Label().Matches(alert))
                Assert.True(label.Groups[1].Value == "instance" || names.Any(name => seen[name].Contains(label.Groups[1].Value)), $"{alert.Split('\n')[0]} shows the label {label.Groups[1].Value}, which its metrics do not have.");
        }
    }

    /// <summary>Asks until the metric is there; keeps all names and labels of the last answer.</summary>
    private static async Task SeesAsync(AgentPair pair, ConsoleClient client, Dictionary<string, HashSet<string>> seen, string wanted) => await Deadline.HoldsAsync($"/metrics has {wanted}", AgentProcess.Patience, async () =>
    {
        var text = await client.Http.GetStringAsync(ConsolePath.Metrics);
        var types = new Dictionary<string, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) types.Add(line.Split(' ')[2], line.Split(' ')[3]);
            if (line[0] == '#') continue;
            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"No sample of Prometheus's format: {line}");
            var name = sample.Groups[1].Value;
            Assert.True(types.TryGetValue(name, out var type), $"{name} has no type before it.");
            Assert.Equal(type == "counter", name.EndsWith("_total", StringComparison.Ordinal));
            Assert.False(name.Contains("milli", StringComparison.Ordinal) || name.Contains("_kb", StringComparison.Ordinal) || name.EndsWith("_time", StringComparison.Ordinal), $"{name}: seconds and bytes are the units.");
            if (name.StartsWith("hamirror_module_", StringComparison.Ordinal)) Assert.Contains("module=\"m1\"", line);
            if (!seen.TryGetValue(name, out var labels)) seen[name] = labels = [];
            foreach (Match label in LabelOf().Matches(sample.Groups[2].Value)) labels.Add(label.Groups[1].Value);
        }

        return seen.ContainsKey(wanted);
    }, () => pair.Story);

    private static Task RateAsync(AgentProcess node, long? rate) => node.SendAsync(HttpMethod.Put, ApiPath.Module(AgentPair.Module, "resync-rate"), new ResyncRateRequest(rate, null), ApiJson.Default.ResyncRateRequest);

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(7).NextBytes(noise);
        return noise;
    }

    [GeneratedRegex("[a-z_]+[a-z]")]
    private static partial Regex Name();

    [GeneratedRegex(@"\b(hamirror|process)_[a-z_]+[a-z]")]
    private static partial Regex Used();

    [GeneratedRegex(@"\{\{ \$labels\.([a-z]+) \}\}")]
    private static partial Regex Label();

    [GeneratedRegex("""([a-z_]+)="(?:[^"\\]|\\.)*"[,}]""")]
    private static partial Regex LabelOf();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (?:[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|NaN|[-+]Inf)$""")]
    private static partial Regex Sample();
}
