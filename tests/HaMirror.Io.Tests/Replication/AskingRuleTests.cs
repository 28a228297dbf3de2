using HaMirror.Core.Machine;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Replication;

public sealed class AskingRuleTests
{
    [Fact]
    public void CopyAll_Always_SendsAtOnce()
    {
        var rule = new AskingRule(ResyncPlan.CopyAll);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(Asking.Sends, rule.Next()));
    }

    [Theory]
    [InlineData(ResyncPlan.Dirty)]
    [InlineData(ResyncPlan.Leftover)]
    [InlineData(ResyncPlan.CompareAll)]
    public void EqualBlocks_OneAfterTheOther_AreAskedForByOneHash(ResyncPlan plan)
    {
        var rule = new AskingRule(plan);
        for (var block = 0; block < 100; block++)
        {
            Assert.Equal(Asking.Whole, rule.Next());
            rule.Learn(128, 0);
        }
    }

    [Fact]
    public void DifferentBlocks_InARow_AreSentAtOnceButForSamples()
    {
        var rule = Sending();
        var asked = 0;
        for (var block = 0; block < 10 * AskingRule.SampleInterval; block++)
            if (rule.Next() != Asking.Sends)
            {
                asked++;
                rule.Learn(128, 128);
            }
        Assert.Equal(10, asked);
    }

    [Fact]
    public void Sample_Unanswered_LetsOnlySoMuchGo()
    {
        var rule = Sending();
        var sent = 0;
        for (Asking next; (next = rule.Next()) != Asking.Waits;)
            sent += next == Asking.Sends ? 1 : 0;
        Assert.Equal(2 * (AskingRule.SampleInterval - 1), sent);
        rule.Forget();
        Assert.Equal(Asking.Extents, rule.Next());
    }

    [Fact]
    public void EqualSample_WhileSending_AsksAgain()
    {
        var rule = Sending();
        while (rule.Next() == Asking.Sends)
        {
        }
        rule.Learn(128, 0);
        Assert.False(rule.IsSending);
        Assert.NotEqual(Asking.Sends, rule.Next());
    }

    [Fact]
    public void SingleExtents_Different_AreAskedForOneByOneUntilTheyGetRare()
    {
        var rule = new AskingRule(ResyncPlan.Dirty);
        rule.Learn(128, 1);
        Assert.Equal(Asking.Extents, rule.Next());
        for (var block = 0; block < 4; block++)
            rule.Learn(128, 0);
        Assert.Equal(Asking.Whole, rule.Next());
        for (var block = 0; block < 100; block++)
            rule.Learn(128, 64);
        Assert.False(rule.IsSending);
    }

    private static AskingRule Sending()
    {
        var rule = new AskingRule(ResyncPlan.Dirty);
        for (var block = 0; block < AskingRule.DifferentRunMax; block++)
            rule.Learn(128, 128);
        Assert.True(rule.IsSending);
        return rule;
    }
}
