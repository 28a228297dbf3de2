using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Body of <c>POST /v1/modules/{m}/verify</c>.</summary>
/// <param name="Repair">What differs on the secondary is made equal to the primary.</param>
public sealed record VerifyRequest(bool Repair, string? By);

/// <summary>A verification: the one that runs, or the last one since the agent's start.</summary>
/// <param name="End">Why it ended before its end, as a sentence; null: it runs, or came to its end.</param>
/// <param name="Repaired">Everything that was found was made equal, and is on the secondary's disk.</param>
/// <param name="Findings">The first 200; <paramref name="FindingCount"/> counts all.</param>
/// <param name="DifferentBytes">Of data that differs.</param>
public sealed record VerifyReport(
    string Module, string Node, bool Running, bool Repair, string? End, DateTimeOffset Begun, long Directories, long Files,
    long BytesTotal, long BytesDone, double BytesPerSecond, double? SecondsLeft, double Percent,
    ImmutableArray<VerifyFindingReport> Findings, int FindingCount, long DifferentBytes, bool Repaired);

/// <param name="Path">With its replicated directory.</param>
/// <param name="Bytes">0: a name, a size or an attribute, and no range of data.</param>
/// <param name="What">The rest of a sentence that begins with the path on the secondary.</param>
public sealed record VerifyFindingReport(string Path, long Offset, long Bytes, string What);
