namespace HaMirror.Io.Peer;

/// <summary>Who this end of a replication link is, as its hello says it.</summary>
/// <param name="Cluster">Identity of the cluster (cluster.xml).</param>
/// <param name="Module">The module's name.</param>
/// <param name="Key">The cluster key's derivative for replication, 32 bytes.</param>
/// <param name="Encryption">TLS 1.3 beneath; both nodes must agree.</param>
public sealed record PeerIdentity(Guid Cluster, string Module, ReadOnlyMemory<byte> Key, bool Encryption)
{
    /// <summary>How long a hello may take, from the first byte to the last.</summary>
    public static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(3);
}
