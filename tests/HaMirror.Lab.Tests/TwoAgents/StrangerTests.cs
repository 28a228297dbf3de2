// Bytes of strangers at the ports between the nodes, from the peer's address too: random ones, cut ones, real heartbeats damaged. No agent
// ends, no state changes, the guest's writes go on.
using System.Net;
using System.Net.Sockets;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class StrangerTests(ITestOutputHelper output)
{
    private const int Beats = 4800, Requests = 4801, Replication = 5600;
    private const int Datagrams = 3000, Connections = 200, Seed = 20261126;

    [Fact]
    public async Task Bytes_OfStrangers_EndNothingAndChangeNoState()
    {
        var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await pair.StartAsync();
        await using var stage = await GreenStage.CreateAsync(pair);
        var random = new Random(Seed);
        var during = await stage.Writer.MeasureAsync(async () =>
        {
            using (var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            using (var neighbour = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            {
                stranger.Bind(new IPEndPoint(IPAddress.Parse("127.220.0.1"), 0));
                neighbour.Bind(new IPEndPoint(IPAddress.Parse(pair.Two.Address), 0)); // The peer's address, another port.
                foreach (var target in new[] { pair.One, pair.Two })
                {
                    for (var count = 0; count < Datagrams; count++)
                        await (count % 2 == 0 ? stranger : neighbour).SendToAsync(Bytes(random, count), new IPEndPoint(IPAddress.Parse(target.Address), Beats));
                }
            }

            stage.StaysGreen("datagrams");
            await pair.One.PostAsync(ApiPath.ClusterToken, new ActionRequest(null, null), ApiJson.Default.ActionRequest, ApiJson.Default.JoinToken); // Then TCP 4800 is open.
            foreach (var port in new[] { Beats, Requests, Replication })
            {
                for (var count = 0; count < Connections; count++) await TalkAsync(pair.One, port, Bytes(random, count));
                stage.StaysGreen($"connections to {port}");
            }
        });
        output.WriteLine($"{during.PerSecond:0} flushed writes a second, the longest {during.Longest * 1000:0} ms");
        Assert.InRange(during.Longest, 0, 3);
        Assert.NotNull((await pair.One.GetAsync(ApiPath.Cluster, ApiJson.Default.ClusterStatus)).TokenExpires); // Nobody has used the token up.
        Assert.DoesNotContain(await pair.One.GetAsync(ConsolePath.Nodes, ConsoleJson.Default.ImmutableArrayNodeSummary), node => !node.Reachable);
    }

    /// <summary>Random bytes, or what begins like a TLS handshake or a frame of any length.</summary>
    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count % 7 == 0 ? random.Next(0, 4) : random.Next(1, 1400)];
        random.NextBytes(bytes);
        byte[] head = (count % 5) switch { 0 => [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], 1 => "HMHB"u8.ToArray(), 2 => [0xFF, 0xFF, 0xFF, 0x7F], _ => [] };
        head.AsSpan(0, Math.Min(head.Length, bytes.Length)).CopyTo(bytes);
        return bytes;
    }

    private static async Task TalkAsync(AgentProcess agent, int port, byte[] bytes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(agent.Address), port), limit.Token);
            await socket.SendAsync(bytes, limit.Token);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // Refused, or broken off: as it should be.
        }
    }
}
