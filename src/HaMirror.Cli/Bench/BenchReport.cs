using System.Text.Json.Serialization;

namespace HaMirror.Cli.Bench;

/// <summary>What <c>hamirror bench --json</c> prints. Times in us, rates per second.</summary>
/// <param name="Disk">The same loads on this node's disk alone; null: it could not be measured, <paramref name="DiskNote"/> says why.</param>
internal sealed record BenchReport(
    string Module, string Node, string State, FileFigures Through, FileFigures? Disk, string? DiskNote, LinkFigures? Link, string Latency,
    string Throughput);

/// <summary>As the API writes its records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
