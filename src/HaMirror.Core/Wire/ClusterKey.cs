using System.Security.Cryptography;
using System.Text;

namespace HaMirror.Core.Wire;

/// <summary>The 32 random bytes that the two nodes share, and the keys derived from them.</summary>
/// <remarks>Every use has a key of its own (HKDF-SHA-256, the use's label as info), so that nothing recorded of one use is
/// worth anything in another. The cluster key itself never meets a cipher.</remarks>
public static class ClusterKey
{
    /// <summary>Bytes of the cluster key and of each derived key.</summary>
    public const int Bytes = 32;

    /// <summary>The key of one use.</summary>
    /// <exception cref="ArgumentException">The cluster key has not <see cref="Bytes"/> bytes.</exception>
    public static byte[] Derive(ReadOnlySpan<byte> clusterKey, KeyUse use)
    {
        if (clusterKey.Length != Bytes)
            throw new ArgumentException($"A cluster key has {Bytes} bytes, but this one has {clusterKey.Length}.", nameof(clusterKey));
        var key = new byte[Bytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, clusterKey, key, [], Encoding.ASCII.GetBytes("hamirror 1 " + Label(use)));
        return key;
    }

    private static string Label(KeyUse use) => use switch
    {
        KeyUse.Replication => "replication",
        KeyUse.Heartbeat => "heartbeat",
        KeyUse.Join => "join",
        KeyUse.Requests => "requests",
        KeyUse.Sessions => "sessions",
        _ => throw new ArgumentOutOfRangeException(nameof(use), use, "No such use of the cluster key."),
    };
}

/// <summary>What a derived key is for.</summary>
public enum KeyUse : byte
{
    Replication,
    Heartbeat,
    Join,

    /// <summary>One node asks the other's API on behalf of somebody.</summary>
    Requests,

    /// <summary>Signs the sessions of the console.</summary>
    Sessions,
}
