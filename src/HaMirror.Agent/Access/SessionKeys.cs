using System.Security.Cryptography;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Wire;

namespace HaMirror.Agent.Access;

/// <summary>What sessions are signed with: the cluster's key, so that both nodes know them. A session begun before there was a
/// cluster is signed by this process, and goes on when the cluster is made through the console.</summary>
internal sealed class SessionKeys(NodeService node)
{
    private readonly byte[] _own = RandomNumberGenerator.GetBytes(ClusterKey.Bytes);

    public byte[] Signing => Shared ?? _own;

    public IEnumerable<byte[]> Good => Shared is { } shared ? [shared, _own] : [_own];

    private byte[]? Shared => node.Membership is { } cluster ? ClusterKey.Derive(cluster.Key, KeyUse.Sessions) : null;
}
