using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Replication;

/// <summary>A visit of names that a guest's changes would prolong for ever comes to an end.</summary>
public sealed class NamesHoldTests
{
    [Fact]
    public void Guest_ThatChangesLittle_IsNeverHeld()
    {
        var holds = new List<bool>();
        var hold = new NamesHold(holds.Add);
        for (var entries = 0L; entries < 1_000_000; entries += 1000)
            hold.Judge(entries, first: entries, again: entries / 5);
        hold.End();
        Assert.Empty(holds);
    }

    /// <summary>Each while is twice as long as the one before, so one of them is as long as any visit.</summary>
    [Fact]
    public void Guest_ThatUndoesEachVisit_IsHeldForALongEnoughWhile()
    {
        const long visitMs = 60_000;
        var heldSince = -1L;
        var longest = 0L;
        long now = 0;
        var hold = new NamesHold(held =>
        {
            if (!held)
                longest = Math.Max(longest, now - heldSince);
            heldSince = now;
        });
        for (; longest < visitMs && now < 10 * visitMs; now++)
            hold.Judge(now, first: 3000, again: now);
        Assert.InRange(longest, visitMs, 4 * visitMs);
        Assert.True(now < 10 * visitMs, "no while was long enough");
    }

    [Fact]
    public void End_LetsTheGuestGoOn()
    {
        var holds = new List<bool>();
        var hold = new NamesHold(holds.Add);
        hold.Judge(0, first: 100, again: 10_000);
        hold.End();
        hold.End();
        Assert.Equal([true, false], holds);
        Assert.False(hold.IsHolding);
    }
}
