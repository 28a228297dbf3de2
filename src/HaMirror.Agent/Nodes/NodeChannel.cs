// HTTP over NodeStream. Each request has a time-out of its own; connections are kept for a while, and a peer that has died is
// noticed by keep-alive probes of the kernel within half a minute. Nothing of the agent ever waits for this but the one who asked.
using System.Net.Sockets;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Wire;
using HaMirror.Io.Peer;

namespace HaMirror.Agent.Nodes;

/// <summary>Asks the other node.</summary>
internal sealed class NodeChannel : IDisposable
{
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3); // per LAN
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);
    private const int ConnectionsMax = 48;
    private const int KeepAliveIdleSeconds = 5, KeepAliveIntervalSeconds = 5, KeepAliveProbes = 4;

    private readonly NodeService _node;
    private readonly HttpClient _client;

    public NodeChannel(NodeService node)
    {
        _node = node;
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) => await ConnectAsync(cancellation),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = ConnectionsMax,
            PooledConnectionIdleTimeout = IdleTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), // A cluster that was made anew has another key.
        })
        { BaseAddress = new Uri("http://peer"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The answer's head; its body is still to be read.</summary>
    /// <param name="timeout">Until the head is there.</param>
    /// <exception cref="Refusal">The other node cannot be reached or does not answer in time.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellation)
    {
        var peer = (_node.Membership ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.")).PeerName;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout != Timeout.InfiniteTimeSpan) deadline.CancelAfter(timeout);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        }
        catch (HttpRequestException error)
        {
            throw new Refusal(StatusCodes.Status502BadGateway, $"Node {peer} does not answer: {(error.InnerException ?? error).Message.TrimEnd('.')}.",
                $"Its modules may run all the same: look at it there, and at TCP port {(_node.Membership is { } cluster ? NodeChannelListener.Port(cluster) : 0)} between the nodes.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new Refusal(StatusCodes.Status504GatewayTimeout, $"Node {peer} did not answer within {timeout.TotalSeconds:0} s.", "Look at it there: 'systemctl status hamirrord'.");
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Over the first LAN that leads there.</summary>
    private async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var cluster = _node.Membership ?? throw new IOException("This node belongs to no cluster.");
        Exception? last = null;
        foreach (var lan in cluster.Configuration.Lans)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            deadline.CancelAfter(ConnectTimeout);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                KeepAlive(socket);
                await socket.ConnectAsync(cluster.Other(lan).Address.Trim('[', ']'), NodeChannelListener.Port(cluster), deadline.Token);
                return await NodeStream.OpenAsync(socket, server: false, ClusterKey.Derive(cluster.Key, KeyUse.Requests), deadline.Token);
            }
            catch (Exception error) when (error is SocketException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                socket.Dispose();
                last = error is OperationCanceledException ? new IOException($"no connection over LAN {lan.Name} within {ConnectTimeout.TotalSeconds:0} s.") : error;
            }
        }

        throw new IOException(last?.Message ?? "The cluster has no LAN.", last);
    }

    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }
}
