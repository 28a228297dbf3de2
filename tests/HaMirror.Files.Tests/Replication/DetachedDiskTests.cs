using System.Diagnostics;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

/// <summary>G7: the primary's disk breaks or hangs, and whoever uses the mount sees nothing of it.</summary>
[Collection(MountsCollection.Name)]
public sealed class DetachedDiskTests
{
    private const int BlockBytes = 4096;
    private const int BlockCount = 256;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Primary_DiskBreaksWithAStandby_ServesThroughItAndLosesNothing(bool direct, bool encryption)
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(encryption, sourceDisk: disk.Mounted);
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        guest.Flush();
        disk.Break();
        for (var round = 2; round < 6; round++)
        {
            guest.WriteAll(round);
            guest.Flush();
            guest.ExpectAll(round);
        }
        pair.Source.Expect($"detached {pair.Link}");
        Assert.Equal(BlockCount * BlockBytes, new FileInfo(pair.Source.At("disk.img")).Length);

        // Longer, shorter, and attributes: what is told is what the peer has.
        guest.Write(BlockCount + 3, 7);
        Assert.Equal((BlockCount + 4) * BlockBytes, guest.Length);
        guest.Expect(BlockCount + 3, 7);
        guest.SetLength(BlockBytes * 10);
        Assert.Equal(BlockBytes * 10, guest.Length);
        guest.Write(20, 9);
        guest.Flush();
        Assert.Equal(BlockBytes * 21, guest.Length);
        guest.Expect(20, 9);
        guest.Expect(15, 0);
        File.SetUnixFileMode(pair.Source.At("disk.img"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        var copy = File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img"));
        Assert.Equal(BlockBytes * 21, copy.Length);
        Assert.Equal(guest.Content(21), copy);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(pair.Target.Underlying, "disk.img")));
        Assert.Empty(pair.Source.Failures);
        Assert.Empty(pair.Target.Failures);
    }

    [Fact]
    public void Primary_DiskBreaksUnderManyWriters_AcknowledgesOnlyWhatThePeerHas()
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        var rounds = new int[8];
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, rounds.Length).Select(writer => Task.Factory.StartNew(() =>
        {
            // Each has blocks of its own, so the last round that was answered is what must be there.
            for (var round = 2; !stop.IsCancellationRequested; round++)
            {
                for (var block = writer; block < BlockCount; block += rounds.Length)
                {
                    guest.Write(block, round);
                    guest.Expect(block, round);
                }
                Volatile.Write(ref rounds[writer], round);
            }
        }, TaskCreationOptions.LongRunning)).ToArray();
        StorageNode.Until(() => rounds.All(round => round >= 3), "everybody writes");
        disk.Break();
        pair.Source.Expect($"detached {pair.Link}");
        var seen = rounds.Select(round => round + 3).ToArray();
        StorageNode.Until(() => rounds.Zip(seen).All(both => both.First >= both.Second), "everybody goes on");
        stop.Cancel();
        StorageNode.Finish(Task.WhenAll(writers));
        guest.Flush();
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.Equal(guest.Content(BlockCount), File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img")));
        Assert.Empty(pair.Target.Failures);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Primary_DiskHangsWithAStandby_IsNoticedWithinChecktimeAndServesThroughIt(int writers)
    {
        var checkTime = TimeSpan.FromSeconds(5);
        using var disk = new FaultyDisk(canHang: true);
        using var pair = new StoragePair(sourceDisk: disk.Mounted, configure: configuration => configuration with { CheckTime = checkTime });
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        guest.Flush();
        disk.Hang();
        try
        {
            var began = Stopwatch.GetTimestamp();
            var done = Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Factory.StartNew(() =>
            {
                for (var block = writer; block < BlockCount; block += writers)
                {
                    guest.Write(block, 2);
                    guest.Expect(block, 2);
                }
            }, TaskCreationOptions.LongRunning)));
            pair.Source.Expect($"detached {pair.Link}");
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, checkTime);
            StorageNode.Finish(done);
            guest.Flush();
            guest.ExpectAll(2);
        }
        finally
        {
            disk.Resume();
        }
        // What the disk says after all is taken for nothing.
        guest.WriteAll(3);
        guest.ExpectAll(3);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.Equal(guest.Content(BlockCount), File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img")));
        Assert.Empty(pair.Source.Failures);
    }

    [Fact]
    public void Primary_PeerLostWhileDetached_AnswersNothingAndThenErrors()
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        disk.Break();
        guest.WriteAll(2);
        pair.Source.Expect($"detached {pair.Link}");
        pair.Source.Storage.CutLink(pair.Link, "The test cuts the link.");
        pair.Source.Expect("down");
        var write = Task.Run(() => guest.TryWrite(3, 3));
        var read = Task.Run(() => guest.TryRead(3));
        StorageNode.Until(() => pair.Source.Storage.Status.ActiveRequests >= 2, "both wait");
        Assert.False(write.IsCompleted || read.IsCompleted);
        pair.Source.Storage.SetWritable(false); // what the machine's forced end does
        Assert.Equal(Errno.EIO, StorageNode.Wait(write));
        Assert.Equal(Errno.EIO, StorageNode.Wait(read));
    }

    [Fact]
    public void Primary_AloneOnABrokenDisk_PassesTheErrorOn()
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        pair.Source.Detaches = false;
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        guest.WriteAll(1);
        disk.Break();
        Assert.Equal(Errno.EIO, guest.TryWrite(3, 3));
        pair.Source.Expect("disk ");
        Assert.Empty(pair.Source.Failures);
    }

    [Theory]
    [InlineData("open")]
    [InlineData("truncate")]
    [InlineData("open and truncate")]
    [InlineData("allocate")]
    [InlineData("discard")]
    [InlineData("flush")]
    [InlineData("read")]
    public void Primary_WhateverMeetsTheFaultFirst_IsDoneThroughThePeer(string request)
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        var path = pair.Source.At("disk.img");
        using var guest = new BlockGuest(path, direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        File.WriteAllText(path + ".closed", "nobody has it open");
        var descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite, 0), "open");
        disk.Break();
        Assert.Equal(0, Do(request, path, descriptor));
        _ = Shim.Close(descriptor);
        pair.Source.Expect($"detached {pair.Link}");
        guest.Write(3, 9);
        guest.Flush();
        guest.Expect(3, 9);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        var there = new FileInfo(Path.Combine(pair.Target.Underlying, "disk.img")).Length;
        Assert.Equal(request switch { "truncate" => 10, "open and truncate" => 4, "allocate" => BlockCount + 2, _ => BlockCount }, there / BlockBytes);
        if (request == "discard")
            Assert.All(File.ReadAllBytes(Path.Combine(pair.Target.Underlying, "disk.img"))[(BlockBytes * 5)..(BlockBytes * 7)], value => Assert.Equal(0, value));
        Assert.Empty(pair.Source.Failures);
        Assert.Empty(pair.Target.Failures);
    }

    /// <summary>QEMU looks for holes all the time; behind the last data the answer is ENXIO, which a dead device gives, too.</summary>
    [Fact]
    public void Primary_SeekBehindTheLastData_IsNoFaultOfItsDisk()
    {
        const int seekData = 3;
        using var pair = new StoragePair();
        using (var file = File.Create(pair.Source.At("disk.img")))
            file.SetLength(1 << 20);
        pair.Pair(ResyncPlan.Dirty);
        using (var file = File.OpenHandle(pair.Source.At("disk.img"), FileMode.Open, FileAccess.ReadWrite))
            Assert.Equal(-Errno.ENXIO, Shim.Seek((int)file.DangerousGetHandle(), 0, seekData));
        File.WriteAllText(pair.Source.At("other"), "written after it");

        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.Equal("written after it", File.ReadAllText(Path.Combine(pair.Source.Underlying, "other"))); // not only the peer's
    }

    [Fact]
    public void Primary_AskedTwiceToDetachUnderReads_AsksEachReadOnce()
    {
        using var disk = new FaultyDisk();
        using var pair = new StoragePair(sourceDisk: disk.Mounted);
        using var guest = new BlockGuest(pair.Source.At("disk.img"), direct: true, BlockCount);
        pair.Pair(ResyncPlan.Dirty);
        guest.WriteAll(1);
        disk.Break();
        guest.Expect(0, 1);
        using var stop = new CancellationTokenSource();
        var readers = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            while (!stop.IsCancellationRequested)
                guest.ExpectAll(1);
        }, TaskCreationOptions.LongRunning)));
        for (var again = 0; again < 100; again++)
        {
            pair.Source.Storage.Detach(pair.Link);
            pair.Source.Expect($"detached {pair.Link}");
        }
        stop.Cancel();
        StorageNode.Finish(readers);
        Assert.Equal(pair.Link, pair.Source.Storage.Status.Link);
        guest.Write(1, 2);
        guest.Expect(1, 2);
    }

    /// <summary>One request.</summary>
    /// <returns>0 or a positive errno.</returns>
    private static unsafe int Do(string request, string path, int descriptor)
    {
        const int punchHole = 0x2 | 0x1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        using var room = new PageBlock(BlockBytes);
        var result = request switch
        {
            "open" => Open(path + ".closed", OpenFlags.ReadWrite),
            "open and truncate" => Open(path, OpenFlags.ReadWrite | OpenFlags.Truncate),
            "truncate" => Shim.Truncate(descriptor, BlockBytes * 10),
            "allocate" => Shim.Allocate(descriptor, 0, 0, (BlockCount + 2) * BlockBytes),
            "discard" => Shim.Allocate(descriptor, punchHole, BlockBytes * 5, BlockBytes * 2),
            "flush" => Shim.Sync(descriptor, 0),
            "read" => Math.Min(0, Shim.ReadAt(descriptor, room.Address, BlockBytes, 0)),
            _ => throw new ArgumentException(request),
        };
        return (int)-result;
    }

    private static long Open(string path, int flags)
    {
        var descriptor = Shim.Open(Shim.CurrentDirectory, path, flags, 0);
        return descriptor < 0 ? descriptor : Shim.Close(descriptor);
    }
}
