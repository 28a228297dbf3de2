using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>cluster.xml: who the two nodes are and over which LANs they see each other.</summary>
/// <param name="Id">Random identity made at <c>cluster init</c>; nodes of different clusters refuse each other.</param>
public sealed record ClusterConfiguration(Guid Id, ImmutableArray<LanConfiguration> Lans)
{
    /// <summary>The two node names in document order; the first breaks ties.</summary>
    public ImmutableArray<string> NodeNames => [.. Lans[0].Nodes.Select(node => node.Name)];
}

/// <param name="Name">Name that heartbeats refer to.</param>
public sealed record LanConfiguration(string Name, ImmutableArray<NodeAddress> Nodes);

/// <param name="Address">What the peer dials: IPv4, IPv6 or a DNS name.</param>
/// <param name="LocalAddress">What the node itself binds to, when it differs (NAT); else equal to <paramref name="Address"/>.</param>
public sealed record NodeAddress(string Name, string Address, string LocalAddress);
