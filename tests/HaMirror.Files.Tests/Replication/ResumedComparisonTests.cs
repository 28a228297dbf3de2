using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Preimages;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A comparison of everything that a lost link breaks off goes on where it was, as long as nobody else has had the target's
/// replica meanwhile.</summary>
[Collection(MountsCollection.Name)]
public sealed class ResumedComparisonTests
{
    private const int FileCount = 24;
    private const int FileBytes = 4 << 20;
    private const ulong AllBytes = (ulong)FileCount * FileBytes;
    private const long Bandwidth = 12 << 20;

    /// <summary>What a second of the link and a barrier may leave in doubt.</summary>
    private const ulong InDoubtBytes = 2 * Bandwidth + (8 << 20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Comparison_BrokenOff_GoesOnWhereItWas(bool restarted)
    {
        using var pair = Pair();
        var done = BreakOff(pair);
        // What was compared already changes meanwhile, and so do names.
        File.WriteAllText(pair.Source.At("f0"), "changed");
        File.Move(pair.Source.At("f1"), pair.Source.At("f1-moved"));
        File.WriteAllBytes(pair.Source.At("new"), Content(99));
        if (restarted)
        {
            pair.Target.Restart();
            pair.Target.Mount();
        }
        pair.Connect(ResyncPlan.CompareAll);
        var leastPercent = 100.0;
        StorageNode.Until(() =>
        {
            if (pair.Source.Storage.Status.Resync is { } resync)
                leastPercent = Math.Min(leastPercent, resync.BytesTotal == 0 ? 0 : 100.0 * resync.BytesDone / resync.BytesTotal);
            return pair.Source.Happened.Any(what => what == $"paired {pair.Link}");
        }, "the replicas are equal");
        var rest = pair.Source.Storage.LastResync!.BytesDone;
        Assert.InRange(rest, 1UL, AllBytes - done + InDoubtBytes + 2 * FileBytes);
        Assert.InRange(leastPercent, 100.0 * (done - Math.Min(done, InDoubtBytes)) / (AllBytes + 2 * FileBytes), 100);
        pair.ExpectEqual();
    }

    [Fact]
    public void Comparison_AfterTheTargetHasServedMeanwhile_BeginsAnew()
    {
        using var pair = Pair();
        _ = BreakOff(pair);
        pair.Target.LetIn();
        pair.Target.Storage.SetWritable(false);
        StorageNode.Until(() => !pair.Target.Storage.Status.Writable, "it serves no more");
        // By a way that marks nothing: only a comparison finds it.
        File.WriteAllBytes(pair.Target.Underlying + "/f0", Content(77));
        pair.Source.Storage.LimitResync(null);
        pair.Pair(ResyncPlan.CompareAll);
        Assert.InRange(pair.Source.Storage.LastResync!.BytesDone, AllBytes, 2 * AllBytes);
        pair.ExpectEqual();
    }

    [Fact]
    public void Comparison_AfterAnUndo_BeginsAnew()
    {
        using var pair = Pair();
        pair.Target.Keeps = UndoTests.Keeping(Preservation.Undo);
        _ = BreakOff(pair);
        Assert.Null(StorageNode.Wait(pair.Target.Storage.UndoAsync()).Failure);
        pair.Target.Storage.EndUndo();
        pair.Target.Keeps = UndoTests.Keeping(Preservation.None);
        pair.Source.Storage.LimitResync(null);
        pair.Pair(ResyncPlan.CompareAll);
        Assert.InRange(pair.Source.Storage.LastResync!.BytesDone, AllBytes, 2 * AllBytes);
        pair.ExpectEqual();
    }

    [Fact]
    public void Comparison_OfAReplicaInAnotherPlace_BeginsAnew()
    {
        using var pair = Pair();
        _ = BreakOff(pair);
        // As a disk that was replaced: what it holds has never been compared.
        Directory.Delete(pair.Target.Underlying + "/" + ReplicationFilter.KeptName, true);
        File.WriteAllBytes(pair.Target.Underlying + "/f0", Content(77));
        pair.Source.Storage.LimitResync(null);
        pair.Pair(ResyncPlan.CompareAll);
        pair.ExpectEqual();
    }

    [Fact]
    public void Comparison_OfACopyOfEverything_IsCopiedAnewWhenAnOperatorWantsItAgain()
    {
        using var pair = Pair();
        _ = BreakOff(pair);
        File.WriteAllBytes(pair.Target.Underlying + "/f0", Content(77));
        pair.Source.Storage.LimitResync(null);
        pair.Pair(ResyncPlan.CopyAll);
        Assert.InRange(pair.Source.Storage.LastResync!.BytesDone, AllBytes, 2 * AllBytes);
        pair.ExpectEqual();
    }

    private static StoragePair Pair() => new(
        prepareSource: folder => Write(folder, 0),
        prepareTarget: folder => Write(folder, 1000),
        configure: replication => replication with { ResyncBandwidth = Bandwidth });

    private static void Write(string folder, int seed)
    {
        for (var file = 0; file < FileCount; file++)
            File.WriteAllBytes($"{folder}/f{file}", Content(seed + file));
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[FileBytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <returns>Bytes that were done then, some of them in doubt.</returns>
    private static ulong BreakOff(StoragePair pair)
    {
        pair.Connect(ResyncPlan.CompareAll);
        ulong done = 0;
        StorageNode.Until(() => (done = pair.Source.Storage.Status.Resync?.BytesDone ?? 0) > AllBytes * 2 / 3, "two thirds are done");
        pair.Cut();
        return done;
    }
}
