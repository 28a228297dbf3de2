using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using HaMirror.Core.Configuration;

namespace HaMirror.Core.Tests.Configuration;

public sealed class TimeUnitTests
{
    [Theory]
    [InlineData("300", TimeUnit.Second, 300_000_000)]
    [InlineData("700", TimeUnit.Millisecond, 700_000)]
    [InlineData("24", TimeUnit.Hour, 24L * 3600 * 1_000_000)]
    [InlineData("30000ms", TimeUnit.Millisecond, 30_000_000)]
    [InlineData("1500ms", TimeUnit.Second, 1_500_000)]
    [InlineData("500ms", TimeUnit.Second, 500_000)]
    [InlineData(" 2 s ", TimeUnit.Millisecond, 2_000_000)]
    [InlineData("1d", TimeUnit.Second, 86400L * 1_000_000)]
    [InlineData("5m", TimeUnit.Second, 300_000_000)]
    [InlineData("700us", TimeUnit.Millisecond, 700)]
    public void Duration_WithAndWithoutUnit_IsExact(string text, TimeUnit bare, long microseconds)
    {
        Assert.True(TimeUnits.TryParse(text, bare, false, out var duration, out var refusal), refusal);
        Assert.Equal(TimeSpan.FromMicroseconds(microseconds), duration);
    }

    [Theory]
    [InlineData("499ms", TimeUnit.Second, "rounds to zero in the unit of this attribute, s")]
    [InlineData("200us", TimeUnit.Millisecond, "rounds to zero in the unit of this attribute, ms")]
    [InlineData("29m", TimeUnit.Hour, "rounds to zero in the unit of this attribute, h")]
    [InlineData("0", TimeUnit.Second, "must be more than zero")]
    [InlineData("0ms", TimeUnit.Second, "must be more than zero")]
    [InlineData("", TimeUnit.Second, "is no duration")]
    [InlineData("s", TimeUnit.Second, "is no duration")]
    [InlineData("-1", TimeUnit.Second, "is no duration")]
    [InlineData("1.5s", TimeUnit.Second, "is no duration")]
    [InlineData("3 sec", TimeUnit.Second, "is no duration")]
    [InlineData("3S", TimeUnit.Second, "is no duration")]
    [InlineData("٣", TimeUnit.Second, "is no duration")]
    [InlineData("99999999999999999999", TimeUnit.Second, "longer than the longest")]
    [InlineData("3651d", TimeUnit.Second, "longer than the longest")]
    [InlineData("9223372036854775807us", TimeUnit.Second, "longer than the longest")]
    public void Duration_Malformed_IsRefusedWithTheReason(string text, TimeUnit bare, string reason)
    {
        Assert.False(TimeUnits.TryParse(text, bare, false, out _, out var refusal));
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Duration_ZeroWhereAllowed_IsZeroButSmallIsStillRefused()
    {
        Assert.True(TimeUnits.TryParse("0", TimeUnit.Hour, true, out var zero, out _));
        Assert.Equal(TimeSpan.Zero, zero);
        Assert.False(TimeUnits.TryParse("1s", TimeUnit.Hour, true, out _, out _));
    }

    /// <summary>A duration is accepted exactly when it is at least half a unit of the attribute, and then kept exactly.</summary>
    [Property(MaxTest = 500)]
    public Property Duration_AnyNumberAndUnits_KeepsValueOrRoundsToZero() => Prop.ForAll(
        Gen.Choose(1, 100_000).ToArbitrary(),
        Gen.Elements(Enum.GetValues<TimeUnit>()).ToArbitrary(),
        Gen.Elements(Enum.GetValues<TimeUnit>()).ToArbitrary(),
        (number, unit, bare) =>
        {
            var meant = new TimeSpan(number * unit.Length().Ticks);
            var expected = meant <= TimeUnits.LongestDuration && meant * 2 >= bare.Length();
            var accepted = TimeUnits.TryParse($"{number}{unit.Suffix()}", bare, false, out var duration, out _);
            return accepted == expected && (!accepted || duration == meant);
        });

    [Property(MaxTest = 500)]
    public bool Duration_AnyText_NeverThrows(string? text, TimeUnit bare)
    {
        var accepted = TimeUnits.TryParse(text ?? "", bare, true, out var duration, out var refusal);
        return accepted ? duration >= TimeSpan.Zero : refusal.Length > 0;
    }
}
