// A seed is a copy of a replica on something that can be carried: a directory per replicated directory ("0", "1", ...) and
// this manifest, which is written last: without it the copy is not whole. JSON, so that a person can read it.
using System.Text.Json;
using System.Text.Json.Serialization;
using HaMirror.Io.Records;

namespace HaMirror.Io.Seeds;

/// <summary>Says what a seed is of.</summary>
/// <param name="Format">1: the first.</param>
/// <param name="Generation">Current at the source when the copy began.</param>
/// <param name="Roots">How many replicated directories.</param>
/// <param name="Bytes">Allocated by the files.</param>
public sealed record SeedManifest(
    int Format, Guid Cluster, string Module, string Node, Guid Generation, DateTimeOffset Begun, DateTimeOffset Ended, int Roots,
    long Files, long Bytes)
{
    public const int FormatKnown = 1;

    private const string Name = "hamirror-seed.json";

    /// <summary>Of the copy of a replicated directory.</summary>
    public static string Root(string seed, int root) => Path.Combine(seed, root.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <exception cref="IOException">There is none, or it says nothing; the message is a sentence.</exception>
    public static SeedManifest Load(string seed)
    {
        var path = Path.Combine(seed, Name);
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllText(path), SeedJson.Default.SeedManifest)
                ?? throw new IOException($"{path} is empty.");
            return manifest.Format == FormatKnown
                ? manifest
                : throw new IOException($"{path} has format {manifest.Format}; this release knows {FormatKnown}.");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{seed} holds no whole seed: there is no {Name}, which 'hamirror seed export' writes last.", missing);
        }
        catch (Exception damaged) when (damaged is JsonException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be read: {damaged.Message}", damaged);
        }
    }

    /// <exception cref="IOException">It cannot be written; the message is a sentence.</exception>
    public void Save(string seed) =>
        AtomicFile.Replace(
            Path.Combine(seed, Name), ReadOnlyMemory<byte>.Empty, JsonSerializer.SerializeToUtf8Bytes(this, SeedJson.Default.SeedManifest));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SeedManifest))]
internal sealed partial class SeedJson : JsonSerializerContext;
