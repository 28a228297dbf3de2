// One line of the result: a job and a subject. The JSON is an array of these, and everything else is made from it.
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HaMirror.Comparison;

/// <summary>Medians over the rounds; ratios are medians of the rounds' own ratios of IOPS.</summary>
/// <param name="CpuSPer100K">CPU seconds of the subject's processes on both nodes per 100,000 operations.</param>
/// <param name="OfFloor">To the better of the floor's modes in this job.</param>
/// <param name="OfBestPeer">To the best of the other products in this job.</param>
/// <param name="OfUnlogged">To HaMirror without its intent log in this job.</param>
/// <param name="ForeignCores">Median CPU of programs that have no part in it: above 0.1 the figures are noisy.</param>
/// <param name="Spread">Smallest and largest of the rounds' ratios to the floor; empty where there is none.</param>
internal sealed record Row(
    string Job, string Subject, double Iops, double MbS, double MeanUs, double P50Us, double P99Us, double P999Us,
    [property: JsonPropertyName("cpu_s_per_100k")] double? CpuSPer100K, double? OfLocal, double? OfFloor, double? OfBestPeer,
    double? OfUnlogged, ImmutableArray<double> Spread, double ForeignCores, int Rounds, double Seconds, DateTimeOffset Measured, string Machine,
    string Commit);

/// <summary>How rows are written: snake_case, as the names of the tables.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<Row>))]
internal sealed partial class RowJson : JsonSerializerContext;
