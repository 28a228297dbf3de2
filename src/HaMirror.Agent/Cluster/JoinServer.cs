using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Io.Join;

namespace HaMirror.Agent.Cluster;

/// <summary>Waits for the peer to use a join token. It listens only while one is valid; the first connection that proves
/// the secret uses it up, whatever becomes of that connection.</summary>
internal sealed class JoinServer(ILogger<JoinServer> log, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan ConversationTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Socket? _listener;
    private DateTimeOffset _expires;

    /// <summary>Until when a token waits to be used; null: none does.</summary>
    public DateTimeOffset? Expires
    {
        get
        {
            lock (_lock) return _listener is not null && _expires > clock.GetUtcNow() ? _expires : null;
        }
    }

    /// <summary>Makes a token; one that still waits is void from then on.</summary>
    /// <exception cref="Refusal">The port cannot be used.</exception>
    public JoinToken Open(ClusterMembership cluster)
    {
        Close();
        var port = cluster.Configuration.Port;
        var own = cluster.Own(cluster.Configuration.Lans[0]);
        var listener = Listen(own.LocalAddress, port);
        var secret = JoinSecret.New(own.Address, port);
        lock (_lock)
        {
            _listener = listener;
            _expires = clock.GetUtcNow() + JoinSecret.Lifetime;
        }

        new Thread(() => Serve(listener, cluster, secret)) { IsBackground = true, Name = "join" }.Start();
        return new JoinToken(secret.ToString(), _expires);
    }

    /// <summary>An address that this node does not have is told before anything is written.</summary>
    /// <exception cref="Refusal">The node cannot listen there.</exception>
    public static void RefuseForeign(string address)
    {
        try
        {
            var at = Resolve(address);
            using var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(at, 0));
        }
        catch (SocketException error)
        {
            throw new Refusal(Refusal.BadRequest, $"This node does not have the address '{address}': {error.Message}.",
                "Give this node's own name and address first, then the peer's: hamirror cluster init NODE ADDRESS PEER PEERADDRESS.");
        }
    }

    public void Dispose() => Close();

    private void Close()
    {
        lock (_lock)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    private static IPAddress Resolve(string address) =>
        IPAddress.TryParse(address, out var literal) ? literal : Dns.GetHostAddresses(address).First();

    private Socket Listen(string address, int port)
    {
        var at = Resolve(address);
        var listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(at, port));
            listener.Listen(4);
            return listener;
        }
        catch (SocketException error)
        {
            listener.Dispose();
            log.JoinPortFailed(port, error.Message);
            throw new Refusal(Refusal.Conflict, $"The join port {address}:{port} (TCP) cannot be used: {error.Message}.",
                "Check that this node has the address and that nothing else uses the port, then run 'hamirror cluster token'.");
        }
    }

    private void Serve(Socket listener, ClusterMembership cluster, JoinSecret secret)
    {
        while (Expires is not null)
        {
            try
            {
                if (!listener.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead)) continue;
                if (Grant(listener.Accept(), cluster, secret)) break;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return; // Closed: another token was made, or the agent ends.
            }
            catch (Exception error)
            {
                // This thread is nobody's: whatever a stranger's bytes lead to must not end the agent, and with it every module.
                log.JoinRefused("a stranger", error.Message);
            }
        }

        lock (_lock)
        {
            if (_listener == listener) Close();
        }
    }

    /// <returns>True when the token is used up.</returns>
    private bool Grant(Socket socket, ClusterMembership cluster, JoinSecret secret)
    {
        var from = socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        JoinChannel channel;
        try
        {
            channel = new JoinChannel(socket, server: true, secret.Secret, ConversationTimeout);
        }
        catch (IOException error)
        {
            log.JoinRefused(from, error.Message);
            return false;
        }

        using (channel)
        {
            try
            {
                var grant = new JoinGrant(ClusterXml.Write(cluster.Configuration), cluster.Key, cluster.PeerName);
                channel.Send(JsonSerializer.SerializeToUtf8Bytes(grant, JoinJson.Default.JoinGrant));
                var receipt = JsonSerializer.Deserialize(channel.Receive(), JoinJson.Default.JoinReceipt);
                log.NodeJoined(receipt?.NodeName ?? "?", from);
            }
            catch (Exception error) when (error is IOException or JsonException)
            {
                log.JoinRefused(from, error.Message);
            }
        }

        return true;
    }
}
