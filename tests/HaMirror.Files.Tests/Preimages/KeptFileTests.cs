using System.Globalization;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Files.Tests.Preimages;

/// <summary>Large files that a resync removes: they are kept by a name, not by a copy.</summary>
[Collection(MountsCollection.Name)]
public sealed class KeptFileTests
{
    private const int LargeBytes = 48 << 20;

    [Fact]
    public void Undo_OfTheRemovalOfLargeFiles_BringsTheSameFilesBackWithoutACopy()
    {
        using var pair = Large(links: "ln gone ../outside && ln gone gone2");
        var before = ReplicaImage.Of(pair.Target);
        var inode = InodeOf(pair.Target, "gone");
        Resync(pair);
        Assert.False(File.Exists(pair.Target.Underlying + "/gone"));
        Assert.InRange(JournalBytes(pair), LargeBytes, LargeBytes + (1 << 20)); // What replaced "held", and nothing of "gone".
        Assert.Equal([Path.GetFileName(Kept(pair, inode))], Directory.GetFiles(Path.GetDirectoryName(Kept(pair, inode))!).Select(Path.GetFileName));
        pair.Cut();
        var (record, failure) = StorageNode.Wait(pair.Target.Storage.UndoAsync());
        Assert.Null(failure);
        Assert.Equal(UndoTests.Before, record);
        UndoTests.Equal(before, ReplicaImage.Of(pair.Target));
        Assert.Equal(inode, InodeOf(pair.Target, "gone"));
        Assert.False(Directory.Exists(pair.Target.Underlying + "/" + ReplicationFilter.KeptName));
    }

    [Fact]
    public void Undo_OfALargeFileThatIsWrittenToAfterItsRemoval_HasWhatItHeldBefore()
    {
        using var pair = Large(replication => replication with { ResyncBandwidth = 4 << 20 });
        var before = ReplicaImage.Of(pair.Target);
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
        pair.Source.Offers = false;
        using (var held = new FileStream(pair.Source.At("held"), FileMode.Open, FileAccess.ReadWrite))
        {
            pair.Connect(ResyncPlan.CompareAll);
            StorageNode.Until(() => pair.Source.Storage.Status.Resync is { Names: false }, "names are equal");
            Write(held, 0); // Its number is known over there from now on.
            File.Delete(pair.Source.At("held"));
            Write(held, 8 << 20);
            held.SetLength(LargeBytes / 2);
            pair.Cut();
        }
        Assert.False(File.Exists(pair.Target.Underlying + "/held"));
        Assert.Null(StorageNode.Wait(pair.Target.Storage.UndoAsync()).Failure);
        UndoTests.Equal(before, ReplicaImage.Of(pair.Target));
        Assert.Empty(pair.Target.Failures);
    }

    [Fact]
    public void Kept_AfterAResyncThatEnded_GoesAway()
    {
        using var pair = Large();
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
        pair.Pair(ResyncPlan.CompareAll);
        StorageNode.Until(() => !Directory.Exists(pair.Target.Underlying + "/" + ReplicationFilter.KeptName), "what was kept is removed");
        pair.ExpectEqual();
        Assert.Empty(pair.Target.Said);
    }

    [Fact]
    public void Salvage_OfALargeFileThatWasRemoved_HasItUntilTheSetIsRemoved()
    {
        using var pair = Large();
        var lost = File.ReadAllBytes(pair.Target.Underlying + "/gone");
        var inode = InodeOf(pair.Target, "gone");
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Salvage) with { Before = UndoTests.Before with { CompareAll = true } };
        pair.Pair(ResyncPlan.CompareAll);
        // The mount shows what is underneath, as the store sees it where the module runs.
        var store = new SalvageStore(pair.Target.StateFolder, [pair.Target.Folder]);
        StorageNode.Until(() => store.List() is [{ IsOpen: false }], "the set is whole and put away");
        var set = store.List()[0];
        var file = Assert.Single(set.Files, file => file.IsGone);
        Assert.Equal((pair.Target.At("gone"), (long)LargeBytes, true), (file.Path, file.Size, file.IsWhole));
        Assert.InRange(JournalBytes(pair.Target.StateFolder + "/salvage/" + set.Id), LargeBytes, LargeBytes + (1 << 20));
        Remount(pair.Target);
        Assert.True(File.Exists(Kept(pair, inode)), "a start keeps what a set needs");

