using System.Collections.Immutable;
using System.Globalization;

namespace HaMirror.Simulator;

/// <summary>All that is done to a pair, in order: with the seed of its options it decides the whole history.</summary>
public sealed record Story(PairOptions Options, ImmutableList<Story.Step> Steps)
{
    /// <summary>A command and the time that passes before it.</summary>
    /// <param name="Delay">Microseconds.</param>
    /// <param name="Command">See <see cref="StoryLine"/>; empty: only the time passes.</param>
    public sealed record Step(long Delay, string Command);

    /// <summary>As text that <see cref="Scenario"/> plays.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Options.ToString();
        foreach (var step in Steps)
        {
            if (step.Delay > 0) yield return $"run {Seconds(step.Delay)}";
            if (step.Command.Length > 0) yield return step.Command;
        }
    }

    /// <summary>Microseconds as the text of a time.</summary>
    public static string Seconds(long microseconds) => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1e6:0.######}s");

    /// <summary>The text of a time as microseconds.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static long Microseconds(string time) =>
        (long)Math.Round(double.Parse(time.TrimEnd('s'), CultureInfo.InvariantCulture) * 1_000_000);
}
