using HaMirror.Core.Api;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The disk of one of two real agents hangs, and its module, or the agent, is to end.</summary>
[Collection(AgentsCollection.Name)]
public sealed class HungStopTests
{
    private const string Times = "checktime=\"3s\" checkintv=\"1s\"";

    [Fact]
    public async Task PrimaryDisk_Hangs_StopsInTimeAndIsNotUsedAgainBeforeItHasAnswered()
    {
        using var disk = new FaultyDisk(canHang: true);
        await using var pair = await AgentPair.CreateAsync(diskOfOne: disk, replicationAttributes: Times);
        await pair.StartAsync();
        using (var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1))
        {
            Append(file, "before");
            disk.Hang();
            await Task.Run(() => Append(file, "during")).WaitAsync(AgentProcess.Patience); // through the peer
        }

        var one = pair.One.Id;
        try
        {
            await ExpectStoppedButHeldAsync(pair, pair.One);
            await pair.ExpectAsync(pair.Two, "ALONE Ready");
            Assert.Equal("before during ", File.ReadAllText(AgentPair.Data(pair.Two) + "/disk.img"));

            // Nor by the next agent: what this one was writing may still land.
            await pair.One.SignalAsync("TERM");
            await Deadline.HoldsAsync("the API has ended", AgentProcess.Patience, () => Task.FromResult(!File.Exists(pair.One.Root + ApiPath.Socket)), () => pair.Story);
            Assert.True(Directory.Exists($"/proc/{one}"));
            await using var next = new AgentProcess(pair.One.Root, pair.One.Name, pair.One.Address);
            await Assert.ThrowsAnyAsync<Exception>(() => next.StartAsync());
            Assert.Contains("an earlier hamirrord holds", next.Story, StringComparison.Ordinal);
        }
        finally
        {
            disk.Resume();
        }

        await pair.One.DiesAsync();
        await pair.One.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "attach");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await StopAndCompareAsync(pair);
    }

    [Fact]
    public async Task StandbyDisk_Hangs_StopsInTimeAndComesBackOnceItHasAnswered()
    {
        using var disk = new FaultyDisk(canHang: true);
        await using var pair = await AgentPair.CreateAsync(diskOfTwo: disk, replicationAttributes: Times);
        await pair.StartAsync();
        using (var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1))
        {
            Append(file, "before");
            disk.Hang();
            try
            {
                await Task.Run(() => Append(file, "during")).WaitAsync(AgentProcess.Patience);
                await pair.ExpectAsync(pair.One, "ALONE Ready");
                await ExpectStoppedButHeldAsync(pair, pair.Two);
                Append(file, "meanwhile");
            }
            finally
            {
                disk.Resume();
            }

            await Deadline.HoldsAsync("the disk has let go", AgentProcess.Patience,
                () => Task.FromResult(pair.Story.Contains("it can be started here again", StringComparison.Ordinal)), () => pair.Story);
            await pair.Two.StartModuleAsync(AgentPair.Module);
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        }

        await StopAndCompareAsync(pair);
    }

    /// <summary>Stops within the tests' patience, says what is held, and refuses to start on that.</summary>
    private static async Task ExpectStoppedButHeldAsync(AgentPair pair, AgentProcess node)
    {
        await node.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(node, "STOP NotReady");
        var reason = (await node.StatusAsync(AgentPair.Module)).Reason;
        Assert.Contains("has not let go of it", reason, StringComparison.Ordinal);
        Assert.Contains("dmesg", reason, StringComparison.Ordinal);
        Assert.NotEqual(1, Shim.MountKind(AgentPair.Data(node)));

        await node.StartModuleAsync(AgentPair.Module);
        await Deadline.HoldsAsync("it is not mounted over what is held", AgentProcess.Patience, async () =>
            await node.StatusAsync(AgentPair.Module) is { State: "STOP", Reason: { } now } && now.Contains("It cannot be mounted here again", StringComparison.Ordinal),
            () => pair.Story);
        Assert.NotEqual(1, Shim.MountKind(AgentPair.Data(node)));
    }

    private static async Task StopAndCompareAsync(AgentPair pair)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await node.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync(node, "STOP NotReady");
        }

        pair.ExpectEqualReplicas();
    }

    private static void Append(FileStream file, string word)
    {
        file.Seek(0, SeekOrigin.End);
        file.Write(System.Text.Encoding.ASCII.GetBytes(word + " "));
        file.Flush(flushToDisk: true);
    }
}
