// The web console lies in this program as resources "console/PATH", "console/PATH.br" and "console/PATH.gz" (HaMirror.Agent.csproj).
// Invariants: what is served was put together at the build, nothing of a request's path ever reaches a file system; a file below
// assets/ has a hash of its content in its name, so its content never changes under that name.
using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace HaMirror.Agent.Web;

/// <summary>One file of the console.</summary>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Its entity tag, in quotes.</param>
/// <param name="Lasting">It never changes under its name.</param>
/// <param name="Brotli">Null: compressing saves nothing.</param>
/// <param name="Gzip">Likewise.</param>
internal sealed record ConsoleFile(string Type, string Tag, bool Lasting, byte[] Plain, byte[]? Brotli, byte[]? Gzip);

/// <summary>All files of the console, by path (without a slash at the front).</summary>
internal static class ConsoleFiles
{
    public const string Index = "index.html";
    private const string Prefix = "console/", LastingFolder = "assets/", BrotliEnd = ".br", GzipEnd = ".gz";
    private const int TagBytes = 12; // of SHA-256: two files never have the same by chance

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".json"] = "application/json",
        [".png"] = "image/png",
        [".woff2"] = "font/woff2",
    }.ToFrozenDictionary();

    /// <summary>Read at the first request.</summary>
    public static FrozenDictionary<string, ConsoleFile> All => Loaded.Value;

    private static readonly Lazy<FrozenDictionary<string, ConsoleFile>> Loaded = new(Load);

    private static FrozenDictionary<string, ConsoleFile> Load()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        return names.Where(name => Types.ContainsKey(Path.GetExtension(name))).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            var plain = Read(assembly, name);
            var path = name[Prefix.Length..];
            return new ConsoleFile(
                Types[Path.GetExtension(name)], $"\"{Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, TagBytes))}\"",
                path.StartsWith(LastingFolder, StringComparison.Ordinal), plain,
                names.Contains(name + BrotliEnd) ? Read(assembly, name + BrotliEnd) : null, names.Contains(name + GzipEnd) ? Read(assembly, name + GzipEnd) : null);
        }, StringComparer.Ordinal);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"Resource {name} is named and missing.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
