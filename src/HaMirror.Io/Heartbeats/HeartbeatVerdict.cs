namespace HaMirror.Io.Heartbeats;

/// <summary>What became of a datagram.</summary>
public enum HeartbeatVerdict : byte
{
    /// <summary>From the peer's present life, said to this node's present life, for the first time.</summary>
    Accepted,

    /// <summary>Authentic, but it does not know this node's life yet: it may be old. To be answered, so that the next one does.</summary>
    Unproven,

    /// <summary>Not a heartbeat, or one cut short.</summary>
    Malformed,

    OtherVersion,

    OtherCluster,

    /// <summary>Authentication failed: forged, damaged, or made with another key.</summary>
    Forged,

    /// <summary>Seen before, or this node's own come back.</summary>
    Replayed,

    /// <summary>From a life of the peer that has ended.</summary>
    Retired,
}
