using HaMirror.Core.Api;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The disk under /var/lib/hamirror of one of two real agents breaks or fills up, under load: records, marks and the intent
/// log lie there.</summary>
[Collection(AgentsCollection.Name)]
public sealed class StateDiskTests
{
    /// <summary>Of more areas than are hot at once: each is cold again when its turn comes.</summary>
    private const long ImageBytes = 16L << 30;

    [Fact]
    public async Task PrimarysStateDisk_Breaks_IsServedThroughThePeerUntilASwapAndAttach()
    {
        using var disk = new FaultyDisk();
        await using var pair = await AgentPair.CreateAsync(stateOfOne: disk);
        await pair.StartAsync();
        using (var load = new ColdLoad(AgentPair.Data(pair.One) + "/disk.img", ImageBytes))
        {
            await load.GoesOnAsync(64);
            disk.Break();
            await ExpectDetachedAsync(pair, load);
            await load.GoesOnAsync(64);
            load.End();
        }

        await SwapAndAttachAsync(pair, disk.Repair);
    }

    [Fact]
    public async Task PrimarysStateDisk_IsFull_GoesOnWhileTheLogHasRoomAndThenThroughThePeer()
    {
        using var disk = new FaultyDisk();
        await using var pair = await AgentPair.CreateAsync(stateOfOne: disk);
        await pair.StartAsync();
        var filler = disk.Mounted + "/filler";
        using (var load = new ColdLoad(AgentPair.Data(pair.One) + "/disk.img", ImageBytes))
        {
            await load.GoesOnAsync(16);
            Fill(filler);
            await load.GoesOnAsync(256);
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            await ExpectDetachedAsync(pair, load);
            await load.GoesOnAsync(64);
            load.End();
        }

        Assert.Contains("No space left", (await pair.One.StatusAsync(AgentPair.Module)).Reason, StringComparison.Ordinal);
        await SwapAndAttachAsync(pair, () => File.Delete(filler));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StandbysStateDisk_BreaksOrIsFull_KeepsThePrimaryServingAndComesBackOnceMended(bool full)
    {
        using var disk = new FaultyDisk();
        await using var pair = await AgentPair.CreateAsync(stateOfTwo: disk);
        await pair.StartAsync();
        var filler = disk.Mounted + "/filler";
        using (var load = new ColdLoad(AgentPair.Data(pair.One) + "/disk.img", ImageBytes))
        {
            await load.GoesOnAsync(16);
            if (full) Fill(filler);
            else disk.Break();
            await load.GoesOnAsync(64);
            // What a standby has to record it cannot: it says so and what helps.
            await pair.Two.ActAsync(AgentPair.Module, "stopstart");
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            await Deadline.HoldsAsync("the standby says what is wrong", AgentProcess.Patience, async () =>
            {
                var status = await pair.Two.StatusAsync(AgentPair.Module);
                return status.State is "WAIT" or "STOP" && $"{status.Reason} {string.Join(' ', status.Notes)}".Contains("could not be written", StringComparison.Ordinal)
                    && status.Reason!.Contains(full ? "No space left" : "nput/output error", StringComparison.Ordinal);
            }, () => pair.Story);
            await load.GoesOnAsync(64);

            if ((await pair.Two.StatusAsync(AgentPair.Module)).State != "STOP")
            {
                await pair.Two.ActAsync(AgentPair.Module, "stop");
                await pair.ExpectAsync(pair.Two, "STOP NotReady");
            }

            if (full) File.Delete(filler);
            else disk.Repair();
            await pair.Two.StartModuleAsync(AgentPair.Module);
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            load.End();
        }

        await StopAndCompareAsync(pair);
    }

    /// <summary>Everything goes through the peer, and the status says why and what to do.</summary>
    private static Task ExpectDetachedAsync(AgentPair pair, ColdLoad load) => Deadline.HoldsAsync("the disk is detached", AgentProcess.Patience * 2, async () =>
    {
        var status = await pair.One.StatusAsync(AgentPair.Module);
        var said = $"{status.Reason} {string.Join(' ', status.Notes)}";
        return status is { State: "PRIM", Phase: "Ready" } && said.Contains("intent log", StringComparison.Ordinal)
            && said.Contains("hamirror swap", StringComparison.Ordinal) && said.Contains("hamirror attach", StringComparison.Ordinal);
    }, () => $"{load}{Environment.NewLine}{pair.Story}");

    private static async Task SwapAndAttachAsync(AgentPair pair, Action mend)
    {
        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
        await File.WriteAllTextAsync(AgentPair.Data(pair.Two) + "/since", "written while the other one was mended");
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        mend();
        await pair.One.ActAsync(AgentPair.Module, "attach");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await StopAndCompareAsync(pair);
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

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
        var block = new byte[1 << 20];
        for (var bytes = block.Length; bytes >= 512; bytes /= 2)
            try
            {
                while (true) file.Write(block, 0, bytes);
            }
            catch (IOException)
            {
                continue; // Full for a block of this size.
            }
        try
        {
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            return; // As full as it can be.
        }
    }

    /// <summary>Writes one block after the other, each into a cold area, and flushes now and then.</summary>
    private sealed class ColdLoad : IDisposable
    {
        private const long AreaBytes = 4 << 20;
        private const int BlockBytes = 4096;
        private const int FlushEvery = 16;

        private readonly int _file;
        private readonly long _areas;
        private readonly Task _running;
        private volatile bool _ends;
        private long _written;

        public ColdLoad(string path, long bytes)
        {
            _file = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite | OpenFlags.Create, 0x1a4), "open");
            Shim.Check(Shim.Truncate(_file, (ulong)bytes), "truncate");
            _areas = bytes / AreaBytes;
            _running = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        /// <summary>Waits for so many further writes.</summary>
        public async Task GoesOnAsync(long writes)
        {
            var wanted = Volatile.Read(ref _written) + writes;
            await Deadline.HoldsAsync("the load goes on", AgentProcess.Patience, () =>
            {
                if (_running.IsFaulted) _running.GetAwaiter().GetResult();
                return Task.FromResult(Volatile.Read(ref _written) >= wanted);
            }, ToString);
        }

        public override string ToString() => $"{Volatile.Read(ref _written)} blocks are written";

        /// <summary>No error was met.</summary>
        public void End()
        {
            _ends = true;
            Assert.True(_running.Wait(AgentProcess.Patience));
        }

        public void Dispose()
        {
            _ends = true;
            _ = Task.WaitAny([_running], AgentProcess.Patience);
            _ = Shim.Close(_file);
        }

        private unsafe void Run()
        {
            using var block = new PageBlock(BlockBytes);
            for (long at = 0; !_ends; at++)
            {
                new Span<byte>(block.Address, BlockBytes).Fill((byte)(at % 251 + 1));
                // Round and round, each time another block of the area.
                var offset = at % _areas * AreaBytes + at / _areas * BlockBytes;
                Shim.Check(Shim.WriteAt(_file, block.Address, BlockBytes, (ulong)offset), $"write block {at}");
                if (at % FlushEvery == 0) Shim.Check(Shim.Sync(_file, 0), $"flush after block {at}");
                Volatile.Write(ref _written, at + 1);
            }
        }
    }
}
