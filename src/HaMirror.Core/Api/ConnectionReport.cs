using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/modules/{m}/connection</c>: what the two nodes would do if they met now. Nothing is done.</summary>
/// <param name="Decision">Source, Target, Wait, Diverged or Refuse, as this node would be; Unknown: the peer was never heard.</param>
/// <param name="Plan">Leftover, Dirty, CompareAll or CopyAll; null when nothing would be copied.</param>
/// <param name="Sentence">What would happen, why, and what an operator can do about it.</param>
/// <param name="Theirs">The peer's side as it was last heard; null: it was not since the agent started.</param>
/// <param name="PeerHeardSeconds">How long ago that was, in seconds.</param>
/// <param name="Notes">What else keeps the two from connecting, one sentence each.</param>
public sealed record ConnectionReport(
    string Module, string Decision, string? Plan, string Sentence, ReplicaEvidence Mine, ReplicaEvidence? Theirs,
    double? PeerHeardSeconds, ImmutableArray<string> Notes);

/// <summary>What one node's replica says for itself.</summary>
/// <param name="Condition">UpToDate, Outdated, Inconsistent or Unknown.</param>
/// <param name="Base">The generation that the peer last shared.</param>
/// <param name="ResyncFrom">The source's generation, of an inconsistent replica.</param>
/// <param name="Flags">What else its record says, in words.</param>
/// <param name="MarkedBytes">Bytes of dirty extents; files marked whole count nothing.</param>
public sealed record ReplicaEvidence(
    string Node, string State, string Phase, string Condition, string Generation, string Base, string? ResyncFrom,
    ImmutableArray<string> Flags, long MarkedBytes);
