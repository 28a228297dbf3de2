using HaMirror.Core.Intent;

namespace HaMirror.Core.Tests.Intent;

public sealed class HotSetTests
{
    [Fact]
    public void HotSet_RandomUse_BehavesLikeAListInOrderOfUse()
    {
        var random = new Random(3);
        var set = new HotSet(16);
        var model = new List<IntentKey>();
        for (var step = 0; step < 20_000; step++)
        {
            var key = new IntentKey(0, (ulong)random.Next(3), (ulong)random.Next(12));
            var slot = set.Find(key);
            Assert.Equal(model.Contains(key), slot >= 0);
            if (slot >= 0 && random.Next(5) == 0)
            {
                set.Remove(slot);
                model.Remove(key);
                continue;
            }
            if (slot < 0)
            {
                if (set.Count == set.Capacity)
                {
                    Assert.Equal(model[0], set.Key(set.Oldest));
                    set.Remove(set.Oldest);
                    model.RemoveAt(0);
                }
                slot = set.Add(key, entering: false);
                Assert.False(set.Map(slot).ContainsAnyExcept(0UL));
            }
            set.Touch(slot, step);
            model.Remove(key);
            model.Add(key);
            Assert.Equal(step, set.Touched(slot));
            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model.Order(Comparer<IntentKey>.Create(Compare)), set.Keys.Order(Comparer<IntentKey>.Create(Compare)));
        }
    }

    [Fact]
    public void HotSet_OfTheUsualSize_CostsLessThanOneMiB()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var set = new HotSet(new HaMirror.Core.Configuration.ReplicationConfiguration { Directories = [] }.HotAreas);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 1 << 20);
        Assert.Equal(0, set.Count);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 1024)]
    [InlineData(63, 65)]
    [InlineData(100, 300)]
    [InlineData(1023, 1024)]
    public void Write_Range_SetsExactlyItsExtents(int first, int end)
    {
        var set = new HotSet(2);
        var slot = set.Add(new IntentKey(0, 1, 0), entering: false);
        set.Write(slot, first, end);
        for (var extent = 0; extent < 1024; extent++)
            Assert.Equal(extent >= first && extent < end, (set.Map(slot)[extent / 64] >> extent % 64 & 1) != 0);
    }

    private static int Compare(IntentKey one, IntentKey other) => (one.Inode, one.Area).CompareTo((other.Inode, other.Area));
}
