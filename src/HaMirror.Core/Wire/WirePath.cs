using System.Text;
using System.Text.Unicode;

namespace HaMirror.Core.Wire;

/// <summary>The rule for every path that crosses the wire: relative to a replicated directory, and unable to leave it.</summary>
/// <remarks>Components separated by single slashes; none is empty, <c>.</c> or <c>..</c>, has a zero, or more than 255 bytes.
/// The empty path is the directory itself. Symlinks are the business of whoever opens the path.</remarks>
public static class WirePath
{
    /// <summary>Bytes of UTF-8 in one component, as NAME_MAX.</summary>
    public const int ComponentBytesMax = 255;

    public static bool IsValid(string path)
    {
        if (path.Length == 0)
            return true;
        if (Encoding.UTF8.GetByteCount(path) > WireProtocol.PathBytesMax)
            return false;
        foreach (var range in path.AsSpan().Split('/'))
            if (!IsName(path.AsSpan(range)))
                return false;
        return true;
    }

    /// <summary>Whether it is one component.</summary>
    public static bool IsName(ReadOnlySpan<char> name) =>
        name.Length > 0 && name is not "." and not ".." && !name.ContainsAny('/', '\0')
        && Encoding.UTF8.GetByteCount(name) <= ComponentBytesMax;

    /// <summary>The payload of Bind: UTF-8 and nothing else. Null: a violation.</summary>
    public static string? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > WireProtocol.PathBytesMax || !Utf8.IsValid(payload))
            return null;
        var path = Encoding.UTF8.GetString(payload);
        return IsValid(path) ? path : null;
    }
}
