using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

/// <summary>Two replicas, the real mounts, a real link: what is written on one is on both.</summary>
[Collection(MountsCollection.Name)]
public sealed class LinkedStorageTests
{
    [Theory]
    [InlineData(false, AckMode.Received)]
    [InlineData(true, AckMode.Applied)]
    public void Pair_RandomOperationsWhileLinked_AreEqual(bool encryption, AckMode ack)
    {
        using var pair = new StoragePair(encryption, configure: configuration => configuration with { Ack = ack });
        pair.Pair(ResyncPlan.Dirty);
        new RandomGuest(pair.Source.Folder, 11).Run(600);
        pair.ExpectEqual();
    }

    [Fact]
    public void Source_Alone_MarksWhatChangesAndResyncCopiesIt()
    {
        using var pair = new StoragePair();
        new RandomGuest(pair.Source.Folder, 21).Run(300);
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();
        StorageNode.Until(() => pair.Source.Storage.Status.MarkCount == 0, "no mark is left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Link_CutAtRandomMoments_DirtyResyncMakesEqual(int seed)
    {
        using var pair = new StoragePair(configure: configuration => configuration with { ResyncBandwidth = 40 << 20 });
        pair.Source.Offers = false; // an uncommitted link: service goes on by itself
        var random = new Random(seed);
        using var stop = new CancellationTokenSource();
        var guest = Task.Run(() =>
        {
            for (var round = 0; !stop.IsCancellationRequested; round++)
                new RandomGuest(pair.Source.Folder, seed * 1000 + round).Run(20);
        });
        for (var cut = 0; cut < 6; cut++)
        {
            pair.Connect(ResyncPlan.Dirty);
            Thread.Sleep(random.Next(400)); // the moment is what is random here: nothing is waited for
            pair.Cut();
        }
        stop.Cancel();
        StorageNode.Finish(guest);
        pair.Source.Offers = true;
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();
    }

    [Fact]
    public void Resync_GuestKeepsWriting_EndsAndIsEqual()
    {
        using var pair = new StoragePair(prepareSource: folder => Fill(folder, "disk.img", 48 << 20, 5));
        pair.Source.Offers = true;
        using var stop = new CancellationTokenSource();
        var guest = Task.Run(() =>
        {
            using var disk = new FileStream(pair.Source.At("disk.img"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            var random = new Random(6);
            var block = new byte[4096];
            var names = new RandomGuest(pair.Source.Folder, 7);
            for (var count = 0; !stop.IsCancellationRequested; count++)
            {
                random.NextBytes(block);
                disk.Seek(random.Next(48 << 8) * 4096L, SeekOrigin.Begin);
                disk.Write(block);
                if (count % 50 == 0)
                    names.Run(1);
            }
        });
        pair.Pair(ResyncPlan.CompareAll);
        stop.Cancel();
        StorageNode.Finish(guest);
        pair.ExpectEqual();
    }

    [Fact]
    public void CompareAll_FewBlocksDiffer_SendsOnlyThose()
    {
        using var pair = new StoragePair(
            prepareSource: folder => Fill(folder, "disk.img", 32 << 20, 5),
            prepareTarget: folder =>
            {
                Fill(folder, "disk.img", 32 << 20, 5);
                using var disk = new FileStream(Path.Combine(folder, "disk.img"), FileMode.Open);
                disk.Seek(17 << 20, SeekOrigin.Begin);
                disk.Write(new byte[100]);
            });
        pair.Source.Offers = false;
        var sent = 0UL;
        pair.Connect(ResyncPlan.CompareAll);
        StorageNode.Until(
            () =>
            {
                sent = Math.Max(sent, pair.Source.Storage.Status.Resync?.BytesSent ?? 0);
                return pair.Source.Happened.Any(what => what.StartsWith("resynced", StringComparison.Ordinal));
            },
            "the resync ends");
        Assert.InRange(sent, 0UL, 1UL << 20); // one block of comparison, of 32 MiB
        pair.ExpectEqual();
    }

    [Fact]
    public void Resync_UnderWay_IsSeenFromBothEnds()
    {
        using var pair = new StoragePair(
            prepareSource: folder => Fill(folder, "disk.img", 8 << 20, 5),
            configure: replication => replication with { ResyncBandwidth = 2 << 20 });
        pair.Connect(ResyncPlan.CopyAll);
        StorageNode.Until(
            () => pair.Target.Storage.TargetResync is { BytesDone: > 0, BytesPerSecond: > 0, SecondsLeft: not null, BytesTotal: >= 8 << 20 }
                && pair.Source.Storage.Status.Resync is { BytesPerSecond: > 0 },
            "both ends know how far the resync is");
        pair.Source.Expect($"paired {pair.Link}");
        Assert.Null(pair.Target.Storage.TargetResync);
        pair.ExpectEqual();
    }

    [Theory]
    [InlineData(ResyncPlan.CopyAll)]
    [InlineData(ResyncPlan.CompareAll)]
    public void FullSync_TargetHoldsSomethingElse_BecomesEqual(ResyncPlan plan)
    {
        using var pair = new StoragePair(
            prepareSource: folder =>
            {
                Fill(folder, "disk.img", 3 << 20, 5);
                Shell.Run("truncate -s 64M sparse; dd if=/dev/urandom of=sparse bs=4096 seek=5000 count=3 conv=notrunc status=none; mkdir -p x/y; echo hi > x/y/z; ln x/y/z x/hard; ln -s nowhere link", folder);
            },
            prepareTarget: folder => Shell.Run("mkdir disk.img; echo old > disk.img/old; dd if=/dev/urandom of=sparse bs=1M count=8 status=none; ln -s a x; echo gone > gone", folder));
        pair.Pair(plan);
        pair.ExpectEqual();
        Assert.Equal(Shell.Run("stat -c %.Y disk.img sparse x/y/z", pair.Source.Folder), Shell.Run("stat -c %.Y disk.img sparse x/y/z", pair.Target.Folder));
        var blocks = long.Parse(Shell.Run("stat -c %b sparse", pair.Target.Folder));
        Assert.InRange(blocks, 0, 1024); // the hole of 64 MiB is a hole over there too
    }

    [Fact]
    public void Target_FileHadToBeMade_KeepsAMarkOfItsOwnUntilItIsEqual()
    {
        using var pair = new StoragePair(prepareSource: folder => Fill(folder, "disk.img", 1 << 20, 5));
        pair.Source.Offers = false;
        // As after it was removed there while that node served alone: no mark anywhere speaks of it.
        pair.Connect(ResyncPlan.Dirty);
        pair.Source.Expect($"resynced {pair.Link}");
        pair.Cut();
        StorageNode.Until(() => pair.Target.Storage.Status.MarkCount == 1, "the target remembers what it has made");
        pair.Source.Offers = true;
        pair.Pair(ResyncPlan.Dirty);
        StorageNode.Until(() => pair.Target.Storage.Status.MarkCount == 0, "it is equal");
        pair.ExpectEqual();
    }

    [Theory]
    [InlineData(64 << 10, 8, 4 << 10)]
    [InlineData(4 << 20, 12, 256 << 10)] // one write takes longer than a round of the pump
    public void Resync_FileThatIsAlwaysUnderWrite_Ends(int bytes, int writers, int write)
    {
        using var pair = new StoragePair(prepareSource: folder => Fill(folder, "ring", bytes, 5));
        using var stop = new CancellationTokenSource();
        // Direct and side by side: there is no moment at which nothing of the file is under way.
        var guests = Enumerable.Range(0, writers).Select(number => Task.Factory.StartNew(() => Rewrite(number), TaskCreationOptions.LongRunning)).ToArray();
        pair.Pair(ResyncPlan.CopyAll);
        stop.Cancel();
        StorageNode.Finish(Task.WhenAll(guests));
        pair.ExpectEqual();

        unsafe void Rewrite(int number)
        {
            var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, pair.Source.At("ring"), OpenFlags.ReadWrite | OpenFlags.Direct, 0), "open");
            using var memory = new PageBlock(write);
            for (var count = 0; !stop.IsCancellationRequested; count++)
            {
                new Span<byte>(memory.Address, write).Fill((byte)count);
                Shim.Check(Shim.WriteAt(file, memory.Address, (ulong)write, (ulong)(((long)count * writers + number) * write % bytes)), "write");
            }
            _ = Shim.Close(file);
        }
    }

    [Fact]
    public void Excluded_Paths_StayLocal()
    {
        using var pair = new StoragePair(
            prepareSource: folder => Shell.Run("mkdir local; echo mine > local/a; echo both > b", folder),
            prepareTarget: folder => Shell.Run("mkdir local; echo theirs > local/a", folder), excluded: ["local"]);
        pair.Pair(ResyncPlan.CompareAll);
        File.WriteAllText(pair.Source.At("local/c"), "only here");
        File.WriteAllText(pair.Source.At("c"), "on both");
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.Equal("theirs\n", File.ReadAllText(pair.Target.At("local/a")));
        Assert.False(File.Exists(pair.Target.At("local/c")));
        Assert.Equal("on both", File.ReadAllText(pair.Target.At("c")));
    }

    [Fact]
    public void Marks_CleanRestart_AreKept()
    {
        using var pair = new StoragePair(prepareSource: folder => Fill(folder, "disk.img", 16 << 20, 5));
        pair.Pair(ResyncPlan.CopyAll);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        pair.Cut();
        pair.Source.Storage.Thaw();
        pair.Source.LetIn();
        using (var disk = new FileStream(pair.Source.At("disk.img"), FileMode.Open))
        {
            disk.Seek(5 << 20, SeekOrigin.Begin);
            disk.Write(new byte[8192]);
        }
        StorageNode.Until(() => pair.Source.Storage.Status.DirtyBytes == 8192, "two extents are dirty");
        pair.Source.Restart();
        Assert.Equal(1, pair.Source.Storage.Status.MarkCount);
        pair.Source.Serve();
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();
    }

    [Fact]
    public void Flush_WhilePaired_ReachesBothDisksBeforeItReturns()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        for (var count = 0; count < 20; count++)
        {
            using var file = new FileStream(pair.Source.At($"f{count}"), FileMode.Create);
            file.Write(new byte[10_000]);
            file.Flush(true);
            Assert.Equal(10_000, new FileInfo(pair.Target.At($"f{count}")).Length);
        }
        using var durable = new FileStream(pair.Source.At("durable"), FileMode.Create, FileAccess.Write, FileShare.Read, 0, FileOptions.WriteThrough);
        durable.Write(new byte[4096]);
        Assert.Equal(4096, new FileInfo(pair.Target.At("durable")).Length);
    }

    [Fact]
    public void Writes_InSteadyState_AllocateNothing()
    {
        const int count = 100_000;
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        using var file = new FileStream(pair.Source.At("disk.img"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 0);
        file.SetLength(64 << 20);
        var block = new byte[4096];
        Write(10_000);
        var before = GC.GetTotalAllocatedBytes(true);
        Write(count);
        var each = (GC.GetTotalAllocatedBytes(true) - before) / (double)count;
        // Both nodes run in this process, and the test beside them: what is left is once a second, not once a write.
        Assert.InRange(each, 0, 64);

        void Write(int writes)
        {
            for (var index = 0; index < writes; index++)
                RandomAccess.Write(file.SafeFileHandle, block, index * 7919L % (16 << 10) * 4096);
        }
    }

    internal static void Fill(string folder, string name, int bytes, int seed)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        File.WriteAllBytes(Path.Combine(folder, name), content);
    }
}
