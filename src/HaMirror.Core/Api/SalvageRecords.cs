using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>One salvage set: what a node held alone when it lost a divergence.</summary>
/// <param name="Time">When the resync began that replaced it.</param>
/// <param name="Node">The node that lost; the set lies there.</param>
/// <param name="Peer">The node that was kept.</param>
/// <param name="Generation">The losing generation.</param>
/// <param name="Kept">The generation that was kept.</param>
/// <param name="FileCount">Files of which the losing version differs.</param>
/// <param name="Bytes">Bytes that are saved.</param>
/// <param name="Open">Its resync has not ended yet.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
/// <param name="Files">Only where one set was asked for.</param>
public sealed record SalvageSetStatus(
    string Id, DateTimeOffset Time, string Node, string Peer, string Generation, string Kept, int FileCount, long Bytes, bool Open,
    string? Fault, ImmutableArray<SalvageFileStatus> Files);

/// <summary>A file of a set.</summary>
/// <param name="Path">Absolute, as the module's users know it.</param>
/// <param name="Size">Of the losing version, in bytes.</param>
/// <param name="SavedBytes">Of it, without holes.</param>
/// <param name="Gone">The node that was kept had no such file.</param>
/// <param name="Whole">All of it is saved; else the rest is what the replica holds now.</param>
public sealed record SalvageFileStatus(string Path, long Size, long SavedBytes, bool Gone, bool Whole);

/// <summary>Body of <c>POST /v1/modules/{m}/salvage/{id}/export</c>.</summary>
/// <param name="Directory">Absolute; made when it is not there. Files keep their path beneath it.</param>
/// <param name="Files">Absolute paths as the set shows them; empty: all.</param>
public sealed record SalvageExportRequest(string Directory, ImmutableArray<string> Files, string? By);

/// <summary>Body of <c>POST /v1/modules/{m}/salvage/{id}/restore</c>.</summary>
/// <param name="Files">Absolute paths as the set shows them; at least one.</param>
public sealed record SalvageRestoreRequest(ImmutableArray<string> Files, string? By);

/// <summary>Answer of export and restore: where each file was written.</summary>
public sealed record SalvageWritten(ImmutableArray<SalvageWrittenFile> Files);

/// <param name="Whole">False: what was not saved was taken from the present replica.</param>
public sealed record SalvageWrittenFile(string Path, string WrittenTo, long Size, bool Whole);
