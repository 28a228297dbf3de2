using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;
using HaMirror.Io.Tests.Preimages;

namespace HaMirror.Files.Tests.Preimages;

/// <summary>The power fails at each step between a preimage and what replaces it: what no flush covered is lost, and the way back leads
/// to the replica that was.</summary>
public sealed class JournalPowerCutTests
{
    private const int DiskBytes = 20 << 20;

    /// <summary>More than there are moments in one run: the last runs end without a cut.</summary>
    private const int MomentsMax = 400;

    private sealed class PowerCut : Exception;

    [Theory]
    [InlineData(Preservation.Undo, 1)]
    [InlineData(Preservation.Salvage, 2)]
    public void Power_ThatFailsAtAnyMoment_LeavesAWayBack(Preservation kind, int seed)
    {
        using var disk = new FaultyDisk(160 << 20);
        var random = new Random(seed);
        var cuts = 0;
        for (var moment = 1; moment < MomentsMax; moment += random.Next(1, 6))
        {
            var parent = Directory.CreateDirectory($"{disk.Mounted}/{moment}").FullName;
            if (Run(disk, parent, kind, seed, moment) is not { } before)
                break;
            cuts++;
            disk.Repair();
            ExpectBefore(parent, before);
            Directory.Delete(parent, recursive: true);
        }
        Assert.True(cuts > 8, $"only {cuts} moments were met");
    }

    /// <returns>The replica as it was before the resync; null: it has ended, and no moment of that number came.</returns>
    private static string? Run(FaultyDisk disk, string parent, Preservation kind, int seed, int moment)
    {
        var (left, isOff) = (moment, 0);
        void Meet()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                Volatile.Write(ref isOff, 1); // First: others meet the broken disk at once.
                disk.Break();
            }
        }

        using var target = new JournalledTarget(parent, Prepare, file =>
        {
            Meet();
            var result = Shim.Sync(file, 1);
            Meet();
            return result;
        });
        SyncAll(target.Root);
        var before = Image(target.Root);
        try
        {
            target.Apply(target.Bind(1, "disk"), target.Bind(2, "small"));
            target.Begin(kind);
            var random = new Random(seed);
            for (var step = 0; step < 14; step++)
            {
                Change(target, random, step);
                Meet();
                for (var look = 0; look < 20; look++)
                    target.Stream.Settle();
                Meet();
                if (Volatile.Read(ref isOff) == 1)
                    throw new PowerCut();
            }
            target.Finish();
            Meet();
            return Volatile.Read(ref isOff) == 1 ? before : null;
        }
        catch (Exception failure) when (Volatile.Read(ref isOff) == 1 && failure is PowerCut or TargetException or IOException)
        {
            return before; // Nothing works without a disk.
        }
    }

    private static void Prepare(string folder)
    {
        var bytes = new byte[DiskBytes];
        new Random(9).NextBytes(bytes);
        File.WriteAllBytes(folder + "/disk", bytes);
        File.WriteAllBytes(folder + "/small", bytes[..100_000]);
        File.WriteAllBytes(folder + "/gone", bytes[..300_000]);
        Directory.CreateDirectory(folder + "/d");
        File.WriteAllText(folder + "/d/one", "one");
        File.WriteAllText(folder + "/two", "two");
    }

    private static void Change(JournalledTarget target, Random random, int step)
    {
        switch (step)
        {
            case 4:
                target.Apply(target.Unlink("gone"));
                break;
            case 6:
                target.Apply(target.Punch(1, 12_288, 11 << 20));
                break;
            case 8:
                target.Apply(target.Cut("small", 5000));
                break;
            case 9:
                target.Apply(target.Rename("d/one", "two"));
                break;
            case 11:
                target.Apply(target.Cut("disk", 3 << 20));
                break;
            case 7 or 12:
                target.Finish();
                break;
            default:
                var frames = new List<TargetFrame>();
                for (var count = random.Next(1, 12); count > 0; count--)
                {
                    var content = new byte[random.Next(3) == 0 ? random.Next(1, 9000) : 4096 * random.Next(1, 64)];
                    random.NextBytes(content);
                    frames.Add(target.Block(1, random.Next(2 << 20) / 4096 * 4096L, content));
                }
                target.Apply([.. frames]);
                break;
        }
    }

    private static void ExpectBefore(string parent, string before)
    {
        using var target = new JournalledTarget(parent);
        // Without an origin nothing had been begun, and nothing was replaced.
        if (File.Exists(target.State + "/undo/origin"))
            Assert.Equal(JournalledTarget.Before, target.Place.Undo([target.Root]));
        UndoTests.Equal(before, Image(target.Root));
    }

    private static string Image(TargetRoot root) => TreeImage.Of(root.Descriptor, times: true);

    private static void SyncAll(TargetRoot root) => Assert.Equal(0, TargetSync.Sync(root));
}
