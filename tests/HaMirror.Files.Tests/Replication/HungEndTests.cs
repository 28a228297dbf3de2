using System.Diagnostics;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A disk hangs when the module is to end: nobody waits for it for ever, and nothing is mounted over what it keeps.</summary>
[Collection(MountsCollection.Name)]
public sealed class HungEndTests
{
    private const int BlockBytes = 4096;
    private const int BlockCount = 64;

    private static readonly TimeSpan CheckTime = TimeSpan.FromSeconds(2);

    /// <summary>Of an answer that takes checktime, on a busy machine.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unmount_WhileAWriteHangs_IsAnsweredAndHoldsThePlaceUntilTheDiskAnswers(bool standby)
    {
        using var disk = new FaultyDisk(canHang: true);
        using var pair = Pair(sourceDisk: disk.Mounted);
        pair.Source.Detaches = standby;
        using (var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount))
        {
            if (standby)
                pair.Pair(ResyncPlan.Dirty);
            guest.WriteAll(1);
            guest.Flush();
            disk.Hang();
            try
            {
                var written = Task.Run(() => guest.TryWrite(3, 2));
                Assert.Equal(standby ? 0 : Errno.EIO, StorageNode.Wait(written));
                ExpectHeld(pair.Source, Unmounted(pair.Source));
            }
            finally
            {
                disk.Resume();
            }
        }
        ExpectReleased(pair.Source);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.UnmountAsync()));
        // Whatever became of the write: it may differ, and that is known.
        var marks = new MarkSet();
        Assert.Null(pair.Source.NewStore().Load(marks));
        Assert.True(standby || marks.Bytes >= BlockBytes, $"{marks.Bytes} bytes are marked");
    }

    [Fact]
    public void Unmount_WhileTheDataPathItselfHangs_IsAnsweredLikeEverythingElse()
    {
        using var disk = new FaultyDisk(canHang: true);
        Directory.CreateDirectory(disk.Mounted + "/node/vm/deep");
        File.WriteAllText(disk.Mounted + "/node/vm/deep/known", "content");
        disk.Repair(); // nothing of it is in memory from now on
        using var pair = Pair(sourceDisk: disk.Mounted);
        disk.Hang();
        Task looked;
        try
        {
            looked = Task.Run(() => File.Exists(pair.Source.At("deep/known")));
            StorageNode.Until(() => Environment.TickCount64 - pair.Source.Storage.PumpHeartbeat > 1000, "the data path is stuck");
            var failure = Assert.IsType<IOException>(Record(pair.Source.Storage.LookAsync()));
            Assert.Contains("has not answered", failure.Message, StringComparison.Ordinal);
            Assert.Contains("has not answered", StorageNode.Wait(pair.Source.Storage.VerifyAsync(repairs: false)), StringComparison.Ordinal);
            Assert.Contains("has not answered", StorageNode.Wait(pair.Source.Storage.DrainAsync()), StringComparison.Ordinal);
            ExpectHeld(pair.Source, Unmounted(pair.Source));
            Assert.IsType<IOException>(Record(pair.Source.Storage.LookAsync()));
        }
        finally
        {
            disk.Resume();
        }
        StorageNode.Finish(looked);
        ExpectReleased(pair.Source);
        Assert.Equal("content", File.ReadAllText(pair.Source.At("deep/known")));
    }

    [Fact]
    public void Unmount_WhileTheMarksCannotBeWritten_IsAnsweredAndSavesThemLater()
    {
        using var disk = new FaultyDisk(canHang: true);
        using var node = new StorageNode("marks", configure: Short, stateDisk: disk.Mounted);
        node.Serve();
        File.WriteAllText(node.At("file"), "content");
        disk.Hang();
        try
        {
            var sentence = Unmounted(node);
            Assert.Contains("marks is being written", sentence, StringComparison.Ordinal);
            ExpectHeld(node, sentence);
        }
        finally
        {
            disk.Resume();
        }
        StorageNode.Until(() => node.Storage.Held is null, "the disk has let go");
        var store = node.NewStore();
        Assert.Null(store.Load(new MarkSet()));
        Assert.False(store.HasCrashed);
        Assert.Contains(node.Said, said => said.Contains("can be started here again", StringComparison.Ordinal));
        ExpectReleased(node);
    }

    [Fact]
    public void Unmount_WhileATargetHangs_IsAnsweredAndTheSourceKeepsTheMarks()
    {
        using var disk = new FaultyDisk(canHang: true);
        using var pair = Pair(targetDisk: disk.Mounted);
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        guest.Flush();
        disk.Hang();
        try
        {
            guest.Write(3, 2); // received over there
            StorageNode.Until(() => !pair.Target.Failures.IsEmpty, "the target's disk is missed");
            pair.Source.Expect("down");
            pair.Source.Storage.Thaw();
            guest.Write(4, 2);
            ExpectHeld(pair.Target, Unmounted(pair.Target));
        }
        finally
        {
            disk.Resume();
        }
        ExpectReleased(pair.Target);
        pair.Pair(ResyncPlan.Dirty);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.Equal(guest.Content(BlockCount), File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img")));
    }

    [Fact]
    public void Drain_WhileTheDiskHangsWithoutAStandby_Ends()
    {
        using var disk = new FaultyDisk(canHang: true);
        using var pair = Pair(sourceDisk: disk.Mounted);
        pair.Source.Detaches = false;
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: false, BlockCount);
        guest.WriteAll(1);
        disk.Hang();
        try
        {
            Assert.Contains("has not been flushed", StorageNode.Wait(pair.Source.Storage.DrainAsync()), StringComparison.Ordinal);
            var began = Stopwatch.GetTimestamp();
            _ = StorageNode.Wait(pair.Source.Storage.UnmountAsync(force: true)); // nothing of the disk's is needed for that
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Enough);
        }
        finally
        {
            disk.Resume();
        }
        ExpectReleased(pair.Source);
    }

    private static StoragePair Pair(string? sourceDisk = null, string? targetDisk = null) =>
        new(configure: Short, sourceDisk: sourceDisk, targetDisk: targetDisk);

    private static Core.Configuration.ReplicationConfiguration Short(Core.Configuration.ReplicationConfiguration configuration) =>
        configuration with { CheckTime = CheckTime, LockTimeout = TimeSpan.FromSeconds(5) };

    /// <summary>Unmounts by force, in time.</summary>
    private static string Unmounted(StorageNode node)
    {
        var began = Stopwatch.GetTimestamp();
        var sentence = StorageNode.Wait(node.Storage.UnmountAsync(force: true));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Enough);
        Assert.NotNull(sentence);
        Assert.NotEqual(1, Shim.MountKind(node.Folder));
        return sentence;
    }

    /// <summary>Neither this storage nor another one mounts there.</summary>
    private static void ExpectHeld(StorageNode node, string sentence)
    {
        Assert.Contains("has not let go of it", sentence, StringComparison.Ordinal);
        Assert.Contains("this host must be restarted", sentence, StringComparison.Ordinal);
        using var other = new MirrorStorage(new MirrorStorageOptions("other", node.Options.Replication, new Io.IntentLog.IntentStore(
            Path.GetTempPath() + "/hamirror-no-marks", Path.GetTempPath() + "/hamirror-no-log"), node.Options.Log), node);
        foreach (var storage in new[] { node.Storage, other })
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Contains("has not let go of it", StorageNode.Wait(storage.MountAsync()), StringComparison.Ordinal);
            Assert.NotNull(StorageNode.Wait(storage.UnmountAsync())); // what follows a mount that is refused
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Enough);
        }
        Assert.NotEqual(1, Shim.MountKind(node.Folder));
    }

    private static void ExpectReleased(StorageNode node)
    {
        StorageNode.Until(() => node.Storage.Held is null, "the disk has let go");
        Assert.Null(StorageNode.Wait(node.Storage.MountAsync()));
        Assert.Equal(1, Shim.MountKind(node.Folder));
    }

    private static Exception? Record(Task task)
    {
        Assert.True(SpinWait.SpinUntil(() => task.IsCompleted, Enough), "It never ended.");
        return task.Exception?.InnerException;
    }
}
