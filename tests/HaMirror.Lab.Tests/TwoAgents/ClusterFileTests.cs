using System.Net;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The cluster's LANs over the API.</summary>
[Collection(AgentsCollection.Name)]
public sealed class ClusterFileTests
{
    [Fact]
    public async Task SecondLan_IsSetOnBothNodesAndCarriesHeartbeats()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var file = await pair.One.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile);
        var net = pair.One.Address[..pair.One.Address.LastIndexOf('.')];
        var second = new ClusterLan("second", [new ClusterNode("n1", net + ".101", null), new ClusterNode("n2", net + ".102", null)]);
        var wanted = file with { Lans = file.Lans.Add(second) };

        await pair.StartAsync();
        var refused = await PutAsync(pair.One, wanted, file.Version);
        Assert.True(refused.Status == HttpStatusCode.Conflict && refused.Text.Contains("only while all modules are stopped"), refused.Text);
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady");

        foreach (var wrong in new[]
        {
            wanted with { Lans = wanted.Lans.Add(second) }, wanted with { Lans = [] }, wanted with { Lans = [second with { Name = "\"/><x" }] },
            wanted with { Lans = wanted.Lans.SetItem(1, second with { Nodes = [new ClusterNode("n1", "192.0.2.77", null), second.Nodes[1]] }) },
            wanted with { Lans = wanted.Lans.SetItem(1, second with { Nodes = [second.Nodes[0], new ClusterNode("n2", "192.0.2.77", null)] }) },
            wanted with { Lans = wanted.Lans.SetItem(1, second with { Nodes = [second.Nodes[0], new ClusterNode("n3", net + ".102", null)] }) },
        })
        {
            var answer = await PutAsync(pair.One, wrong, file.Version);
            Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.Conflict, JsonSerializer.Serialize(wrong, ConsoleJson.Default.ClusterFile) + answer.Text);
        }

        Assert.Equal(file.Version, (await pair.Two.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Version);
        var put = await PutAsync(pair.One, wanted, file.Version);
        Assert.True(put.Status == HttpStatusCode.OK && JsonSerializer.Deserialize(put.Text, ConsoleJson.Default.ClusterApplied)!.Finished, put.Text + pair.Story);
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await Deadline.HoldsAsync($"{node.Name} hears its peer on both LANs", AgentProcess.Patience, async () =>
                (await node.StatusAsync())!.Lans is { Length: 2 } lans && lans.All(lan => lan is { Lost: false, SilentMilliseconds: not null }), () => pair.Story);
        }

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(pair.Two, file, file.Version)).Status);
        await pair.StartAsync();
    }

    [Fact]
    public async Task Witness_SetWhileAModuleRuns_IsAskedByBothNodesAtOnce()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        var file = await pair.One.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile);
        Assert.Empty(file.Witnesses);
        Assert.True(await pair.One.GetAsync(ConsolePath.ClusterWitness, ConsoleJson.Default.WitnessStatus) is { Witnesses.IsEmpty: true, Modules: [{ Module: AgentPair.Module, Witnesses.IsEmpty: true, OwnSetting: false }] });
        var nothing = await pair.One.RefusedAsync(ConsolePath.ClusterWitnessTest, new ActionRequest(null, null), ApiJson.Default.ActionRequest);
        Assert.Equal("The cluster has no witness.", nothing.Title);

        foreach (var wrong in new[] { pair.Two.Address, "10.1", "a b" })
        {
            var refused = await PutAsync(pair.One, file with { Witnesses = [wrong] }, file.Version);
            Assert.True(refused.Status == HttpStatusCode.UnprocessableEntity, wrong + ": " + refused.Text);
        }

        var answering = pair.One.Address[..pair.One.Address.LastIndexOf('.')] + ".254";
        var put = await PutAsync(pair.One, file with { Witnesses = [answering] }, file.Version);
        Assert.True(put.Status == HttpStatusCode.OK && JsonSerializer.Deserialize(put.Text, ConsoleJson.Default.ClusterApplied)!.Finished, put.Text + pair.Story);
        await ExpectAskedAsync(pair, answering, reachable: true);
        foreach (var node in new[] { pair.One, pair.Two })
            await Deadline.HoldsAsync($"{node.Name} watches the witness", AgentProcess.Patience, async () => (await node.StatusAsync(AgentPair.Module)).Resources.Any(one => one is { Name: "splitbrain.witness", State: "up" }), () => pair.Story);

        // Left out of a body it stays; what both nodes know is in their files.
        var present = await pair.Two.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile);
        Assert.Equal([answering], present.Witnesses.AsEnumerable());
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        put = await PutAsync(pair.Two, present with { Witnesses = ["192.0.2.77"] }, present.Version);
        Assert.True(put.Status == HttpStatusCode.OK, put.Text + pair.Story);
        await ExpectAskedAsync(pair, "192.0.2.77", reachable: false);

        // It decides: a primary whose peer and witness are silent stops its service and waits.
        await pair.Two.KillAsync();
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
        Assert.Contains("Neither the peer nor the witness can be reached.", pair.One.Story);
        await pair.Two.StartAsync();
        Assert.Equal(["192.0.2.77"], (await pair.Two.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Witnesses.AsEnumerable());
    }

    private static async Task ExpectAskedAsync(AgentPair pair, string witness, bool reachable)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            var status = await node.GetAsync(ConsolePath.ClusterWitness, ConsoleJson.Default.WitnessStatus);
            Assert.Equal([witness], Assert.Single(status.Modules).Witnesses.AsEnumerable());
            var test = await node.PostAsync(ConsolePath.ClusterWitnessTest, new ActionRequest(null, null), ApiJson.Default.ActionRequest, ConsoleJson.Default.WitnessTest);
            Assert.Equal((node.Name, reachable, reachable), (test.Node, test.Reachable, Assert.Single(test.Witnesses).Answers));
            Assert.Contains(reachable ? "would go on alone" : "would wait", test.Text);
        }
    }

    [Fact]
    public async Task Address_IsLookedAtAsItIsTyped()
    {
        await using var pair = await AgentPair.CreateAsync();
        async Task<AddressCheck> Look(string address, string kind) => await pair.One.PostAsync(
            ConsolePath.ClusterCheck, new AddressCheckRequest(address, kind), ConsoleJson.Default.AddressCheckRequest, ConsoleJson.Default.AddressCheck);
        Assert.True(await Look(pair.One.Address, "own") is { Valid: true });
        Assert.True(await Look("192.0.2.77", "own") is { Valid: false } foreign && foreign.Text.Contains("does not have the address"));
        Assert.True(await Look(pair.One.Address, "peer") is { Valid: false } self && self.Text.Contains("of this node itself"));
        Assert.True(await Look("10.1", "peer") is { Valid: false } half && half.Text.Contains("four numbers"));
        Assert.True(await Look("a b; reboot", "witness") is { Valid: false });
        Assert.True(await Look("nobody.invalid", "peer") is { Valid: false } name && name.Text.Contains("cannot be resolved"));
        Assert.True(await Look("192.0.2.77", "witness") is { Valid: true, Answers: false });
        await pair.One.RefusedAsync(ConsolePath.ClusterCheck, new AddressCheckRequest("127.0.0.1", "x"), ConsoleJson.Default.AddressCheckRequest);
    }

    private static Task<(HttpStatusCode Status, string Text)> PutAsync(AgentProcess node, ClusterFile file, string? version) =>
        node.SendAsync(HttpMethod.Put, ConsolePath.ClusterConfiguration, file, ConsoleJson.Default.ClusterFile, version);
}
