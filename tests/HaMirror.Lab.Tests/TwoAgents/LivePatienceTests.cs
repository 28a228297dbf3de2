// Time-outs changed while the module runs count at once, on both nodes, and nothing stops for it.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Text;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class LivePatienceTests
{
    private static readonly string Path = ConsolePath.Configuration(AgentPair.Module);

    [Fact]
    public async Task Locktimeout_ShortenedWhileTheLinkStands_CountsForThatLink()
    {
        await using var pair = await AgentPair.CreateAsync(replicationAttributes: "locktimeout=\"60s\" sendtimeout=\"60s\"");
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        var link = await LinkAsync(pair);
        await ApplyAsync(pair, "locktimeout=\"60s\" sendtimeout=\"60s\"", "locktimeout=\"2s\" sendtimeout=\"2s\" checktime=\"8s\" checkintv=\"2s\"");
        await ApplyAsync(pair, "<heart>", "<heart pulse=\"100ms\">");
        Assert.Equal(link, await LinkAsync(pair)); // The same link, in the same state.
        using (await HeldThread.TakeAsync(pair.Two.Id, "target [0-9]+"))
        {
            var clock = Stopwatch.StartNew();
            await Task.Run(() => Write(pair)).WaitAsync(AgentProcess.Patience);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"The write waited {clock.Elapsed.TotalSeconds:0.0} s: the old time-out was in force.\n{pair.Story}");
            Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1), $"The write waited {clock.Elapsed.TotalSeconds:0.0} s, less than any time-out.\n{pair.Story}");
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            Assert.Contains("for 2 s (locktimeout)", pair.One.Story);
        }

        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
    }

    [Fact]
    public async Task TimeoutOfHeartbeats_WhileTheModuleRuns_IsRefusedWithItsReason()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        var (status, text) = await TryAsync(pair, "<heart>", "<heart timeout=\"5s\">");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("heart timeout", text);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
    }

    private static async Task ApplyAsync(AgentPair pair, string before, string after)
    {
        var (status, text) = await TryAsync(pair, before, after);
        Assert.True(status == HttpStatusCode.OK, text + pair.Story);
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await Deadline.HoldsAsync($"{node.Name} runs with it", AgentProcess.Patience, async () =>
                (await node.StatusAsync(AgentPair.Module)).ConfigurationVersion == System.Text.Json.JsonSerializer.Deserialize(text, ConsoleJson.Default.ConfigurationApplied)!.Version, () => pair.Story);
        }

        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
    }

    private static async Task<(HttpStatusCode Status, string Text)> TryAsync(AgentPair pair, string before, string after)
    {
        var files = await pair.One.GetAsync(Path, ConsoleJson.Default.ModuleFiles);
        var xml = files.Files.Single(file => file.Path == "conf/userconfig.xml");
        Assert.Contains(before, xml.Text);
        var draft = new ModuleDraft([.. files.Files.Remove(xml), xml with { Text = xml.Text!.Replace(before, after) }], false, null, null);
        return await pair.One.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, files.Version);
    }

    /// <summary>Changes with every new link: when the module's state and link last changed.</summary>
    private static async Task<string> LinkAsync(AgentPair pair)
    {
        var (one, two) = (await pair.One.StatusAsync(AgentPair.Module), await pair.Two.StatusAsync(AgentPair.Module));
        return $"{one.Since} {one.Linked} {two.Since} {two.Linked}";
    }

    private static void Write(AgentPair pair)
    {
        using var file = new FileStream($"{AgentPair.Data(pair.One)}/written", FileMode.Create, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes("while it hangs"));
        file.Flush(flushToDisk: true);
    }
}
