using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A disk that could not write what the page cache held: the kernel takes it for written, and says so once.</summary>
[Collection(MountsCollection.Name)]
public sealed class FailedFlushTests
{
    private const int FileBytes = 1 << 20;
    private const int Attempts = 5;
    private const int WriteBytes = 100_000; // no whole blocks

    [Fact]
    public void Target_WhoseDiskLostWhatItHadReceived_GetsItAgain()
    {
        using var disk = new ThinDisk();
        using var pair = new StoragePair(targetDisk: disk.Mounted);
        var content = LoseAtTheTarget(pair, disk);
        disk.Relieve();
        Assert.Contains("could not be made durable", pair.Target.Failures.First(), StringComparison.Ordinal);

        // The error is told to the whole disk's descriptor, too: one more link may end for it.
        var ended = new List<string>();
        while (!TryPair(pair, ended))
            Assert.True(ended.Count < Attempts, string.Join("; ", ended));
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        // What the disk has, and not what the kernel remembers.
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img")));
    }

    /// <summary>The machine was told, and an operator has decided: what is served is what the disk has.</summary>
    [Fact]
    public void Target_WhoseDiskLostWhatItHadReceived_ServesWhatItsDiskHasWhenItIsTold()
    {
        using var disk = new ThinDisk();
        using var pair = new StoragePair(targetDisk: disk.Mounted);
        LoseAtTheTarget(pair, disk);
        disk.Relieve();

        pair.Target.LetIn();

        var image = Path.Combine(pair.Target.Underlying, "disk.img");
        var served = File.ReadAllBytes(image);
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
        Assert.Equal(File.ReadAllBytes(image), served);
    }

    [Fact]
    public void Source_WhoseGuestSawAFailedFlush_SettlesNothingAnyMore()
    {
        using var disk = new ThinDisk();
        using var node = new StoragePair(sourceDisk: disk.Mounted);
        node.Source.Detaches = false;
        var path = node.Source.At("disk.img");
        using (var file = File.Create(path))
            file.SetLength(FileBytes);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
        {
            disk.Exhaust();
            file.Write(new byte[1000].AsSpan());
            file.Write(Enumerable.Repeat((byte)7, FileBytes / 2).ToArray());
            // Flush(true) of .NET 10 hides what fsync says.
            Assert.True(Shim.Sync((int)file.SafeFileHandle.DangerousGetHandle(), 0) < 0);
        }
        disk.Relieve();
        Assert.True(node.Source.Options.Proof.Failures > 0);
        // The next flush of everything succeeds, and must not let the areas go cold: they are marked after a crash.
        _ = StorageNode.Wait(node.Source.Storage.DrainAsync()); // may be told of the error once more
        node.Source.LetIn();
        Assert.Null(StorageNode.Wait(node.Source.Storage.DrainAsync()));
        Assert.Null(StorageNode.Wait(node.Source.Storage.UnmountAsync()));
        var marks = new MarkSet();
        Assert.Null(node.Source.NewStore().Load(marks));
        Assert.True(marks.Bytes >= FileBytes / 2, $"{marks.Bytes} bytes are marked");
    }

    /// <summary>All handles of a file share a descriptor beneath, which is told of a loss once.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Guests_OfAFileThatLostWhatBothHadWritten_AreBothTold(bool durable)
    {
        using var disk = new ThinDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        pair.Source.Detaches = false;
        var path = pair.Source.At("disk.img");
        using (var file = File.Create(path))
            file.SetLength(FileBytes);
        var first = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite, 0), "open");
        var second = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite | (durable ? OpenFlags.DataSync : 0), 0), "open");
        disk.Exhaust();
        Assert.Equal(0, Write(first, 0));
        // A durable write is told of what the other one has written, too: its own sync took the error.
        var told = Write(second, FileBytes / 2);
        Assert.Equal(durable, told < 0);
        if (!durable)
            Assert.True(Shim.Sync(second, 0) < 0);
        Assert.True(Shim.Sync(first, 0) < 0);
        disk.Relieve();

        // Each of them once, and nobody who came later.
        var third = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite, 0), "open");
        Assert.Equal(0, Shim.Sync(third, 0));
        foreach (var descriptor in new[] { first, second, third })
            _ = Shim.Close(descriptor);
    }

    /// <returns>0 or -errno.</returns>
    private static unsafe int Write(int descriptor, ulong offset)
    {
        using var room = new PageBlock(WriteBytes);
        new Span<byte>(room.Address, WriteBytes).Fill(7);
        return (int)Math.Min(0, Shim.WriteAt(descriptor, room.Address, WriteBytes, offset));
    }

    /// <summary>Nobody knows what an agent that died had met: what its successor reads must come from the disk.</summary>
    [Fact]
    public void Mount_AfterAnAgentThatDied_TakesItThatAFlushHadFailed()
    {
        using var node = new StorageNode("died");
        var marks = new MarkSet();
        Assert.Null(node.NewStore().Load(marks));
        using (node.NewStore().Open(marks, node.Options.Replication.HotAreas)) { } // a log that nobody closes
        var options = new MirrorStorageOptions("died", node.Options.Replication, node.NewStore(), NullLogger.Instance) { Preimages = node.Preimages };
        using var storage = new MirrorStorage(options, node);
        Assert.Null(storage.MarksUnknown);
        for (var time = 0; time < 2; time++)
        {
            Assert.Null(StorageNode.Wait(storage.MountAsync()));
            Assert.Equal(1, options.Proof.Failures);
            Assert.Null(StorageNode.Wait(storage.UnmountAsync()));
        }
    }

    /// <summary>The target's disk refuses what it has received, and the link ends.</summary>
    /// <returns>What the source has.</returns>
    private static byte[] LoseAtTheTarget(StoragePair pair, ThinDisk disk)
    {
        var path = pair.Source.At("disk.img");
        using (var file = File.Create(path))
            file.SetLength(FileBytes);
        pair.Pair(ResyncPlan.Dirty);
        disk.Exhaust();
        var content = new byte[FileBytes];
        new Random(5).NextBytes(content);
        // Beside the rest: a barrier may find the disk out before all is written, and then writes wait for the thaw.
        var writing = Task.Run(() =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            for (var at = 0; at < FileBytes; at += 1000)
                file.Write(content, at, Math.Min(1000, FileBytes - at)); // no whole blocks: through the page cache there
        });
        StorageNode.Until(() => !pair.Target.Failures.IsEmpty, "the target's flush fails");
        pair.Source.Expect("down");
        pair.Source.Storage.Thaw();
        StorageNode.Finish(writing);
        return content;
    }

    private static bool TryPair(StoragePair pair, List<string> ended)
    {
        pair.Connect(ResyncPlan.Dirty);
        while (true)
        {
            var next = pair.Source.Expect("");
            if (next.StartsWith($"paired {pair.Link}", StringComparison.Ordinal))
                return true;
            if (!next.StartsWith($"down {pair.Link}", StringComparison.Ordinal))
                continue;
            ended.Add(next);
            return false;
        }
    }
}
