using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The source dies for good while a resync is half-way: the target can go back.</summary>
[Collection(AgentsCollection.Name)]
public sealed class UndoTests
{
    [Fact]
    public async Task Target_LeftHalfResynced_SaysWhatIsLostAndGoesBack()
    {
        await using var pair = await AgentPair.CreateAsync(replicationAttributes: "reiallowedbw=\"4000\"");
        var (one, two) = (AgentPair.Data(pair.One), AgentPair.Data(pair.Two));
        var old = new byte[64 << 20];
        new Random(1).NextBytes(old);
        File.WriteAllBytes(one + "/disk", old[..(1 << 20)]);
        File.WriteAllText(one + "/kept", "as both had it");
        await pair.StartAsync();
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        File.WriteAllBytes(one + "/disk", old);
        File.WriteAllText(one + "/kept", "as the first node left it");
        File.WriteAllText(one + "/new", "of the first node only");

        await pair.Two.StartModuleAsync(AgentPair.Module);
        await Deadline.HoldsAsync("the resync is half-way", AgentProcess.Patience, async () =>
            (await pair.Two.StatusAsync(AgentPair.Module)) is { Condition: "Inconsistent", Resync.BytesCopied: > 1 << 20 }, () => pair.Story);
        await pair.One.KillAsync();
        await Deadline.HoldsAsync("the dead source is silent", AgentProcess.Patience, async () =>
            (await pair.Two.StatusAsync(AgentPair.Module)) is { State: "WAIT", Phase: "NotReady", PeerHeard: false }, () => pair.Story);

        var path = ApiPath.Module(AgentPair.Module, "start");
        var refusal = await pair.Two.RefusedAsync(path, new StartRequest("primary", false, "test@lab", null), ApiJson.Default.StartRequest);
        Assert.Contains("half-way through a resync from n1", refusal.Title, StringComparison.Ordinal);
        Assert.Contains("is lost here", refusal.Title, StringComparison.Ordinal);
        Assert.Contains("--as-primary --undo", refusal.Detail, StringComparison.Ordinal);

        await pair.Two.PostAsync(path, new StartRequest("primary", false, "test@lab", null) { Undo = true },
            ApiJson.Default.StartRequest, ApiJson.Default.ActionAccepted);
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        Assert.Equal(old[..(1 << 20)], File.ReadAllBytes(two + "/disk"));
        Assert.Equal("as both had it", File.ReadAllText(two + "/kept"));
        Assert.Equal(["disk", "kept"], Directory.GetFileSystemEntries(two).Select(Path.GetFileName).Order());
        await Deadline.HoldsAsync("the undo record is gone", AgentProcess.Patience,
            () => Task.FromResult(!Directory.Exists($"{pair.Two.Root}/var/lib/hamirror/{AgentPair.Module}/undo")), () => pair.Story);

        // There is nothing to undo any more, and the module says so.
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.Two, "STOP NotReady");
        var nothing = await pair.Two.RefusedAsync(path, new StartRequest("primary", false, "test@lab", null) { Undo = true }, ApiJson.Default.StartRequest);
        Assert.Contains("There is no resync to undo", nothing.Title, StringComparison.Ordinal);
    }
}
