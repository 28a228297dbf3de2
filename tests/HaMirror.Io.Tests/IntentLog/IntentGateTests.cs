using HaMirror.Core.Extents;
using HaMirror.Core.Intent;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.IntentLog;

public sealed class IntentGateTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    /// <summary>Design, section 6: wherever the two disks differ after a crash, an extent is dirty or its area hot.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Crash_AtAnyMoment_EveryDifferenceIsHotOrDirty(int seed)
    {
        var random = new Random(seed);
        using var world = new LossyWorld(seed);
        for (var crash = 0; crash < 12; crash++)
        {
            for (var steps = random.Next(1, 1500); steps > 0; steps--)
                world.Step();
            Assert.Null(world.Crash());
        }
        Assert.True(world.WriteCount > 40 && world.HeldCount > 100 && world.TransactionCount > 50, $"The history was idle: {world.WriteCount} {world.HeldCount} {world.TransactionCount}.");
    }

    /// <summary>The test above would notice.</summary>
    [Fact]
    public void Crash_LogLosesWritesThatItConfirmed_IsFound()
    {
        var found = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            using var world = new LossyWorld(seed) { LosesFlushes = true };
            for (var steps = random.Next(300, 1500); steps > 0; steps--)
                world.Step();
            found += world.Crash() is null ? 0 : 1;
        }
        Assert.True(found > 0);
    }

    private static readonly FileKey Disk = new(0, 7);

    [Fact]
    public void Area_WrittenAndFlushedOnBothDisks_IsForgotten()
    {
        using var disks = new SteadyDisks();
        disks.Change(Disk, 0, 4096);
        Assert.True(disks.SaysAnythingOf(Disk));
        disks.Idle();
        Assert.False(disks.SaysAnythingOf(Disk));
    }

    /// <summary>A discard, say: its areas are too many for the log, so all of the file is hot for it, while extents are marked.</summary>
    [Fact]
    public void LargeChange_MarkedWhileAlone_IsToldAfterItsFileWentCold()
    {
        using var disks = new SteadyDisks();
        disks.Change(Disk, 0, 64 << 20);
        disks.Marks.Mark(Disk, 0, 64 << 20);
        disks.Idle();
        Assert.True(disks.SaysAnythingOf(Disk));
    }

    [Fact]
    public void LocalFlush_ThatFailedOnce_SettlesNothingEverAfter()
    {
        using var disks = new SteadyDisks { FlushFailure = "EIO" };
        disks.Change(Disk, 0, 4096);
        disks.Idle();
        Assert.True(disks.Flushes > 0);
        disks.FlushFailure = null; // The kernel says it once.
        disks.Idle();
        disks.Gate.Flushes.Drained();
        disks.Commit();
        Assert.True(disks.SaysAnythingOf(Disk));
    }

    [Fact]
    public void Log_WrittenInPart_LetsNothingIn()
    {
        using var disks = new SteadyDisks { ShortBy = 1 };
        Assert.False(disks.Gate.Enter(Disk, 0, 4096));
        disks.Commit();
        Assert.Contains("cannot be written", disks.LogFailure);
        Assert.False(disks.Gate.Enter(Disk, 0, 4096));
    }
}
