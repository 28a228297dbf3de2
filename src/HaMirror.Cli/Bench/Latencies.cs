using System.Diagnostics;

namespace HaMirror.Cli.Bench;

/// <summary>What one load measured.</summary>
/// <param name="PerSecond">Operations.</param>
/// <param name="P50Us">Half of them took at most so long, in us.</param>
/// <param name="P99Us">99 of 100 did.</param>
internal sealed record Latencies(double PerSecond, double P50Us, double P99Us)
{
    /// <summary>Of the times that operations took, in ticks of <see cref="Stopwatch"/>.</summary>
    public static Latencies Of(List<long> ticks, TimeSpan elapsed)
    {
        ticks.Sort();
        double At(double share) => ticks[Math.Min(ticks.Count - 1, (int)(ticks.Count * share))] * 1e6 / Stopwatch.Frequency;
        return new Latencies(ticks.Count / elapsed.TotalSeconds, At(0.5), At(0.99));
    }
}
