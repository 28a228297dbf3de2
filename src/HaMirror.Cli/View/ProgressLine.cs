// The one line that a long task shows while it runs: rewritten in place on a terminal, and now and then a line in a file.
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace HaMirror.Cli.View;

/// <summary>Shows how far something is.</summary>
internal sealed class ProgressLine(IAnsiConsole screen)
{
    /// <summary>Where lines stay, they come seldom.</summary>
    private static readonly TimeSpan FilePeriod = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _sinceLine = new();
    private int _width;

    /// <param name="what">Plain text.</param>
    public void Show(string what)
    {
        if (screen.Profile.Out.IsTerminal)
        {
            screen.Profile.Out.Writer.Write("\r" + what.PadRight(_width));
            screen.Profile.Out.Writer.Flush();
            _width = what.Length;
        }
        else if (!_sinceLine.IsRunning || _sinceLine.Elapsed >= FilePeriod)
        {
            screen.WriteLine(what);
            _sinceLine.Restart();
        }
    }

    /// <summary>What follows begins on a line of its own.</summary>
    public void End()
    {
        if (_width == 0)
            return;
        screen.Profile.Out.Writer.Write("\r" + new string(' ', _width) + "\r");
        screen.Profile.Out.Writer.Flush();
        _width = 0;
    }

    /// <summary>Percent, bytes, rate and time left, as all long tasks show them.</summary>
    public static string Of(double percent, double done, double total, double rate, double? secondsLeft) =>
        string.Create(CultureInfo.InvariantCulture, $"{percent:0.0} %, ") + $"{Words.Size(done)} of {Words.Size(total)}, {Words.Size(rate)}/s"
        + (secondsLeft is { } seconds ? $", {Words.Duration(seconds)} left" : "");
}
