// Text: hms1.PAYLOAD.MAC, both base64url. The payload is JSON; the MAC is HMAC-SHA-256 of the payload's text with a key that both
// nodes derive from the cluster's. So either node knows a session that the other one began, without asking.
// A token says nothing of the role: that is looked up, so that a changed role or password counts at once.
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HaMirror.Agent.Access;

/// <summary>What a session's token holds.</summary>
/// <param name="Id">Names the session when it is revoked.</param>
/// <param name="Stamp">The account's last change in ticks: a changed account ends its sessions.</param>
/// <param name="Begun">Of the login; renewing keeps it.</param>
internal sealed record SessionToken(string Name, string Id, long Stamp, DateTimeOffset Begun, DateTimeOffset Expires)
{
    private const string Prefix = "hms1.";
    private const int LengthMax = 1024;

    public string Sign(byte[] key)
    {
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, SessionJson.Default.SessionToken));
        return Prefix + payload + "." + Mac(payload, key);
    }

    /// <summary>Null when no key of these made it, or its time is over.</summary>
    public static SessionToken? Read(string text, IEnumerable<byte[]> keys, DateTimeOffset now)
    {
        if (text.Length > LengthMax || !text.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var parts = text[Prefix.Length..].Split('.');
        if (parts.Length != 2) return null;
        var given = Encoding.ASCII.GetBytes(parts[1]);
        if (!keys.Any(key => CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(Mac(parts[0], key))))) return null;
        var token = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(parts[0]), SessionJson.Default.SessionToken);
        return token is not null && token.Expires > now ? token : null;
    }

    private static string Mac(string payload, byte[] key) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(payload)));
}

[JsonSerializable(typeof(SessionToken))]
internal sealed partial class SessionJson : JsonSerializerContext;
