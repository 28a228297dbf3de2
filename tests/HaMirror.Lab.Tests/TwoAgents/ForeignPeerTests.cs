using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A peer that answers and is not one: status must name the reason, or the operator mends a network that is whole.</summary>
[Collection(AgentsCollection.Name)]
public sealed class ForeignPeerTests
{
    [Fact]
    public async Task Peer_OfAnotherCluster_IsNamedByTheStatusOfBothNodesUntilItHasJoined()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.Two.PostAsync(ApiPath.ClusterInit, new ClusterInitRequest("n2", pair.Two.Address, "n1", pair.One.Address, [], true),
            ApiJson.Default.ClusterInitRequest, ApiJson.Default.JoinToken);
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await pair.Two.StartModuleAsync(AgentPair.Module);
        foreach (var node in new[] { pair.One, pair.Two })
            await Deadline.HoldsAsync($"the status of {node.Name} names the other cluster", AgentProcess.Patience,
                async () => (await node.StatusAsync())!.Lans.All(lan => lan.Refusal is { } why && why.Contains("another cluster", StringComparison.Ordinal)),
                () => pair.Story);
        await pair.ExpectAsync("ALONE Ready", "WAIT NotReady");
        await File.WriteAllTextAsync(AgentPair.Data(pair.One) + "/kept", "written beside a foreign peer");

        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.Two, "STOP NotReady");
        var token = await pair.One.PostAsync(ApiPath.ClusterToken, new ActionRequest(null, null),
            ApiJson.Default.ActionRequest, ApiJson.Default.JoinToken);
        await pair.Two.PostAsync(ApiPath.ClusterJoin, new ClusterJoinRequest(token.Token, true),
            ApiJson.Default.ClusterJoinRequest, ApiJson.Default.ClusterStatus);
        await pair.Two.StartModuleAsync(AgentPair.Module);
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        Assert.All((await pair.Two.StatusAsync())!.Lans, lan => Assert.Null(lan.Refusal));
        Assert.Equal("written beside a foreign peer", await File.ReadAllTextAsync(AgentPair.Data(pair.Two) + "/kept"));
    }
}
