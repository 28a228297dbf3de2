using System.Text.Json.Serialization;

namespace HaMirror.Comparison.Figures;

/// <summary>What HaMirror.Pair answers to SIGUSR2.</summary>
/// <param name="Allocated">Managed bytes since its start.</param>
/// <param name="LongestPauseMs">Of its garbage collector since the last answer.</param>
/// <param name="ResidentKib">All memory it has, what it shares included.</param>
/// <param name="OwnKib">What is its own.</param>
internal sealed record ProcessFigures(
    long Allocated, long Writes, int Collections, double LongestPauseMs, double PausesMs, long ResidentKib, long OwnKib);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProcessFigures))]
internal sealed partial class ProcessFiguresJson : JsonSerializerContext;
