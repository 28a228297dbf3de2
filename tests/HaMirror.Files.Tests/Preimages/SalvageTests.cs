using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Preimages;

namespace HaMirror.Files.Tests.Preimages;

/// <summary>What the losing side of a divergence held, kept over its resync.</summary>
[Collection(MountsCollection.Name)]
public sealed class SalvageTests
{
    private const int DiskBytes = 48 << 20;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Salvage_OfFilesThatMayBeOverwrittenFurther_HasThemWholeAsTheLoserHadThem(bool overwritten)
    {
        var disk = Disk(3);
        using var pair = new StoragePair(
            prepareSource: folder =>
            {
                var other = disk.ToArray();
                new Random(5).NextBytes(other.AsSpan(1 << 20, 70_000));
                File.WriteAllBytes(folder + "/disk", other);
                File.WriteAllText(folder + "/both", "the winner's");
            },
            prepareTarget: folder =>
            {
                File.WriteAllBytes(folder + "/disk", disk);
                File.WriteAllText(folder + "/both", "the loser's");
                File.WriteAllText(folder + "/lost", "the loser's alone");
                File.WriteAllText(folder + "/lost2", "the loser's alone, too");
            });
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Salvage) with { Before = UndoTests.Before with { CompareAll = true } };
        pair.Pair(ResyncPlan.CompareAll);
        // From here on the guest overwrites what both had alike.
        using (var file = new FileStream(pair.Source.At("disk"), FileMode.Open, FileAccess.Write))
            for (var at = 0; at < DiskBytes && overwritten; at += 1 << 20)
            {
                file.Position = at;
                file.Write(new byte[8192]);
                file.Flush(flushToDisk: true);
            }
        pair.ExpectEqual();

        var store = new SalvageStore(pair.Target.StateFolder, ["/vm"]);
        StorageNode.Until(() => store.List() is [{ IsOpen: false }], "the set is whole and put away");
        var set = store.List()[0];
        Assert.Null(set.Fault);
        Assert.Equal(["/vm/both", "/vm/disk", "/vm/lost", "/vm/lost2"], set.Files.Select(file => file.Path));
        Assert.All(set.Files, file => Assert.True(file.IsWhole, file.Path));
        var place = Directory.CreateDirectory(pair.Target.StateFolder + "/out").FullName;
        Assert.Equal(4, store.Write(set.Id, [], path => place + "/" + Path.GetFileName(path)).Count);
        Assert.True(disk.AsSpan().SequenceEqual(File.ReadAllBytes(place + "/disk")), "the disk is not what the loser had");
        Assert.Equal("the loser's", File.ReadAllText(place + "/both"));
        Assert.Equal("the loser's alone, too", File.ReadAllText(place + "/lost2"));
        Assert.Contains("has no file /vm/nothing", Assert.Throws<IOException>(() => store.Write(set.Id, ["/vm/nothing"], path => path)).Message);
        Assert.True(store.Remove(set.Id));
        Assert.Empty(store.List());
        Assert.False(store.Remove("../../etc"));
    }

    [Fact]
    public void Undo_WithoutRoomForItsRecord_IsGivenUpAndTheResyncGoesOn()
    {
        using var pair = Small();
        using var full = new SmallDisk(pair.Target.StateFolder);
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
        pair.Pair(ResyncPlan.CompareAll);
        pair.ExpectEqual();
        Assert.Contains("undo record of the resync is given up", Assert.Single(pair.Target.Said), StringComparison.Ordinal);
        Assert.Null(pair.Target.Preimages.Offer());
    }

    [Fact]
    public void Salvage_WithoutRoom_EndsTheResyncAndNothingOfTheLosersIsReplaced()
    {
        using var pair = Small();
        using var full = new SmallDisk(pair.Target.StateFolder);
        var before = ReplicaImage.Of(pair.Target);
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Salvage);
        pair.Connect(ResyncPlan.CompareAll);
        pair.Target.Expect("down");
        Assert.Contains("cannot be saved, so the resync does not go on", Assert.Single(pair.Target.Failures), StringComparison.Ordinal);
        // What was replaced before can be had back: nothing is lost.
        Assert.Null(StorageNode.Wait(pair.Target.Storage.UndoAsync()).Failure);
        UndoTests.Equal(before, ReplicaImage.Of(pair.Target));
    }

    private static byte[] Disk(int seed)
    {
        var disk = new byte[DiskBytes];
        new Random(seed).NextBytes(disk);
        return disk;
    }

    private static StoragePair Small() => new(
        prepareSource: folder => File.WriteAllBytes(folder + "/disk", Disk(1)[..(16 << 20)]),
        prepareTarget: folder => File.WriteAllBytes(folder + "/disk", Disk(2)[..(16 << 20)]));

    /// <summary>A file system of 8 MiB in the place of a directory.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _path;

        public SmallDisk(string path)
        {
            _path = path;
            Directory.CreateDirectory(path);
            Shell.Run($"mount -t tmpfs -o size=8m hamirror-preimages {path}", "/");
        }

        public void Dispose() => Shell.Run($"umount -l {_path}", "/");
    }
}
