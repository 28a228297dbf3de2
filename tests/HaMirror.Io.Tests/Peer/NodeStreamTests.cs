using System.Net;
using System.Net.Sockets;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Tests.Peer;

public sealed class NodeStreamTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly byte[] Key = [.. Enumerable.Repeat((byte)7, 32)];

    [Fact]
    public async Task Bytes_BothWaysAtOnce_ArriveAsTheyWere()
    {
        using var limit = new CancellationTokenSource(Deadline);
        var (one, other) = await OpenAsync(Key, Key, limit.Token);
        await using (one)
        await using (other)
        {
            var forth = Enumerable.Range(0, 3 << 20).Select(at => (byte)(at * 7)).ToArray();
            var back = Enumerable.Range(0, 2 << 20).Select(at => (byte)(at * 13 + 5)).ToArray();
            var sends = Task.WhenAll(one.WriteAsync(forth, limit.Token).AsTask(), other.WriteAsync(back, limit.Token).AsTask());
            var (got, gotBack) = (new byte[forth.Length], new byte[back.Length]);
            await Task.WhenAll(other.ReadExactlyAsync(got, limit.Token).AsTask(), one.ReadExactlyAsync(gotBack, limit.Token).AsTask());
            await sends;
            Assert.Equal(forth, got);
            Assert.Equal(back, gotBack);
        }
    }

    [Fact]
    public async Task End_OfOneSide_IsTheEndOfTheOthersReading()
    {
        using var limit = new CancellationTokenSource(Deadline);
        var (one, other) = await OpenAsync(Key, Key, limit.Token);
        await using (other)
        {
            var reading = other.ReadAsync(new byte[16], limit.Token).AsTask();
            await one.DisposeAsync();
            try
            {
                Assert.Equal(0, await reading);
            }
            catch (IOException)
            {
                // A connection that broke off is an end as well.
            }
        }
    }

    [Fact]
    public async Task Handshake_WithAnotherKey_Fails()
    {
        using var limit = new CancellationTokenSource(Deadline);
        byte[] foreign = [.. Enumerable.Repeat((byte)8, 32)];
        await Assert.ThrowsAsync<IOException>(() => OpenAsync(Key, foreign, limit.Token));
    }

    [Fact]
    public async Task Handshake_WithSomebodyWhoSaysNothing_EndsWhenItsTimeIsOver()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var silent = new TcpClient();
        await silent.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var accepted = await listener.AcceptSocketAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NodeStream.OpenAsync(accepted, server: true, Key, limit.Token));
    }

    private static async Task<(NodeStream, NodeStream)> OpenAsync(byte[] key, byte[] otherKey, CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, cancellation);
        var accepted = await listener.AcceptSocketAsync(cancellation);
        var streams = await Task.WhenAll(
            NodeStream.OpenAsync(client, server: false, key, cancellation), NodeStream.OpenAsync(accepted, server: true, otherKey, cancellation));
        return (streams[0], streams[1]);
    }
}
