// One line of the result of run.sh --resync, --scale and --features. The JSON is an array of these.
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HaMirror.Comparison.Figures;

/// <summary>The median over the rounds.</summary>
/// <param name="Kind">resync, scale or features.</param>
/// <param name="Rounds">Each round's own, in their order.</param>
/// <param name="ForeignCores">Median CPU of other programs while it was measured: above 0.1 the figure is noisy.</param>
internal sealed record FigureRow(
    string Kind, string Name, string Title, string Unit, double Value, double? AtLeast, double? AtMost, ImmutableArray<double> Rounds,
    double ForeignCores, DateTimeOffset Measured, string Machine, string Commit)
{
    private const double NoisyCores = 0.12;

    /// <summary>Null: nothing is asked of it.</summary>
    [JsonIgnore]
    public bool? IsReached => AtLeast is { } least ? Value >= least : AtMost is { } most ? Value <= most : null;

    [JsonIgnore]
    public bool IsNoisy => ForeignCores > NoisyCores;
}

/// <summary>As <see cref="RowJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<FigureRow>))]
internal sealed partial class FigureJson : JsonSerializerContext;
