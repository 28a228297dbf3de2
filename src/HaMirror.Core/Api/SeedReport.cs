namespace HaMirror.Core.Api;

/// <summary>Body of <c>POST /v1/modules/{m}/seed</c>.</summary>
/// <param name="Action"><c>export</c> or <c>import</c>.</param>
/// <param name="Directory">Absolute: where the seed is written, or lies.</param>
public sealed record SeedRequest(string Action, string Directory, string? By);

/// <summary>The export or import that runs, or the last one since the agent's start.</summary>
/// <param name="End">Null: it runs, or ended well; else why it did not, as a sentence.</param>
/// <param name="BytesTotal">0 until the files were counted.</param>
public sealed record SeedReport(
    string Module, string Node, string Action, string Directory, bool Running, string? End, DateTimeOffset Begun, long Files,
    long BytesTotal, long BytesDone, double BytesPerSecond, double? SecondsLeft, double Percent);
