// Callers that mean no good, or are only slow: whatever they do to the API, the module's two nodes stay what they are, the guest's writes
// go on, no beat is late, and the agent's memory stays bounded (docs/ports.md, "Limits").
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class SlowCallerTests(ITestOutputHelper output)
{
    private const int IdleCallers = 1000, BadRequests = 10_000;

    /// <summary>locktimeout and the time-out of the heartbeats: a write that waits longer has cost the standby.</summary>
    private const double StallMax = 3;

    /// <summary>More than all buffers, queues and limits of the API together.</summary>
    private const long GrowthMaxBytes = 256L << 20;

    [Fact]
    public async Task Module_UnderBadCallers_StaysGreenAndWritesGoOn()
    {
        await using var stage = await StageAsync();
        var (pair, writer) = (stage.Pair, stage.Writer);
        var before = await writer.MeasureAsync(TimeSpan.FromSeconds(5));
        var memory = Memory(pair.One);
        foreach (var (what, attack) in new (string, Func<AgentPair, Task>)[]
        {
            ("idle connections", IdleAsync), ("half-sent requests", HalfSentAsync), ("readers who do not read", DeafReadersAsync), ("bad requests", BadRequestsAsync), ("TLS handshakes that are none", NoHandshakesAsync),
        })
        {
            var during = await writer.MeasureAsync(() => attack(pair));
            var now = Memory(pair.One);
            output.WriteLine($"{what}: {during.PerSecond:0} flushed writes a second (before: {before.PerSecond:0}), the longest {during.Longest * 1000:0} ms, memory {now >> 20} MiB (before: {memory >> 20} MiB)");
            Assert.True(during.PerSecond > before.PerSecond / 20, $"{what}: {during.PerSecond:0} flushed writes a second instead of {before.PerSecond:0}.");
            Assert.True(during.Longest < StallMax, $"{what}: a write took {during.Longest:0.0} s.\n{pair.Story}");
            Assert.True(now - memory < GrowthMaxBytes, $"{what}: the agent has grown from {memory >> 20} MiB to {now >> 20} MiB.");
            stage.StaysGreen(what);
        }

        // Who comes afterwards, in good faith, is served; the command line always was.
        using var client = new ConsoleClient(pair.One);
        await Deadline.HoldsAsync("the port takes callers again", AgentProcess.Patience * 3, async () =>
        {
            try
            {
                return await client.StatusOfAsync(HttpMethod.Get, ConsolePath.Health) == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => pair.Story);
    }

    /// <summary>From eight addresses, so that every place is taken.</summary>
    private static async Task IdleAsync(AgentPair pair)
    {
        var idle = new List<Socket>();
        try
        {
            for (var count = 0; count < IdleCallers; count++) idle.Add(await ConnectAsync(pair.One, 9010, $"127.210.0.{1 + count % 8}"));
            for (var count = 0; count < 100; count++) idle.Add(await ConnectAsync(pair.One, 4801, $"127.210.0.{1 + count % 8}"));
            Assert.NotNull(await pair.One.StatusAsync()); // By the socket, whatever happens on the port.
            Assert.Equal("n2", (await pair.One.GetAsync(ConsolePath.At("n2", ApiPath.Status), ApiJson.Default.NodeStatus)).Node); // And the other node, over its own channel.
            await Task.Delay(TimeSpan.FromSeconds(3)); // Idle is what they are to be for a while.
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>Headers and bodies that come a letter at a time.</summary>
    private static async Task HalfSentAsync(AgentPair pair)
    {
        var slow = new List<Socket>();
        try
        {
            for (var count = 0; count < 120; count++)
            {
                var socket = await ConnectAsync(pair.One, 9010, $"127.211.0.{1 + count % 4}");
                slow.Add(socket);
                await SendAsync(socket, count % 2 == 0 ? "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: " : "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{");
            }

            for (var letter = 0; letter < 30; letter++)
            {
                foreach (var socket in slow) await SendAsync(socket, "a");
                await Task.Delay(TimeSpan.FromMilliseconds(500)); // Slow is what they are to be.
            }

            var open = slow.Count(IsOpen);
            Assert.True(open < slow.Count / 4, $"{open} of {slow.Count} callers who do not get on are still served after 15 s.");
        }
        finally
        {
            slow.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>Streams of events, logs and archives that nobody takes.</summary>
    private static async Task DeafReadersAsync(AgentPair pair)
    {
        var key = await pair.One.AddKeyAsync("deaf" + Random.Shared.Next().ToString(CultureInfo.InvariantCulture), "admin");
        var deaf = new List<Socket>();
        try
        {
            foreach (var path in new[] { ConsolePath.Events, ApiPath.Module(AgentPair.Module, "log?follow=true&lines=2000"), ConsolePath.Support, ConsolePath.At("n2", ConsolePath.Events), ConsolePath.At("n2", ConsolePath.Support) })
            {
                for (var count = 0; count < 16; count++)
                {
                    var socket = await ConnectAsync(pair.One, 9010, "127.212.0.1", receiveBytes: 4096);
                    deaf.Add(socket);
                    await SendAsync(socket, $"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
                }
            }

            for (var count = 0; count < 2000; count++)
                await pair.One.SayResourceAsync(AgentPair.Module, "custom.noise", count % 2 == 0 ? "down" : "up"); // Something to be told.
            Assert.NotNull(await pair.One.StatusAsync());
        }
        finally
        {
            deaf.ForEach(socket => socket.Dispose());
        }
    }

    private static Task BadRequestsAsync(AgentPair pair) => Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
    {
        string[] bad =
        [
            "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{bad}", "GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hmk1-bad\r\n\r\n",
            "GET /" + new string('a', 20_000) + " HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 500)) + "\r\n", "POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
            "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", "DELETE /v1/modules/m1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ];
        var answer = new byte[4096];
        for (var count = 0; count < BadRequests / 8; count++)
        {
            try
            {
                using var socket = await ConnectAsync(pair.One, 9010, $"127.213.0.{1 + lane}");
                await SendAsync(socket, bad[count % bad.Length]);
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                await socket.ReceiveAsync(answer, limit.Token);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // Broken off: as good an answer.
            }
        }
    }));

    private static async Task NoHandshakesAsync(AgentPair pair)
    {
        var callers = new List<Socket>();
        try
        {
            for (var count = 0; count < 300; count++)
            {
                var socket = await ConnectAsync(pair.One, count % 2 == 0 ? 4801 : 5600, $"127.214.0.{1 + count % 16}");
                callers.Add(socket);
                await SendAsync(socket, count % 3 == 0 ? "\x16\x03\x01\x40\x00" : count % 3 == 1 ? "GET / HTTP/1.1\r\n\r\n" : "");
            }

            await Task.Delay(TimeSpan.FromSeconds(3)); // They stay for a while.
        }
        finally
        {
            callers.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<Socket> ConnectAsync(AgentProcess agent, int port, string from, int? receiveBytes = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBytes is { } bytes) socket.ReceiveBufferSize = bytes;
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(agent.Address), port), limit.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // Refused or not taken up: the agent's good right.
        }

        return socket;
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await socket.SendAsync(Encoding.Latin1.GetBytes(text), limit.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // Closed by the agent: that is what is hoped for.
        }
    }

    private static bool IsOpen(Socket socket)
    {
        try
        {
            var answer = new byte[4096];
            while (socket.Connected && socket.Poll(0, SelectMode.SelectRead))
            {
                if (socket.Receive(answer) == 0) return false; // After whatever it was told.
            }

            return socket.Connected;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Resident bytes.</summary>
    private static long Memory(AgentProcess agent) =>
        long.Parse(File.ReadLines($"/proc/{agent.Id}/status").First(line => line.StartsWith("VmRSS:")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;

    private static async Task<GreenStage> StageAsync()
    {
        var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.StartAsync();
        return await GreenStage.CreateAsync(pair);
    }
}
