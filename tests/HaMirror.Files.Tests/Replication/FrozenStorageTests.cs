using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

/// <summary>What happens to a guest's writes when the peer is lost that might take over.</summary>
[Collection(MountsCollection.Name)]
public sealed unsafe class FrozenStorageTests
{
    [Fact]
    public void CommittedLoss_Thaw_ReleasesTheWriterAndNothingIsLost()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        pair.Source.OpensGenerations = false;
        pair.Cut();
        var writer = Task.Run(() => File.WriteAllText(pair.Source.At("held"), "later"));
        StorageNode.Until(() => pair.Source.Storage.Status is { Frozen: true, HeldRequests: > 0 }, "the writer is held");
        Assert.False(writer.IsCompleted);

        pair.Source.Storage.Thaw();
        pair.Source.Expect("generation");
        Assert.False(writer.IsCompleted);

        pair.Source.Storage.OpenGeneration(default);
        StorageNode.Finish(writer);
        pair.Source.OpensGenerations = true;
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();
        Assert.Equal("later", File.ReadAllText(pair.Target.At("held")));
    }

    [Fact]
    public void LocalDisk_RefusesWhatThePeerHasTaken_LinkEndsAndAResyncMakesEqual()
    {
        string? small = null;
        using var pair = new StoragePair(
            prepareSource: folder =>
            {
                small = folder;
                Shell.Run("mount -t tmpfs -o size=4m hm-source-full \"$PWD\"", folder);
                Shell.Run("mkdir inner", folder);
            },
            prepareTarget: folder => Shell.Run("mkdir inner", folder),
            configure: replication => replication with
            {
                Directories = [replication.Directories[0] with { Path = Path.Combine(replication.Directories[0].Path, "inner") }],
            });
        try
        {
            pair.Pair(ResyncPlan.Dirty);
            var writer = Task.Run(() => Record.Exception(() => Fill(pair.Source.At("inner/disk"), 6 << 20)));
            pair.Source.Expect("down");
            pair.Source.Storage.Thaw();
            Assert.IsAssignableFrom<IOException>(StorageNode.Wait(writer));

            pair.Pair(ResyncPlan.Dirty);
            Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
            Assert.Equal(File.ReadAllBytes(pair.Source.At("inner/disk")), File.ReadAllBytes(pair.Target.At("inner/disk")));
        }
        finally
        {
            pair.Source.Storage.Dispose();
            Shell.Run("cd / && umount -l \"$OLDPWD\"", small!);
        }
    }

    [Fact]
    public void LocalDisk_FillsUpWhileAllocating_TheSizeThatIsLeftIsTheSameOnBothSides()
    {
        string? small = null;
        using var pair = new StoragePair(
            prepareSource: folder =>
            {
                small = folder;
                Shell.Run("truncate -s 24M ../disk; mkfs.ext4 -q ../disk; mount -o loop ../disk \"$PWD\"", folder);
                Shell.Run("mkdir inner", folder);
            },
            prepareTarget: folder => Shell.Run("mkdir inner", folder),
            configure: replication => replication with
            {
                Directories = [replication.Directories[0] with { Path = Path.Combine(replication.Directories[0].Path, "inner") }],
            });
        try
        {
            pair.Pair(ResyncPlan.Dirty);
            using (var disk = new FileStream(pair.Source.At("inner/disk"), FileMode.Create))
                Assert.NotEqual(0, Shim.Allocate((int)disk.SafeFileHandle.DangerousGetHandle(), 0, 0, 100 << 20));
            Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
            var length = new FileInfo(pair.Source.At("inner/disk")).Length;
            Assert.InRange(length, 1, 24 << 20);
            Assert.Equal(length, new FileInfo(pair.Target.At("inner/disk")).Length);
        }
        finally
        {
            pair.Source.Storage.Dispose();
            Shell.Run("cd / && umount -l \"$OLDPWD\"", small!);
        }
    }

    private static void Fill(string path, int bytes)
    {
        using var disk = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[64 << 10];
        for (var written = 0; written < bytes; written += block.Length)
        {
            Random.Shared.NextBytes(block);
            disk.Write(block);
        }
    }

    [Fact]
    public void CommittedLoss_ServiceEnds_TheWriterGetsAnErrorAndCanDie()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        pair.Cut();
        var writer = Task.Run(() => Record.Exception(() => File.WriteAllText(pair.Source.At("held"), "never")));
        StorageNode.Until(() => pair.Source.Storage.Status is { Frozen: true, HeldRequests: > 0 }, "the writer is held");
        pair.Source.Storage.SetWritable(false);
        Assert.IsAssignableFrom<IOException>(StorageNode.Wait(writer));
        Assert.False(File.Exists(pair.Source.At("held")));
    }

    [Fact]
    public void CommittedLoss_ServiceEndsInOrder_DrainsWithoutAThaw()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        pair.Cut();
        var writer = Task.Run(() => Record.Exception(() => File.WriteAllText(pair.Source.At("held"), "never")));
        StorageNode.Until(() => pair.Source.Storage.Status is { Frozen: true, HeldRequests: > 0 }, "the writer is held");
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        Assert.IsAssignableFrom<IOException>(StorageNode.Wait(writer));
    }

    [Fact]
    public void CommittedLoss_GenerationOpenedWhileLinked_DoesNotServeAfterTheThaw()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        pair.Source.OpensGenerations = false;
        // The answer to a question that was asked just before the offer.
        pair.Source.Storage.OpenGeneration(default);
        pair.Cut();
        pair.Source.Storage.Thaw();
        var writer = Task.Run(() => File.WriteAllText(pair.Source.At("held"), "later"));
        pair.Source.Expect("generation");
        Assert.False(writer.IsCompleted);
        pair.Source.Storage.OpenGeneration(default);
        StorageNode.Finish(writer);
    }

    [Fact]
    public void ForcedEnd_WhileWritesAreUnderWay_AcknowledgesNothingThatThePeerLacks()
    {
        const int writers = 8;
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        var acknowledged = new byte[writers];
        var threads = Enumerable.Range(0, writers).Select(number => Task.Run(() =>
        {
            try
            {
                using var file = new FileStream(pair.Source.At($"f{number}"), FileMode.Create, FileAccess.Write, FileShare.Read, 0);
                for (byte round = 1; round < byte.MaxValue; round++)
                {
                    file.Position = 0;
                    file.WriteByte(round);
                    Volatile.Write(ref acknowledged[number], round);
                }
            }
            catch (IOException)
            {
                // The service has ended: the test is about what was said before.
            }
        })).ToArray();
        StorageNode.Until(() => acknowledged.Min() > 3, "every writer writes");
        pair.Source.Storage.SetWritable(false);
        pair.Cut();
        StorageNode.Finish(Task.WhenAll(threads));
        for (var number = 0; number < writers; number++)
            Assert.InRange(File.ReadAllBytes(pair.Target.At($"f{number}"))[0], acknowledged[number], byte.MaxValue);
    }

    [Fact]
    public void CommittedLoss_NextLinkIsLostBeforeTheGeneration_WhatTheFirstOwedStillWaits()
    {
        const int writers = 8;
        using var pair = new StoragePair();
        using var stop = new CancellationTokenSource();
        var written = new int[writers];
        var threads = Enumerable.Range(0, writers).Select(number => Task.Factory.StartNew(() => Write(number), TaskCreationOptions.LongRunning)).ToArray();
        for (var round = 0; round < 5; round++)
        {
            pair.Source.OpensGenerations = pair.Source.Offers = true;
            pair.Pair(ResyncPlan.Dirty);
            var before = written.Sum();
            StorageNode.Until(() => Volatile.Read(ref written[0]) > 0 && written.Sum() > before + writers, "they write");
            pair.Source.OpensGenerations = pair.Source.Offers = false;
            pair.Cut();
            pair.Source.Storage.Thaw();
            pair.Source.Expect("generation");
            StorageNode.Until(() => pair.Source.Storage.Status.HeldRequests == writers, "all wait for a generation");
            pair.Connect(ResyncPlan.Dirty);
            pair.Source.Expect($"resynced {pair.Link}");
            pair.Cut();
            Assert.Equal(writers, pair.Source.Storage.Status.HeldRequests);
            pair.Source.Storage.OpenGeneration(default);
        }
        stop.Cancel();
        pair.Source.OpensGenerations = pair.Source.Offers = true;
        StorageNode.Finish(Task.WhenAll(threads));
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();

        void Write(int number)
        {
            using var file = new FileStream(pair.Source.At($"f{number}"), FileMode.Create, FileAccess.Write, FileShare.Read, 0);
            for (; !stop.IsCancellationRequested; Interlocked.Increment(ref written[number]))
            {
                file.Position = 0;
                file.WriteByte((byte)written[number]);
            }
        }
    }

    [Fact]
    public void Held_ManyWritesOfOnePlace_FollowEachOtherWithoutWaiting()
    {
        const int count = 100;
        using var pair = new StoragePair(prepareSource: folder => File.WriteAllBytes(Path.Combine(folder, "disk"), new byte[8192]));
        pair.Source.LetIn();
        pair.Source.Storage.Freeze();
        StorageNode.Until(() => pair.Source.Storage.Status.Frozen, "it is frozen");
        // O_DIRECT: only then does the kernel let writes of one file run side by side.
        var disk = Shim.Check(Shim.Open(Shim.CurrentDirectory, pair.Source.At("disk"), OpenFlags.ReadWrite | OpenFlags.Direct, 0), "open");
        using var memory = new PageBlock(count * 4096L);
        for (var index = 0; index < count; index++)
            new Span<byte>(memory.Address + index * 4096, 4096).Fill((byte)index);
        var written = new long[count];
        var writers = Enumerable.Range(0, count).Select(index => new Thread(() =>
            written[index] = Shim.WriteAt(disk, memory.Address + index * 4096, 4096, 0)) { IsBackground = true }).ToArray();
        foreach (var writer in writers)
            writer.Start();
        StorageNode.Until(() => pair.Source.Storage.Status.HeldRequests == count, "all are held");

        var start = Environment.TickCount64;
        pair.Source.Storage.Thaw();
        foreach (var writer in writers)
            Assert.True(writer.Join(StorageNode.Patience));
        // Each wait for the next tick of an idle pump would be 250 ms: 12 s in all.
        Assert.InRange(Environment.TickCount64 - start, 0, 8000);
        _ = Shim.Close(disk);
        Assert.All(written, bytes => Assert.Equal(4096, bytes));
        Assert.Single(File.ReadAllBytes(pair.Source.At("disk")).Take(4096).Distinct());
    }

    [Fact]
    public void Swap_AndBack_ServesOnTheOtherSideAndLosesNothing()
    {
        using var pair = new StoragePair();
        pair.Pair(ResyncPlan.Dirty);
        new RandomGuest(pair.Source.Folder, 31).Run(100);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
        pair.Source.Storage.SetWritable(false);
        pair.Source.Storage.SendHandover(pair.Link, swap: true);
        pair.Target.Expect("handover");
        pair.Cut();
        Assert.False(pair.Source.Storage.Status.Frozen);

        pair.Target.LetIn();
        new RandomGuest(pair.Target.Folder, 32).Run(100);
        pair.Connect(ResyncPlan.Dirty, reverse: true);
        pair.Target.Expect("paired");
        new RandomGuest(pair.Target.Folder, 33).Run(100);
        Assert.Null(StorageNode.Wait(pair.Target.Storage.DrainAsync()));
        Assert.Equal(pair.Source.Image(), pair.Target.Image());
        Assert.Equal(TreeImage.Of(pair.Source.Folder), pair.Source.Image());
    }

    [Fact]
    public void UncommittedLoss_GuestGoesOn()
    {
        using var pair = new StoragePair();
        pair.Source.Offers = false;
        pair.Connect(ResyncPlan.Dirty);
        pair.Source.Expect("resynced");
        pair.Cut();
        File.WriteAllText(pair.Source.At("on"), "and on");
        Assert.False(pair.Source.Storage.Status.Frozen);
        pair.Source.Offers = true;
        pair.Pair(ResyncPlan.Dirty);
        pair.ExpectEqual();
    }

    [Fact]
    public void ReadOnly_BeforeItServes_RefusesChanges()
    {
        using var node = new StorageNode("ro", folder => File.WriteAllText(Path.Combine(folder, "there"), "content"));
        node.Mount();
        Assert.Equal("content", File.ReadAllText(node.At("there")));
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(node.At("new"), "x"));
    }

    [Fact]
    public void Mount_WithAnotherFileSystemInside_NamesIt()
    {
        using var node = new StorageNode("nested", folder => Directory.CreateDirectory(Path.Combine(folder, "in side")));
        string inside = Path.Combine(node.Folder, "in side");
        Run("mount", "-t", "tmpfs", "tmpfs", inside);
        try
        {
            Assert.Contains($"{inside} is a mount point inside", StorageNode.Wait(node.Storage.MountAsync()));
        }
        finally
        {
            Run("umount", inside);
        }

        Assert.Null(StorageNode.Wait(node.Storage.MountAsync()));

        static void Run(string program, params string[] arguments)
        {
            using var process = System.Diagnostics.Process.Start(program, arguments);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public void Mount_WhatCannotBeServed_IsOneSentence()
    {
        using var node = new StorageNode("m");
        using var missing = new StorageNode("m2", configure: configuration => configuration with
        {
            Directories = [configuration.Directories[0] with { ToCheck = ["disk.qcow2"] }],
        });
        node.Mount();
        using var twice = new StorageNode("m3", configure: configuration => configuration with
        {
            Directories = [configuration.Directories[0] with { Path = node.Folder }],
        });
        using var absent = new StorageNode("m4", configure: configuration => configuration with
        {
            Directories = [configuration.Directories[0] with { Path = "/nonexistent/hamirror" }],
        });
        Assert.Contains("disk.qcow2 is missing", StorageNode.Wait(missing.Storage.MountAsync()));
        Assert.Contains("already served", StorageNode.Wait(twice.Storage.MountAsync()));
        Assert.Contains("does not exist", StorageNode.Wait(absent.Storage.MountAsync()));
        Assert.Contains("itself a mount point", StorageNode.Wait(Mounted().MountAsync()));

        Io.Storage.MirrorStorage Mounted() => new(
            node.Options with
            {
                Replication = node.Options.Replication with
                {
                    Directories = [node.Options.Replication.Directories[0] with { Path = "/proc" }],
                },
            },
            node);
    }
}
