using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>What <c>hamirror diff</c> knows, on two real agents.</summary>
[Collection(AgentsCollection.Name)]
public sealed class DiffTests
{
    private static readonly string Path = ApiPath.Module(AgentPair.Module, "diff");

    [Fact]
    public async Task Diff_WrittenAlone_TellsFilesAndBytesLinkedAloneAndStopped()
    {
        await using var pair = await AgentPair.CreateAsync();
        File.WriteAllBytes(AgentPair.Data(pair.One) + "/disk", new byte[8 << 20]);
        var first = await pair.One.GetAsync(Path, ApiJson.Default.ModuleDiff);
        Assert.True(first.ComparesAll);
        Assert.Equal((1, 0, "STOP"), (first.AllFiles, first.FileCount, first.State));

        await pair.StartAsync();
        var linked = await pair.One.GetAsync(Path, ApiJson.Default.ModuleDiff);
        Assert.Equal((false, 0, 0L), (linked.ComparesAll, linked.FileCount, linked.BytesToCompare));
        Assert.NotNull(linked.BytesPerSecond);

        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        await using (var disk = new FileStream(AgentPair.Data(pair.One) + "/disk", FileMode.Open))
        {
            disk.Seek(1 << 20, SeekOrigin.Begin);
            disk.Write(new byte[5000]);
        }

        File.WriteAllBytes(AgentPair.Data(pair.One) + "/new", new byte[10_000]);
        var alone = await pair.One.GetAsync(Path, ApiJson.Default.ModuleDiff);
        Expect(alone);
        Assert.NotNull(alone.SecondsNeeded);
        Assert.Contains(alone.Notes, note => note.Contains("the union is looked at", StringComparison.Ordinal));

        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady");
        Expect(await pair.One.GetAsync(Path, ApiJson.Default.ModuleDiff));
    }

    private static void Expect(ModuleDiff diff)
    {
        Assert.Equal((false, 2, 8192L, 1), (diff.ComparesAll, diff.FileCount, diff.ExtentBytes, diff.WholeFiles));
        Assert.Contains(diff.Files, file => file is { Whole: false, Bytes: 8192 } && file.Path.EndsWith("/data-m1/disk", StringComparison.Ordinal));
        Assert.Contains(diff.Files, file => file.Whole && file.Path.EndsWith("/new", StringComparison.Ordinal));
    }
}
