using System.Net;
using System.Net.Sockets;
using HaMirror.Agent.Web;

namespace HaMirror.Agent.Tests;

public sealed class ConnectionGateTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Callers_OfOneAddress_GetHalfOfThePlacesAndOthersTheRest()
    {
        var port = FreePort();
        var served = new SemaphoreSlim(0);
        var end = new TaskCompletionSource();
        using var gate = new ConnectionGate("a test", 4, async (_, _) =>
        {
            served.Release();
            await end.Task;
        }, (what, address, reason) => Assert.Fail($"{what} {address}: {reason}"));
        gate.Listen([new IPEndPoint(IPAddress.Loopback, port)]);
        using var one = await ConnectAsync("127.0.0.1", port);
        using var two = await ConnectAsync("127.0.0.1", port);
        Assert.True(await served.WaitAsync(Deadline) && await served.WaitAsync(Deadline));
        using var third = await ConnectAsync("127.0.0.1", port);
        Assert.Equal(0, await ReadAsync(third)); // Closed at once.
        using var other = await ConnectAsync("127.0.0.2", port);
        Assert.True(await served.WaitAsync(Deadline));
        end.SetResult();
        Assert.Equal(0, await ReadAsync(one)); // Its end gives the place back, a moment after the socket is closed.
        using var limit = new CancellationTokenSource(Deadline);
        while (true)
        {
            using var again = await ConnectAsync("127.0.0.1", port);
            _ = await ReadAsync(again);
            if (await served.WaitAsync(TimeSpan.Zero, limit.Token)) return;
        }
    }

    [Fact]
    public void Address_ThatIsTaken_IsToldOnceAndTriedAgain()
    {
        var port = FreePort();
        var told = 0;
        using var gate = new ConnectionGate("a test", 4, (_, _) => Task.CompletedTask, (_, _, _) => told++);
        using (var holder = new TcpListener(IPAddress.Loopback, port))
        {
            holder.Start();
            gate.Listen([new IPEndPoint(IPAddress.Loopback, port)]);
            gate.Listen([new IPEndPoint(IPAddress.Loopback, port)]);
            Assert.Equal((1, 0), (told, gate.Open.Count));
        }

        gate.Listen([new IPEndPoint(IPAddress.Loopback, port)]);
        Assert.Single(gate.Open);
        gate.Listen([]);
        Assert.Empty(gate.Open);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<Socket> ConnectAsync(string from, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Deadline);
        return socket;
    }

    private static async Task<int> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Deadline);
        try
        {
            return await socket.ReceiveAsync(new byte[1], SocketFlags.None, limit.Token);
        }
        catch (SocketException)
        {
            return 0; // Reset: as closed.
        }
    }
}
