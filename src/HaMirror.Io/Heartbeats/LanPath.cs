namespace HaMirror.Io.Heartbeats;

/// <summary>Both ends of one LAN as heartbeats need them: literal addresses or DNS names.</summary>
/// <param name="LocalAddress">What this node binds to.</param>
public sealed record LanPath(string Name, string LocalAddress, string PeerAddress);

/// <param name="Silent">Time since the peer was last heard here; null: never.</param>
/// <param name="Refusal">While nothing of the peer is heard but something comes from its address: why that does not count,
/// and what to do, as a clause ("it is of another cluster; ...").</param>
public sealed record LanHearing(LanPath Path, TimeSpan? Silent, bool Lost, string? Refusal);
