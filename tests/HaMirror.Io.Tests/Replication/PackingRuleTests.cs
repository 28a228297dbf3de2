using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Replication;

public sealed class PackingRuleTests
{
    [Fact]
    public void LinkThatTakesAllAtOnce_PackingIsOnlySampled()
    {
        var rule = new PackingRule();
        Assert.Equal(10, Enumerable.Range(0, 10 * PackingRule.SampleInterval).Count(_ => rule.Tries(isLinkBehind: false)));
    }

    [Fact]
    public void LinkBehind_BlocksThatGetSmaller_AreAllPacked()
    {
        var rule = new PackingRule();
        for (var block = 0; block < 100; block++)
        {
            Assert.True(rule.Tries(isLinkBehind: true));
            rule.Learn(gained: true);
        }
    }

    [Fact]
    public void LinkBehind_BlocksThatDoNotGetSmaller_AreSampledUntilOneDoes()
    {
        var rule = new PackingRule();
        for (var block = 0; block < PackingRule.FailureRunMax; block++)
            rule.Learn(gained: false);
        Assert.Equal(10, Enumerable.Range(0, 10 * PackingRule.SampleInterval).Count(_ => rule.Tries(isLinkBehind: true)));
        rule.Learn(gained: true);
        Assert.True(rule.Tries(isLinkBehind: true));
    }
}
