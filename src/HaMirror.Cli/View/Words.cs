// States, conditions, sizes and times in words and colours. A colour never says what no word says.
using System.Globalization;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.View;

/// <summary>Words for what the API numbers and names; all return Spectre markup.</summary>
internal static class Words
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>State and phase, as in <c>PRIM Ready</c> in green.</summary>
    public static string State(string state, string phase)
    {
        var colour = phase switch { "Ready" => "green", "Transient" => "darkorange", _ => "red" };
        return $"[{colour}]{Markup.Escape(state)} {Markup.Escape(phase)}[/]";
    }

    /// <summary>A replica's condition.</summary>
    public static string Condition(string condition) => condition switch
    {
        "UpToDate" => "[green]up to date[/]",
        "Outdated" => "[yellow]outdated[/] (consistent, but older)",
        "Inconsistent" => "[red]inconsistent[/] (a resync has begun and not ended)",
        _ => "[yellow]not known to be up to date[/]",
    };

    /// <summary>A LAN and when the peer was last heard there.</summary>
    public static string Lan(LanStatus lan)
    {
        var heard = lan.SilentMilliseconds switch
        {
            null => "[red]never heard[/]",
            { } silent when lan.Lost => $"[red]silent for {Duration(silent / 1000)}[/]",
            { } silent => string.Create(CultureInfo.InvariantCulture, $"[green]heard[/] {silent:0} ms ago"),
        };
        var refusal = lan.Refusal is { } why ? $", [red]what comes from {Markup.Escape(lan.PeerAddress)} is refused[/]: {Markup.Escape(why)}" : "";
        return $"LAN {Markup.Escape(lan.Name)}  {Markup.Escape(lan.Address)} - {Markup.Escape(lan.PeerAddress)}  {heard}{refusal}";
    }

    /// <summary>A log line's text, coloured by its level.</summary>
    public static string Log(string level, string text) => level switch
    {
        "Critical" => $"[red]C {Markup.Escape(text)}[/]",
        "Warning" => $"[yellow]W {Markup.Escape(text)}[/]",
        "Event" => $"E {Markup.Escape(text)}",
        _ => $"[grey]D {Markup.Escape(text)}[/]",
    };

    /// <summary>Bytes, in binary units.</summary>
    public static string Size(double bytes)
    {
        var unit = 0;
        while (bytes >= 1024 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 || bytes >= 100 ? Math.Floor(bytes) : bytes):0.#} {Units[unit]}");
    }

    /// <summary>A time in the two largest units that it has.</summary>
    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.MaxValue.TotalSeconds / 2));
        return time switch
        {
            { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s"),
            { TotalMinutes: < 1 } => $"{time.Seconds} s",
            { TotalHours: < 1 } => $"{time.Minutes} min {time.Seconds} s",
            { TotalDays: < 1 } => $"{time.Hours} h {time.Minutes} min",
            _ => $"{time.Days} d {time.Hours} h",
        };
    }
}
