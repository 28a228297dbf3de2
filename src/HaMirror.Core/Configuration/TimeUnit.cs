using System.Globalization;

namespace HaMirror.Core.Configuration;

/// <summary>The units of durations in userconfig.xml (reference, section 2.1).</summary>
/// <remarks>
/// A duration is a whole number and one of <c>d h m s ms us</c>. A number without a unit has the unit that the attribute
/// always had, so that files written before units existed keep their meaning. A duration is kept exactly; one that would
/// round to zero in the attribute's own unit is refused, because it was meant for another unit.
/// </remarks>
public enum TimeUnit : byte
{
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
}

/// <summary>Reads durations.</summary>
public static class TimeUnits
{
    /// <summary>Longer is a mistake: ten years.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromDays(3650);

    private static readonly (string Suffix, TimeUnit Unit)[] Suffixes =
    [
        // "ms" and "us" stand before "s", which both end in.
        ("ms", TimeUnit.Millisecond), ("us", TimeUnit.Microsecond), ("d", TimeUnit.Day), ("h", TimeUnit.Hour),
        ("m", TimeUnit.Minute), ("s", TimeUnit.Second),
    ];

    /// <summary>Length of one unit.</summary>
    public static TimeSpan Length(this TimeUnit unit) => unit switch
    {
        TimeUnit.Microsecond => TimeSpan.FromTicks(TimeSpan.TicksPerMicrosecond),
        TimeUnit.Millisecond => TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond),
        TimeUnit.Second => TimeSpan.FromTicks(TimeSpan.TicksPerSecond),
        TimeUnit.Minute => TimeSpan.FromTicks(TimeSpan.TicksPerMinute),
        TimeUnit.Hour => TimeSpan.FromTicks(TimeSpan.TicksPerHour),
        TimeUnit.Day => TimeSpan.FromTicks(TimeSpan.TicksPerDay),
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "no such unit"),
    };

    /// <summary>How the unit is written after a number.</summary>
    public static string Suffix(this TimeUnit unit) => Suffixes.First(entry => entry.Unit == unit).Suffix;

    /// <summary>Reads a duration whose bare numbers count in <paramref name="bare"/>.</summary>
    /// <param name="refusal">A clause that goes on after "the value": why it was refused.</param>
    public static bool TryParse(string text, TimeUnit bare, bool zeroAllowed, out TimeSpan duration, out string refusal)
    {
        duration = default;
        refusal = "";
        var trimmed = text.Trim();
        var digits = trimmed.TakeWhile(char.IsAsciiDigit).Count();
        if (digits == 0 || !TryUnit(trimmed[digits..].TrimStart(), bare, out var unit))
        {
            refusal = $"is no duration: write a whole number and one of d, h, m, s, ms, us (without a unit it counts in {bare.Suffix()})";
            return false;
        }

        if (!long.TryParse(trimmed.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > LongestDuration.Ticks / unit.Length().Ticks)
        {
            refusal = $"is longer than the longest duration, {LongestDuration.TotalDays:0}d";
            return false;
        }

        if (number == 0 && !zeroAllowed)
        {
            refusal = $"must be more than zero; it counts in {bare.Suffix()} when no unit is given";
            return false;
        }

        var ticks = number * unit.Length().Ticks;
        if (number != 0 && ticks * 2 < bare.Length().Ticks)
        {
            refusal = $"rounds to zero in the unit of this attribute, {bare.Suffix()}: give at least half of 1{bare.Suffix()}";
            return false;
        }

        duration = TimeSpan.FromTicks(ticks);
        return true;
    }

    private static bool TryUnit(string suffix, TimeUnit bare, out TimeUnit unit)
    {
        unit = bare;
        if (suffix.Length == 0)
        {
            return true;
        }

        foreach (var entry in Suffixes)
        {
            if (entry.Suffix == suffix)
            {
                unit = entry.Unit;
                return true;
            }
        }

        return false;
    }
}
