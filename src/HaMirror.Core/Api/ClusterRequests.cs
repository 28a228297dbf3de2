using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Body of <c>POST /v1/cluster/init</c>.</summary>
/// <param name="Node">This node's name.</param>
/// <param name="Address">This node's address on the first LAN, which is named <c>default</c>.</param>
/// <param name="Lans">Further LANs, in order.</param>
/// <param name="Replace">Replace a cluster that this node already belongs to (refused while a module runs).</param>
public sealed record ClusterInitRequest(
    string Node, string Address, string Peer, string PeerAddress, ImmutableArray<LanRequest> Lans, bool Replace)
{
    /// <summary>Addresses of witnesses; none when left out.</summary>
    public ImmutableArray<string> Witnesses { get; init; } = [];
}

/// <param name="Address">This node's address on the LAN.</param>
public sealed record LanRequest(string Name, string Address, string PeerAddress);

/// <summary>Answer of <c>cluster/init</c> and <c>cluster/token</c>.</summary>
/// <param name="Token">To be given to <c>hamirror cluster join</c> on the peer; valid once.</param>
public sealed record JoinToken(string Token, DateTimeOffset Expires);

/// <summary>Body of <c>POST /v1/cluster/join</c>.</summary>
public sealed record ClusterJoinRequest(string Token, bool Replace);
