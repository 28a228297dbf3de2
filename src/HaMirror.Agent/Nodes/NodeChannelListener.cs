// TCP on the port above the cluster's (4801): the other node's requests to this node's API. Whoever completes the handshake holds
// the cluster's key. It listens on this node's own address of every LAN, so that one that is cut costs nothing.
using System.Net;
using System.Net.Sockets;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Web;
using HaMirror.Core.Wire;
using HaMirror.Io.Peer;

namespace HaMirror.Agent.Nodes;

/// <summary>Accepts the peer's requests.</summary>
internal sealed class NodeChannelListener : LastingPart
{
    private const int ConnectionsMax = 64;
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(2);

    private readonly NodeService _node;
    private readonly ArrivalTransport _transport;
    private readonly ConnectionGate _gate;

    public NodeChannelListener(NodeService node, ArrivalTransport transport, ILogger<NodeChannelListener> log)
    {
        (_node, _transport, Log) = (node, transport, log);
        _gate = new ConnectionGate("the other node's requests", ConnectionsMax, WelcomeAsync, (what, address, reason) => log.ListenFailed(what, address.ToString(), reason));
    }

    /// <summary>The port of requests between the nodes.</summary>
    public static int Port(ClusterMembership cluster) => cluster.Configuration.Port + 1;

    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    protected override ILogger Log { get; }

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookPeriod);
        do _gate.Listen(await AddressesAsync(stopping));
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<IReadOnlyCollection<IPEndPoint>> AddressesAsync(CancellationToken cancellation)
    {
        if (_node.Membership is not { } cluster) return [];
        var addresses = new HashSet<IPEndPoint>();
        foreach (var lan in cluster.Configuration.Lans)
        {
            var text = cluster.Own(lan).LocalAddress;
            try
            {
                var address = IPAddress.TryParse(text, out var literal) ? literal : (await Dns.GetHostAddressesAsync(text, cancellation)).First();
                addresses.Add(new IPEndPoint(address, Port(cluster)));
            }
            catch (Exception error) when (error is SocketException or InvalidOperationException)
            {
                // A name that does not resolve now: the heartbeats say so, and it is looked up again soon.
            }
        }

        return addresses;
    }

    private async Task WelcomeAsync(Socket socket, CancellationToken deadline)
    {
        if (_node.Membership is not { } cluster) return;
        var (remote, local) = (socket.RemoteEndPoint as IPEndPoint, socket.LocalEndPoint);
        var stream = await NodeStream.OpenAsync(socket, server: true, ClusterKey.Derive(cluster.Key, KeyUse.Requests), deadline);
        await _transport.HandAsync(stream, new Arrival(ArrivalKind.Peer, remote, Secure: true), local);
    }
}
