// What limits a pair, from what was measured of the whole and of its parts.
// Rule: local disk and peer work at the same time, so a write takes the longer of the two, plus what HaMirror and the kernel
// add; the peer's part is at least a round trip of the link.
using System.Globalization;

namespace HaMirror.Cli.Bench;

/// <summary>Sentences for an operator.</summary>
internal static class Limit
{
    /// <summary>A part that takes at least this share of the whole is what limits.</summary>
    private const double Most = 0.5;

    /// <summary>Throughput that comes this near to a part's own is limited by it.</summary>
    private const double Near = 0.8;

    /// <summary>One sentence on latency, one on throughput.</summary>
    /// <param name="disk">Null: it could not be measured by itself.</param>
    /// <param name="link">Null: the module runs without its peer.</param>
    public static (string Latency, string Throughput) Of(FileFigures module, FileFigures? disk, LinkFigures? link) =>
        (OfLatency(module, disk, link), OfThroughput(module, disk, link));

    private static string OfLatency(FileFigures module, FileFigures? disk, LinkFigures? link)
    {
        var (whole, wholeFlush) = (module.Write.P50Us, module.Flush.P50Us);
        if (disk is not null && disk.Write.P50Us >= Most * whole && disk.Write.P50Us >= (link?.RoundTripUs ?? 0))
        {
            return Say($"Latency: this node's disk limits; it alone takes {disk.Write.P50Us:0} of {whole:0} us.");
        }

        if (link?.RoundTripUs is { } trip && trip >= Most * whole)
        {
            return Say($"Latency: the link limits; one round trip takes {trip:0} of {whole:0} us. A network of its own, and a nearer one, helps.");
        }

        if (disk is not null && disk.Flush.P50Us >= Most * wholeFlush)
        {
            return Say($"Latency: writes are limited by the CPU and the peer ({whole:0} us), flushes by this node's disk, which alone takes {disk.Flush.P50Us:0} of {wholeFlush:0} us.");
        }

        return Say($"Latency: neither this node's disk nor the link takes half of the {whole:0} us: the rest is the CPU's of both nodes, and the peer's disk for flushes.");
    }

    private static string OfThroughput(FileFigures module, FileFigures? disk, LinkFigures? link)
    {
        var whole = module.LargeBytesPerSecond;
        var megabytes = whole / 1e6;
        if (link?.BytesPerSecond is { } card && whole >= Near * card)
        {
            return Say($"Throughput: the link limits; {megabytes:0} MB/s is what a card of {card / 1e6:0} MB/s carries.");
        }

        if (disk is not null && whole >= Near * disk.LargeBytesPerSecond)
        {
            return Say($"Throughput: this node's disk limits; it alone writes {disk.LargeBytesPerSecond / 1e6:0} MB/s, the module {megabytes:0}.");
        }

        return link is null
            ? Say($"Throughput: {megabytes:0} MB/s without a peer; the CPU limits.")
            : Say($"Throughput: {megabytes:0} MB/s is less than this node's disk{(link.BytesPerSecond is null ? "" : " and the card")} could do: {(link.BytesPerSecond is null ? "the link, " : "")}the peer's disk or the CPU of either node limits. 'hamirror bench' on the peer, after a swap, tells of its disk.");
    }

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
