using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>What takes long, over the API; what was decided; what became of a module.</summary>
[Collection(AgentsCollection.Name)]
public sealed class LongActionTests
{
    [Fact]
    public async Task LongActions_AreOperationsWithAnEnd()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var module = AgentPair.Module;
        File.WriteAllText(AgentPair.Data(pair.One) + "/a", "content");
        var start = await BeginAsync(pair.One, ApiPath.Module(module, "start"), JsonContent.Create(new StartRequest("primary", false, "test@lab", null), ApiJson.Default.StartRequest));
        Assert.Equal("done", (await EndAsync(pair.One, start)).State);
        var second = await BeginAsync(pair.One, ConsolePath.At("n2", ApiPath.Module(module, "start")), null);
        Assert.StartsWith("/v1/nodes/n2/operations/", second);
        Assert.True(await EndAsync(pair.One, second) is { State: "done", Node: "n2", Kind: "start", Text: "Module m1 is SECOND Ready." }, pair.Story);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");

        var verify = await EndAsync(pair.One, await BeginAsync(pair.One, ApiPath.Module(module, "verify"), null));
        Assert.True(verify is { State: "done", Kind: "verify", Percent: 100 } && verify.Result!.Value.GetProperty("findingCount").GetInt32() == 0, verify.Text);
        var diff = await EndAsync(pair.One, await BeginAsync(pair.One, ApiPath.Module(module, "diff"), null));
        Assert.Equal("done", diff.State);
        Assert.Equal(module, diff.Result!.Value.GetProperty("module").GetString());

        var swap = await EndAsync(pair.One, await BeginAsync(pair.One, ApiPath.Module(module, "swap"), null));
        Assert.True(swap is { State: "done", Text: "Module m1 is SECOND Ready." }, swap.Text);
        var all = await pair.One.GetAsync(ConsolePath.Operations + "?module=" + module, ConsoleJson.Default.ImmutableArrayOperationStatus);
        Assert.Equal(["swap", "diff", "verify", "start"], all.Where(one => one.Kind != "resync").Select(one => one.Kind));
        // Nobody asked for the resyncs; those of a few bytes are over before they are seen.
        Assert.All(all.Where(one => one.Kind == "resync"), one => Assert.True(one is { State: "done" or "running", By: "agent", Node: "n1", Module: AgentPair.Module }, one.Text));
        Assert.Equal(HttpStatusCode.Conflict, (await pair.One.SendAsync<ModuleDraft>(HttpMethod.Delete, ConsolePath.Operation(all[0].Id), null, ConsoleJson.Default.ModuleDraft)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await pair.One.SendAsync<ModuleDraft>(HttpMethod.Get, ConsolePath.Operation("../status"), null, ConsoleJson.Default.ModuleDraft)).Status);

        await TellsWhatHappenedAsync(pair);
    }

    [Fact]
    public async Task Waiting_ThatNobodyNeedsAnyMore_IsStoppedAndTheModuleGoesOn()
    {
        await using var pair = await AgentPair.CreateAsync();
        var start = await BeginAsync(pair.One, ApiPath.Module(AgentPair.Module, "start"), null);
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
        Assert.Equal("running", (await pair.One.GetAsync(start, ConsoleJson.Default.OperationStatus)).State);
        Assert.Equal(HttpStatusCode.NoContent, (await pair.One.SendAsync<ModuleDraft>(HttpMethod.Delete, start, null, ConsoleJson.Default.ModuleDraft)).Status);
        Assert.Equal("cancelled", (await EndAsync(pair.One, start)).State);
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
    }

    private static async Task TellsWhatHappenedAsync(AgentPair pair)
    {
        var decision = (await pair.One.StatusAsync(AgentPair.Module)).Decision;
        Assert.True(decision is { Evidence.IsEmpty: false, Own.Node: "n1", Peer.Node: "n2" } && decision.Sentence == decision.Evidence[^1], pair.Story);
        await Deadline.HoldsAsync("the timeline has both nodes' states", AgentProcess.Patience, async () =>
        {
            var told = await pair.One.GetAsync(ApiPath.Module(AgentPair.Module, "timeline"), ConsoleJson.Default.ModuleTimeline);
            Assert.Empty(told.Missing);
            return told.Entries.Any(entry => entry is { Node: "n1", State: "SECOND", Phase: "Ready" }) && told.Entries.Any(entry => entry is { Node: "n2", State: "PRIM", Phase: "Ready" })
                && told.Entries.Any(entry => entry.Kind == "action" && entry.Text.Contains("swap")) && told.Entries.Any(entry => entry.Kind == "decision");
        }, () => pair.Story);

        var all = await pair.Two.GetAsync(ConsolePath.Timeline, ConsoleJson.Default.ImmutableArrayModuleTimeline);
        Assert.Equal((AgentPair.Module, true), (Assert.Single(all).Module, all[0].Missing.IsEmpty));
        Assert.Equal(["n1", "n2"], all[0].Entries.Select(entry => entry.Node).Distinct().Order());
        Assert.Contains(all[0].Entries, entry => entry is { Node: "n1", State: "PRIM", Phase: "Transient", Cause: { } cause } && cause.StartsWith("Action swap called by", StringComparison.Ordinal));
        Assert.Contains(all[0].Entries, entry => entry is { Node: "n2", State: "SECOND", Phase: "Ready", Cause: not null });
        var last = Assert.Single(await pair.One.GetAsync(ConsolePath.Timeline + "?limit=1&node=own", ConsoleJson.Default.ImmutableArrayModuleTimeline));
        Assert.NotEmpty(last.Entries);
        Assert.All(last.Entries, entry => Assert.Equal("n1", entry.Node));

        // Both outlive the agent; a node that is gone is named.
        await pair.Two.KillAsync();
        await pair.One.EndAsync();
        await pair.One.StartAsync();
        var later = await pair.One.GetAsync(ApiPath.Module(AgentPair.Module, "timeline"), ConsoleJson.Default.ModuleTimeline);
        Assert.Equal("n2", Assert.Single(later.Missing));
        Assert.Equal("n2", Assert.Single((await pair.One.GetAsync(ConsolePath.Timeline, ConsoleJson.Default.ImmutableArrayModuleTimeline))[0].Missing));
        Assert.Contains(later.Entries, entry => entry is { State: "SECOND", Phase: "Ready" });
        Assert.NotNull((await pair.One.StatusAsync(AgentPair.Module)).Decision);
    }

    private static async Task<string> BeginAsync(AgentProcess node, string path, HttpContent? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        using var answer = await node.RawAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync() + node.Story);
        return answer.Headers.Location!.OriginalString;
    }

    private static async Task<OperationStatus> EndAsync(AgentProcess node, string path)
    {
        OperationStatus? status = null;
        await Deadline.HoldsAsync($"{path} has ended", AgentProcess.Patience, async () =>
        {
            status = await node.GetAsync(path, ConsoleJson.Default.OperationStatus);
            return status.State != "running";
        }, () => JsonSerializer.Serialize(status, ConsoleJson.Default.OperationStatus) + node.Story);
        return status!;
    }
}
