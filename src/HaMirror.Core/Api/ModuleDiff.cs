using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/modules/{m}/diff</c>: what a resync with this node as its source would look at, and for how
/// long.</summary>
/// <param name="Files">The marked files with the most bytes, largest first; at most 20.</param>
/// <param name="FileCount">Files with a mark.</param>
/// <param name="ExtentBytes">Bytes marked in files of which single extents are.</param>
/// <param name="WholeFiles">Files of which everything is marked.</param>
/// <param name="WholeBytes">What those have allocated.</param>
/// <param name="ComparesAll">Marks may be missing: everything is compared by hash, whatever is marked.</param>
/// <param name="AllFiles">Replicated files.</param>
/// <param name="AllBytes">What all of them have allocated.</param>
/// <param name="BytesPerSecond">Of the resync that runs, or of the last one; null: none was measured.</param>
/// <param name="RateOf">When that one ended; null: it runs, or there was none.</param>
/// <param name="SecondsNeeded">For what is to be looked at, at that rate.</param>
/// <param name="Notes">What else has to be known, one sentence each.</param>
public sealed record ModuleDiff(
    string Module, string Node, string State, ImmutableArray<FileDiff> Files, int FileCount, long ExtentBytes, int WholeFiles,
    long WholeBytes, bool ComparesAll, int AllFiles, long AllBytes, double? BytesPerSecond, DateTimeOffset? RateOf,
    double? SecondsNeeded, ImmutableArray<string> Notes)
{
    /// <summary>Bytes that a resync would look at.</summary>
    public long BytesToCompare => ComparesAll ? AllBytes : ExtentBytes + WholeBytes;
}

/// <param name="Path">With its replicated directory.</param>
/// <param name="Whole">All of it is marked.</param>
public sealed record FileDiff(string Path, long Bytes, bool Whole);

/// <summary>Body of <c>PUT /v1/modules/{m}/resync-rate</c>.</summary>
/// <param name="BytesPerSecond">Null: no cap.</param>
public sealed record ResyncRateRequest(long? BytesPerSecond, string? By);
