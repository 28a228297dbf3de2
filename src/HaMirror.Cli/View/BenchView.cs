// A report of bench for a person.
using System.Globalization;
using HaMirror.Cli.Bench;
using Spectre.Console;

namespace HaMirror.Cli.View;

/// <summary>Prints it.</summary>
internal static class BenchView
{
    public static void Write(IAnsiConsole screen, BenchReport report)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("", $"module {Markup.Escape(report.Module)}", "this node's disk alone");
        void Add(string what, Func<FileFigures, string> figure) =>
            table.AddRow(what, figure(report.Through), report.Disk is { } disk ? figure(disk) : "-");
        Add("4 KiB write", figures => Time(figures.Write));
        Add("4 KiB write + flush", figures => Time(figures.Flush));
        Add("4 KiB read", figures => Time(figures.Read));
        Add("4 KiB writes, 16 at a time", figures => string.Create(CultureInfo.InvariantCulture, $"{figures.WriteMany.PerSecond:N0}/s"));
        Add("1 MiB writes, 4 at a time", figures => string.Create(CultureInfo.InvariantCulture, $"{figures.LargeBytesPerSecond / 1e6:N0} MB/s"));
        screen.Write(table);
        screen.MarkupLine(Markup.Escape(Link(report)));
        if (report.DiskNote is { } note)
        {
            screen.MarkupLine(Markup.Escape(note));
        }

        screen.MarkupLine(Markup.Escape(report.Latency));
        screen.MarkupLine(Markup.Escape(report.Throughput));
        screen.MarkupLine("[grey]A VM that runs meanwhile takes its share of all of this.[/]");
    }

    private static string Link(BenchReport report)
    {
        if (report.Link is not { } link)
        {
            return "The module runs without its peer: no link was measured.";
        }

        var trip = link.RoundTripUs is { } us ? string.Create(CultureInfo.InvariantCulture, $"{us:0} us a round trip") : "the peer does not answer on TCP 4800";
        var card = link.BytesPerSecond is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"the card is set to {bytes / 1e6:N0} MB/s") : "the card does not say its speed";
        return $"Link (LAN {link.Lan}): {trip}; {card}.";
    }

    private static string Time(Latencies figures) =>
        string.Create(CultureInfo.InvariantCulture, $"{figures.P50Us:0} us (p99 {figures.P99Us:0}), {figures.PerSecond:N0}/s");
}
