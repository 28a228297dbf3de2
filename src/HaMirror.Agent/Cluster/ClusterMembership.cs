using System.Collections.Immutable;
using HaMirror.Core.Configuration;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Agent.Cluster;

/// <summary>The cluster as this node sees it: which of the two nodes it is, and the key.</summary>
/// <param name="Key">The 32 bytes of cluster.key.</param>
internal sealed record ClusterMembership(ClusterConfiguration Configuration, string NodeName, byte[] Key)
{
    public string PeerName => Configuration.NodeNames.First(name => name != NodeName);

    /// <summary>The tie-break where nothing else decides.</summary>
    public bool IsFirstNode => Configuration.NodeNames[0] == NodeName;

    public ImmutableArray<LanPath> Paths =>
        [.. Configuration.Lans.Select(lan => new LanPath(lan.Name, Own(lan).LocalAddress, Other(lan).Address))];

    public NodeAddress Own(LanConfiguration lan) => lan.Nodes.First(node => node.Name == NodeName);

    public NodeAddress Other(LanConfiguration lan) => lan.Nodes.First(node => node.Name != NodeName);
}
