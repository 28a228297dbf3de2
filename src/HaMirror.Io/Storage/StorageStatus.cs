using HaMirror.Core.Machine;
using HaMirror.Io.Fuse;

namespace HaMirror.Io.Storage;

/// <summary>What the data path of a module shows: a snapshot, made at least twice a second while the pump runs.</summary>
/// <param name="Mounted">Every directory is mounted.</param>
/// <param name="Writable">Changes are let in.</param>
/// <param name="Frozen">Changes are held until arbitration has decided.</param>
/// <param name="MarkCount">Files with dirty extents; what <see cref="PeerHello.MarkCount"/> says.</param>
/// <param name="DirtyBytes">Bytes of dirty extents; files marked whole count nothing until a resync looks at them.</param>
/// <param name="HeldRequests">Requests that wait at a gate.</param>
/// <param name="ActiveRequests">Requests taken from the kernel and not yet answered.</param>
/// <param name="Link">Number of the link that this node is the source of; null: none.</param>
/// <param name="Committed">The peer was told that it is equal: losing it freezes.</param>
/// <param name="WindowBytes">Bytes sent (or waiting to be) that the peer does not hold yet.</param>
/// <param name="Resync">Null: none runs.</param>
public sealed record StorageStatus(
    bool Mounted, bool Writable, bool Frozen, int MarkCount, ulong DirtyBytes, int HeldRequests, int ActiveRequests,
    long? Link, bool Committed, long WindowBytes, ResyncStatus? Resync)
{
    /// <summary>Requests answered since the mounts were made.</summary>
    public long AnsweredRequests { get; init; }

    /// <summary>Writes among them that succeeded, and their bytes.</summary>
    public long AnsweredWrites { get; init; }

    /// <inheritdoc cref="AnsweredWrites"/>
    public long WrittenBytes { get; init; }

    /// <summary>What the kernel of the mounts is able to do; null: they are not made yet.</summary>
    public FuseAgreement? Kernel { get; init; }

    /// <summary>Files that the kernel reads by itself now.</summary>
    public int PassedFiles { get; init; }

    /// <summary>What an operator should know of the disk before it counts as failed, as a sentence; null: nothing.</summary>
    public string? Note { get; init; }

    public static readonly StorageStatus None = new(false, false, false, 0, 0, 0, 0, null, false, 0, null);
}

/// <summary>How far a resync is.</summary>
/// <param name="Names">It still visits directories; the byte counts grow meanwhile.</param>
/// <param name="DirectoriesVisited">Directories sent so far.</param>
/// <param name="BytesTotal">Bytes that are to be copied or compared, as far as known.</param>
/// <param name="BytesDone">Of those: copied, compared or skipped as holes.</param>
/// <param name="BytesSent">Payload bytes that crossed the link, after compression.</param>
/// <param name="BytesPerSecond">Of <paramref name="BytesDone"/>, over the last seconds.</param>
/// <param name="SecondsLeft">Null: not known yet.</param>
public sealed record ResyncStatus(
    ResyncPlan Plan, bool Names, long DirectoriesVisited, ulong BytesTotal, ulong BytesDone, ulong BytesSent,
    ulong BytesPerSecond, double? SecondsLeft);
