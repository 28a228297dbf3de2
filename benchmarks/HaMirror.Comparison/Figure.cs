using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>Numbers as a reader wants them: three digits that count, and none that do not.</summary>
internal static class Figure
{
    public const string None = "-";

    /// <summary>With thousands apart.</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Time(double us) => us.ToString(us < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);

    public static string Ratio(double? value) => value is { } ratio ? ratio.ToString(ratio < 10 ? "F2" : "F1", CultureInfo.InvariantCulture) : None;

    public static string Cpu(double? seconds) => seconds is { } value ? value.ToString("F2", CultureInfo.InvariantCulture) : None;
}
