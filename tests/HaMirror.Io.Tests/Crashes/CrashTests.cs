using HaMirror.Io.Crashes;

namespace HaMirror.Io.Tests.Crashes;

public sealed class CrashTests
{
    [Theory]
    [InlineData("record-persisted", CrashPoint.RecordPersisted, 9, 1)]
    [InlineData("block-applied:37", CrashPoint.BlockApplied, 9, 37)]
    [InlineData("frozen:stop", CrashPoint.Frozen, 19, 1)]
    [InlineData("before-offer:2:stop", CrashPoint.BeforeOffer, 19, 2)]
    public void Variable_WithAPoint_IsRead(string text, CrashPoint point, int signal, int count)
    {
        Assert.True(Crash.TryRead(text, out var armed, out _));
        Assert.Equal((point, signal, count), armed);
    }

    [Theory]
    [InlineData("no-such-point")]
    [InlineData("frozen:0")]
    [InlineData("frozen:x")]
    [InlineData("frozen:1:2")]
    [InlineData("stop")]
    public void Variable_WithSomethingElse_IsRefusedAndTheSentenceNamesThePoints(string text)
    {
        Assert.False(Crash.TryRead(text, out _, out var refusal));
        Assert.Contains(text, refusal, StringComparison.Ordinal);
        Assert.Contains("record-persisted", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Variable_NotSet_ArmsNothing(string? text)
    {
        Assert.True(Crash.TryRead(text, out var armed, out _));
        Assert.Null(armed);
    }

    [Fact]
    public void Points_AllHaveNamesOfTheirOwn() => Assert.All(Enum.GetValues<CrashPoint>(), point =>
    {
        Assert.True(Crash.TryRead(Crash.NameOf(point), out var armed, out _));
        Assert.Equal(point, armed!.Value.Point);
    });
}
