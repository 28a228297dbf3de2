// What a resync sends when marks say more, or exactly, what differs.
using HaMirror.Core.Machine;
using HaMirror.Io.Replication;

namespace HaMirror.Files.Tests.Replication;

/// <summary>Real mounts, a real link; the figures are of the resync's own status.</summary>
[Collection(Fuse.MountsCollection.Name)]
public sealed class HashFirstTests
{
    private const int Bytes = 64 << 20;
    private const int ExtentBytes = 4096;

    [Fact]
    public void Dirty_MarkedAndEqual_SendsNothing()
    {
        using var pair = Pair();
        WriteAgain(pair.Source.At("disk.img"), seed: 5);
        StorageNode.Until(() => pair.Source.Storage.Status.DirtyBytes is > 0 and <= (ulong)Bytes, "the status shows what is dirty");
        Assert.Equal(0UL, Sent(pair, ResyncPlan.Dirty));
        pair.ExpectEqual();
    }

    [Fact]
    public void Dirty_SingleExtentsDifferInWhatIsMarked_SendsOnlyThose()
    {
        using var pair = Pair();
        WriteAgain(pair.Source.At("disk.img"), seed: 5);
        const int different = 200;
        var random = new Random(7);
        using (var disk = new FileStream(pair.Source.At("disk.img"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
            for (var index = 0; index < different; index++)
            {
                var block = new byte[ExtentBytes];
                random.NextBytes(block);
                RandomAccess.Write(disk.SafeFileHandle, block, (long)random.Next(Bytes / ExtentBytes) * ExtentBytes);
            }
        Assert.InRange(Sent(pair, ResyncPlan.Dirty), 1UL, different * (ulong)ExtentBytes);
        pair.ExpectEqual();
    }

    [Fact]
    public void Dirty_AllOfIt_SendsItOnce()
    {
        using var pair = Pair();
        WriteAgain(pair.Source.At("disk.img"), seed: 6);
        Assert.InRange(Sent(pair, ResyncPlan.Dirty), (ulong)Bytes, (ulong)Bytes);
        pair.ExpectEqual();
    }

    [Fact]
    public void Dirty_EqualBehindDifferent_GoesBackToAsking()
    {
        using var pair = Pair();
        WriteAgain(pair.Source.At("disk.img"), seed: 5);
        WriteAgain(pair.Source.At("disk.img"), seed: 6, Bytes / 4);
        // One interval of blocks before a sample is asked for, one until its answer is there, and the sample.
        const ulong inVain = ((2 * AskingRule.SampleInterval) + 1) * 1UL << 20;
        Assert.InRange(Sent(pair, ResyncPlan.Dirty), (ulong)Bytes / 4, (ulong)Bytes / 4 + inVain);
        pair.ExpectEqual();
    }

    [Fact]
    public void Blocks_Compressible_CrossACappedLinkPacked()
    {
        using var pair = new StoragePair(
            prepareSource: folder => File.WriteAllBytes(Path.Combine(folder, "text"), Text(8 << 20)),
            configure: replication => replication with { ResyncBandwidth = 4 << 20 });
        Assert.InRange(Sent(pair, ResyncPlan.CompareAll), 1UL, 2UL << 20);
        pair.ExpectEqual();
    }

    private static StoragePair Pair() => new(
        prepareSource: folder => File.WriteAllBytes(Path.Combine(folder, "disk.img"), Content(5, Bytes)),
        prepareTarget: folder => File.WriteAllBytes(Path.Combine(folder, "disk.img"), Content(5, Bytes)));

    private static byte[] Content(int seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static byte[] Text(int bytes)
    {
        var content = new byte[bytes];
        for (var at = 0; at < bytes; at++)
            content[at] = (byte)('a' + at / 100 % 20);
        return content;
    }

    private static void WriteAgain(string path, int seed, int bytes = Bytes)
    {
        using var disk = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        RandomAccess.Write(disk.SafeFileHandle, Content(seed, bytes), 0);
    }

    /// <summary>Bytes that the resync has sent when it has ended.</summary>
    private static ulong Sent(StoragePair pair, ResyncPlan plan)
    {
        pair.Source.Offers = false;
        pair.Connect(plan);
        pair.Source.Expect("resynced");
        var last = pair.Source.Storage.LastResync;
        Assert.NotNull(last);
        Assert.Equal(plan, last.Plan);
        return last.BytesSent;
    }
}
