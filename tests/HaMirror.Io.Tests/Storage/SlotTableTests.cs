using HaMirror.Io.Storage;

namespace HaMirror.Io.Tests.Storage;

/// <summary>Where the bytes of requests stand.</summary>
public sealed unsafe class SlotTableTests
{
    [Fact]
    public void Slots_AfterALargeRequest_StandInOtherPagesUntilNothingIsUnderWay()
    {
        using var slots = new SlotTable();
        var (first, second) = (slots.PeekFree(0), slots.PeekFree(1));
        var (firstSmall, secondSmall) = ((nint)first.Request.Data, (nint)second.Request.Data);
        slots.Take(1);

        slots.Swell(first, SlotTable.KeptBytes + 1);

        Assert.Equal(firstSmall, (nint)first.Request.Data); // its bytes are there already
        Assert.NotEqual(secondSmall, (nint)second.Request.Data);
        *second.Request.Data = 7;
        slots.Free(first);
        Assert.NotEqual(firstSmall, (nint)first.Request.Data);

        slots.Shrink();

        Assert.Equal((firstSmall, secondSmall), ((nint)first.Request.Data, (nint)second.Request.Data));
    }

    [Fact]
    public void Slots_AfterSmallRequests_StayWhereTheyAre()
    {
        using var slots = new SlotTable();
        var before = (nint)slots.PeekFree(1).Request.Data;
        var slot = slots.PeekFree(0);
        slots.Take(1);

        slots.Swell(slot, SlotTable.KeptBytes);

        Assert.False(slot.IsSwollen);
        Assert.Equal(before, (nint)slots.PeekFree(0).Request.Data);
    }

    [Fact]
    public void Slot_WhoseMemoryWasReplaced_KeepsItsOwnThroughLargeAndSmall()
    {
        using var slots = new SlotTable();
        var slot = slots.PeekFree(0);
        slots.Take(1);
        var before = (nint)slot.Request.Data;
        slots.Replace(slot);
        var own = (nint)slot.Request.Data;

        slots.Swell(slot, SlotTable.DataBytes);
        slots.Free(slot);
        *slot.Request.Data = 7;
        slots.Shrink();

        Assert.NotEqual(before, own);
        Assert.Equal(own, (nint)slot.Request.Data);
        Assert.Equal(0, *slot.Request.Data); // given back
    }
}