        var place = Directory.CreateDirectory(pair.Target.StateFolder + "/out").FullName;
        _ = store.Write(set.Id, [file.Path], path => place + "/" + Path.GetFileName(path));
        Assert.True(lost.AsSpan().SequenceEqual(File.ReadAllBytes(place + "/gone")), "it is not what the loser had");

        Assert.True(store.Remove(set.Id));
        pair.Target.Storage.SweepKept();
        StorageNode.Until(() => !Directory.Exists(pair.Target.Underlying + "/" + ReplicationFilter.KeptName), "what was kept is removed");
    }

    [Fact]
    public void Undo_WhereWhatIsKeptFillsTheDisk_IsGivenUpAndTheNextResyncGoesOn()
    {
        var disk = Directory.CreateTempSubdirectory("hamirror-kept-").FullName;
        Shell.Run($"mount -t tmpfs -o size=160m hamirror-kept {disk}", "/");
        try
        {
            using var pair = new StoragePair(
                prepareSource: folder => File.WriteAllBytes(folder + "/new", Random(7, 130 << 20)),
                prepareTarget: folder => File.WriteAllBytes(folder + "/old", Random(8, 40 << 20)),
                targetDisk: disk);
            pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
            pair.Connect(ResyncPlan.CompareAll);
            pair.Target.Expect("down");
            pair.Source.Expect("down");
            Assert.Contains("the disk is full, and 40 MiB of it are files that peer has no more", Assert.Single(pair.Target.Said), StringComparison.Ordinal);
            StorageNode.Until(() => Directory.GetDirectories(pair.Target.Underlying + "/" + ReplicationFilter.KeptName).Length == 0, "what was kept is removed");
            Assert.Single(pair.Target.Failures);
            pair.Target.Failures.Clear();
            pair.Target.Keeps = UndoTests.Keeping(Preservation.Continued);
            pair.Pair(ResyncPlan.CompareAll);
            pair.ExpectEqual();
        }
        finally
        {
            Shell.Run($"umount -l {disk} && rmdir {disk}", "/");
        }
    }

    private static StoragePair Large(Func<ReplicationConfiguration, ReplicationConfiguration>? configure = null, string links = "true") => new(
        prepareSource: folder => File.WriteAllBytes(folder + "/held", Random(1, LargeBytes)),
        prepareTarget: folder =>
        {
            File.WriteAllBytes(folder + "/held", Random(2, LargeBytes));
            File.WriteAllBytes(folder + "/gone", Random(3, LargeBytes));
            Shell.Run(links, folder);
        },
        configure: configure);

    private static void Resync(StoragePair pair)
    {
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
        pair.Source.Offers = false;
        pair.Connect(ResyncPlan.CompareAll);
        pair.Source.Expect($"resynced {pair.Link}");
    }

    private static void Write(FileStream file, long offset)
    {
        file.Position = offset;
        file.Write(new byte[64 << 10]);
        file.Flush(flushToDisk: true);
    }

    private static void Remount(StorageNode node)
    {
        Assert.Null(StorageNode.Wait(node.Storage.UnmountAsync()));
        node.Mount();
    }

    private static byte[] Random(int seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static unsafe string InodeOf(StorageNode node, string name)
    {
        NativeStat stat;
        Shim.Check(Shim.StatAt(node.Root.Descriptor, name, &stat), name);
        return stat.Inode.ToString(CultureInfo.InvariantCulture);
    }

    private static string Kept(StoragePair pair, string inode) => Path.Combine(
        Directory.GetDirectories(pair.Target.Underlying + "/" + ReplicationFilter.KeptName).Single(), inode);

    private static long JournalBytes(StoragePair pair) => JournalBytes(pair.Target.StateFolder + "/undo");

    private static long JournalBytes(string place) => new FileInfo(place + "/journal").Length;
}
