namespace HaMirror.Core.Machine;

/// <summary>The replication link in use.</summary>
internal sealed class ReplicaLink(long id, bool source, PeerHello peer)
{
    public long Id { get; } = id;

    public bool Source { get; } = source;

    public PeerHello Peer { get; } = peer;

    /// <summary>Boot of the peer's process when the link came up.</summary>
    public ulong PeerBoot { get; init; }

    /// <summary>Source: Offer was sent, so the peer may take over. Target: the offer was recorded and accepted.</summary>
    public bool Committed { get; set; }

    /// <summary>Source: the target has accepted.</summary>
    public bool Accepted { get; set; }
}
