using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET</c> and body of <c>PUT /v1/cluster/configuration</c>.</summary>
/// <param name="Version">Of cluster.xml, 16 hexadecimal digits; the ETag, to be given as If-Match. Ignored in a body.</param>
/// <param name="Port">UDP port of heartbeats, TCP port of joining; it stays as it is.</param>
/// <param name="Change">A change that is under way or was cut short; null: none. Ignored in a body.</param>
/// <param name="Witnesses">Addresses that modules without a splitbrain checker of their own ask; any that answers counts. Left out in a
/// body: they stay as they are.</param>
public sealed record ClusterFile(string? Version, int Port, ImmutableArray<ClusterLan> Lans, ChangeStatus? Change, ImmutableArray<string> Witnesses);

/// <param name="Nodes">Both, with the same names on each LAN.</param>
public sealed record ClusterLan(string Name, ImmutableArray<ClusterNode> Nodes);

/// <param name="LocalAddress">What the node itself binds, when it differs (NAT); null: the address.</param>
public sealed record ClusterNode(string Name, string Address, string? LocalAddress);

/// <summary>Body of <c>POST /v1/cluster/check</c>: one address as it is typed.</summary>
/// <param name="Kind"><c>own</c>: it must be one of this node; <c>peer</c>: it must not, and should answer; <c>witness</c>: it should answer.</param>
public sealed record AddressCheckRequest(string Address, string Kind);

/// <param name="Valid">It may be used.</param>
/// <param name="Answers">Something answers there; null: it was not asked.</param>
/// <param name="Text">What was found, as a sentence.</param>
/// <param name="Own">This node's addresses, to choose from.</param>
/// <param name="OfPeer">The other node says that it has the address; null: it was not asked, or did not say.</param>
public sealed record AddressCheck(string Address, bool Valid, bool? Answers, string Text, ImmutableArray<string> Own, bool? OfPeer = null);

/// <summary>Answer of <c>PUT /v1/cluster/configuration</c>.</summary>
public sealed record ClusterApplied(string Version, bool Finished, string? Waiting, ImmutableArray<string> Notes);
