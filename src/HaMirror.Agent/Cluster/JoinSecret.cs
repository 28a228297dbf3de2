using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace HaMirror.Agent.Cluster;

/// <summary>What a join token holds: where to dial and the secret that proves both ends to each other.</summary>
/// <remarks>Text: <c>hmj1-</c> and base64url of 32 secret bytes, the port (2, little-endian), and the address in UTF-8.
/// The secret is the pre-shared key of the one TLS connection that carries the cluster's key over.</remarks>
internal sealed record JoinSecret(byte[] Secret, string Address, int Port)
{
    public const int SecretBytes = 32;
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private const string Prefix = "hmj1-";
    private const int AddressBytesMax = 253; // the longest DNS name

    public static JoinSecret New(string address, int port) => new(RandomNumberGenerator.GetBytes(SecretBytes), address, port);

    public override string ToString()
    {
        byte[] bytes = [.. Secret, (byte)Port, (byte)(Port >> 8), .. Encoding.UTF8.GetBytes(Address)];
        return Prefix + Base64Url.EncodeToString(bytes);
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out JoinSecret? secret)
    {
        secret = null;
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length > 512) return false;
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length));
        }
        catch (FormatException)
        {
            return false;
        }

        var addressBytes = bytes.Length - SecretBytes - 2;
        if (addressBytes is <= 0 or > AddressBytesMax) return false;
        secret = new JoinSecret(bytes[..SecretBytes], Encoding.UTF8.GetString(bytes.AsSpan(SecretBytes + 2)),
            bytes[SecretBytes] | bytes[SecretBytes + 1] << 8);
        return secret.Port > 0;
    }
}
