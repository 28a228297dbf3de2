namespace HaMirror.Io.Peer;

/// <summary>What dialling came to: exactly one of the two is not null.</summary>
/// <param name="Link">Both connections stand and both ends are proven.</param>
/// <param name="Refusal">Why not, as a sentence; the other end's own words when it refused.</param>
public readonly record struct PeerDialOutcome(PeerLink? Link, string? Refusal);
