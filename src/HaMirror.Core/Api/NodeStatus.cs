using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Everything that <c>hamirror status</c> shows of this node.</summary>
/// <param name="Node">This node's name; empty before <c>cluster init</c> or <c>cluster join</c>.</param>
/// <param name="Peer">The peer's name; empty as above.</param>
public sealed record NodeStatus(
    string Node, string Peer, string Version, DateTimeOffset Started, ImmutableArray<LanStatus> Lans,
    ImmutableArray<ModuleStatus> Modules);

/// <param name="SilentMilliseconds">Time since the peer was last heard on this LAN; null: never.</param>
/// <param name="Lost">Nothing was heard on this LAN for the heartbeat time-out.</param>
/// <param name="Refusal">The peer is not heard, but something comes from its address: why that does not count and what to do
/// ("it is of another cluster; ..."). Null: nothing comes, or the peer is heard.</param>
public sealed record LanStatus(
    string Name, string Address, string PeerAddress, double? SilentMilliseconds, bool Lost, string? Refusal = null);

/// <summary>Answer of <c>GET /v1/cluster</c>.</summary>
/// <param name="Id">The cluster's identity, 32 hexadecimal digits.</param>
/// <param name="PeerHeard">The peer is heard on any LAN.</param>
/// <param name="TokenExpires">A join token waits to be used until then; null: none does.</param>
public sealed record ClusterStatus(
    string Id, string Node, string Peer, bool PeerHeard, ImmutableArray<LanStatus> Lans, DateTimeOffset? TokenExpires)
{
    /// <summary>Addresses that modules without a splitbrain checker of their own ask when the peer is silent.</summary>
    public ImmutableArray<string> Witnesses { get => field.IsDefault ? [] : field; init; } // An answer without it leaves it unset.
}
