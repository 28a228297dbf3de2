// The network between the nodes without HaMirror: how long a round trip takes, and what the card says that it carries.
// A refused connection takes a round trip as an accepted one does, so nothing has to listen.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace HaMirror.Cli.Bench;

/// <summary>One LAN.</summary>
/// <param name="RoundTripUs">The median of many; null: nothing came back.</param>
/// <param name="BytesPerSecond">What the interface is set to; null: it does not say.</param>
internal sealed record LinkFigures(string Lan, double? RoundTripUs, double? BytesPerSecond)
{
    private const int Tries = 50;
    private const int Port = 4800; // heartbeats and joining: firewalls let it through
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <param name="address">Of this node in it.</param>
    public static async Task<LinkFigures> MeasureAsync(string lan, string address, string peer, CancellationToken cancellation)
    {
        var times = new List<long>();
        for (var count = 0; count < Tries; count++)
        {
            if (await RoundTripAsync(address, peer, cancellation) is not { } ticks)
            {
                return new LinkFigures(lan, null, Nominal(address));
            }

            times.Add(ticks);
        }

        return new LinkFigures(lan, Latencies.Of(times, Patience).P50Us, Nominal(address));
    }

    private static async Task<long?> RoundTripAsync(string address, string peer, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            var begin = Stopwatch.GetTimestamp();
            try
            {
                await socket.ConnectAsync(IPAddress.Parse(peer), Port, limit.Token);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // The answer that was waited for.
            }

            return Stopwatch.GetTimestamp() - begin;
        }
        catch (Exception e) when (e is SocketException or FormatException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static double? Nominal(string address)
    {
        var of = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(card =>
            card.GetIPProperties().UnicastAddresses.Any(own => own.Address.ToString() == address));
        try
        {
            return of is not null && double.TryParse(File.ReadAllText($"/sys/class/net/{of.Name}/speed"), CultureInfo.InvariantCulture, out var megabits) && megabits > 0
                ? megabits * 1e6 / 8
                : null;
        }
        catch (IOException)
        {
            return null; // a bridge or a tunnel has no speed
        }
    }
}
