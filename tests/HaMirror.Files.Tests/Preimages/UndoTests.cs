using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Preimages;

namespace HaMirror.Files.Tests.Preimages;

/// <summary>A resync that is broken off, and the way back to the replica that was before it.</summary>
[Collection(MountsCollection.Name)]
public sealed class UndoTests
{
    internal static readonly ReplicaRecord Before = new()
    {
        Current = new GenerationId(Guid.Parse("00000000-0000-0000-0000-000000000001")), Condition = ReplicaCondition.Outdated,
    };

    internal static Preserving Keeping(Preservation kind) => new(kind, Before, new GenerationId(Guid.Parse("00000000-0000-0000-0000-000000000002")));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Undo_OfAResyncBrokenOffAnywhere_BringsTheReplicaBack(int seed)
    {
        var random = new Random(seed);
        using var pair = Pair(seed, random.Next(3) == 0 ? null : (long)random.Next(200_000, 8 << 20));
        var before = ReplicaImage.Of(pair.Target);
        var offer = Resyncs(pair, random);
        Assert.True(offer, "a resync that began has an undo record");
        if (random.Next(2) == 0)
            BreakOffUndo(pair, random);
        if (random.Next(3) == 0)
            Resync(pair, random);
        var (record, failure) = StorageNode.Wait(pair.Target.Storage.UndoAsync());
        Assert.Null(failure);
        Assert.Equal(Before, record);
        Equal(before, ReplicaImage.Of(pair.Target));
        // And once more: it says what is to be.
        Assert.Null(StorageNode.Wait(pair.Target.Storage.UndoAsync()).Failure);
        Equal(before, ReplicaImage.Of(pair.Target));
        Assert.Empty(pair.Target.Said);
        Assert.Empty(pair.Target.Failures);
    }

    [Fact]
    public void Journal_AfterAResyncThatEnded_IsGone()
    {
        using var pair = Pair(99, null);
        pair.Target.Keeps = Keeping(Preservation.Undo);
        pair.Pair(ResyncPlan.CompareAll);
        pair.ExpectEqual();
        StorageNode.Until(() => !Directory.Exists(pair.Target.StateFolder + "/undo"), "the journal is dropped");
        Assert.Null(pair.Target.Preimages.Offer());
        Assert.NotNull(StorageNode.Wait(pair.Target.Storage.UndoAsync()).Failure);
    }

    /// <summary>Contract G5: what only this replica holds is kept, though an undo record of another history lies in the way.</summary>
    [Fact]
    public void Journal_OfAnEarlierHistory_DoesNotPassForTheSalvageSetThatIsOwed()
    {
        using var pair = Pair(7, 1 << 20);
        pair.Target.Keeps = Keeping(Preservation.Undo);
        Resync(pair, new Random(7));
        Assert.NotNull(pair.Target.Preimages.Offer());

        pair.Target.Keeps = Keeping(Preservation.ContinuedSalvage) with
        {
            Before = Before with { Current = new GenerationId(Guid.Parse("00000000-0000-0000-0000-000000000003")) },
        };
        pair.Source.Offers = true;
        pair.Pair(ResyncPlan.CompareAll);
        pair.ExpectEqual();
        StorageNode.Until(() => new SalvageStore(pair.Target.StateFolder, ["/vm"]).List() is [{ IsOpen: false }], "the set is put away");
    }

    private static StoragePair Pair(int seed, long? bandwidth) => new(
        prepareSource: folder =>
        {
            new RandomGuest(folder, seed).Run(400);
            new RandomGuest(folder, seed + 1000).Run(300);
        },
        prepareTarget: folder => new RandomGuest(folder, seed).Run(400),
        configure: replication => replication with { ResyncBandwidth = bandwidth },
        keepBytesMin: seed % 2 == 0 ? 1UL : null); // Of the random trees no file is large.

    private static bool Resyncs(StoragePair pair, Random random)
    {
        pair.Target.Keeps = Keeping(Preservation.Undo);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            Resync(pair, random);
            pair.Target.Keeps = Keeping(Preservation.Continued);
        }
        return pair.Target.Preimages.Offer() is not null;
    }

    /// <summary>A resync beside a guest, cut at any moment.</summary>
    private static void Resync(StoragePair pair, Random random)
    {
        pair.Source.Offers = false;
        var guest = Task.Run(() => new RandomGuest(pair.Source.Folder, random.Next()).Run(random.Next(200)));
        pair.Connect(ResyncPlan.CompareAll);
        StorageNode.Until(() => File.Exists(pair.Target.StateFolder + "/undo/origin"), "the resync has begun");
        if (random.Next(4) == 0)
            pair.Source.Expect($"resynced {pair.Link}");
        else
            _ = SpinWait.SpinUntil(() => pair.Source.Storage.Status.Resync is { Names: false }, random.Next(400)); // Any moment will do.
        pair.Cut();
        StorageNode.Finish(guest);
    }

    private static void BreakOffUndo(StoragePair pair, Random random)
    {
        for (var time = random.Next(1, 4); time > 0; time--)
        {
            var left = random.Next(1, 60);
            try
            {
                _ = pair.Target.Preimages.Undo([pair.Target.Root], () =>
                {
                    if (--left == 0)
                        throw new InvalidOperationException("The test breaks the undo off.");
                });
            }
            catch (InvalidOperationException)
            {
                continue; // That is what it is for.
            }
        }
    }

    internal static void Equal(string expected, string found)
    {
        var (before, after) = (expected.Split('\n'), found.Split('\n'));
        Assert.True(expected == found, string.Join('\n',
            before.Except(after).Select(line => "was   " + line).Concat(after.Except(before).Select(line => "is    " + line)).Take(30)));
    }
}
