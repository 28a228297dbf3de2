// How far a verification is and what it has found.
using System.Collections.Immutable;

namespace HaMirror.Io.Replication;

/// <summary>A difference between the replicas, as found.</summary>
/// <param name="Path">Relative to its replicated directory.</param>
/// <param name="Bytes">0: it is no range of data.</param>
/// <param name="What">The rest of a sentence that begins with the path on the secondary.</param>
public sealed record VerifyFinding(int Root, string Path, ulong Offset, ulong Bytes, string What);

/// <summary>A snapshot of a verification. Any thread.</summary>
/// <param name="Running">False: it has ended, <paramref name="End"/> says how.</param>
/// <param name="Repairs">What differs is made equal to the primary.</param>
/// <param name="End">Why it ended early, as a sentence; null: it runs, or came to its end.</param>
/// <param name="BytesTotal">Data to compare, as far as known.</param>
/// <param name="Findings">The first ones; <paramref name="FindingCount"/> counts all.</param>
/// <param name="DifferentBytes">Of data that differs.</param>
/// <param name="IsRepaired">Everything that was found was made equal, durably.</param>
public sealed record VerifyStatus(
    bool Running, bool Repairs, string? End, long Directories, long Files, ulong BytesTotal, ulong BytesDone, ulong BytesPerSecond,
    double? SecondsLeft, ImmutableArray<VerifyFinding> Findings, int FindingCount, ulong DifferentBytes, bool IsRepaired,
    DateTimeOffset Begun, DateTimeOffset Told);
