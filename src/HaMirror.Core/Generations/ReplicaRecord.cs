using System.Collections.Immutable;
using HaMirror.Core.States;

namespace HaMirror.Core.Generations;

/// <summary>What one node knows of its own replica, and has on stable storage (design, section 6).</summary>
/// <remarks>
/// Invariants, checked by <see cref="Validate"/>:
/// (1) a replica without a history is <see cref="ReplicaCondition.Unknown"/> and nothing else is;
/// (2) <see cref="Sole"/> implies <see cref="ReplicaCondition.UpToDate"/>;
/// (3) <see cref="Serving"/> implies <see cref="ReplicaCondition.UpToDate"/>, or <see cref="Detached"/>;
/// (4) <see cref="Detached"/> implies <see cref="ReplicaCondition.Outdated"/>: a detached replica is never a source;
/// (5) the history is at most <see cref="HistoryMax"/> long and never holds <see cref="Current"/>.
/// </remarks>
public sealed record ReplicaRecord
{
    /// <summary>As DRBD 9: enough to recognise a relative after 32 separations.</summary>
    public const int HistoryMax = 32;

    public static readonly ReplicaRecord New = new();

    /// <summary>The generation that this replica's data belongs to.</summary>
    public GenerationId Current { get; init; }

    /// <summary>The generation that the peer last shared with this replica; equal to <see cref="Current"/> while paired.</summary>
    public GenerationId Base { get; init; }

    /// <summary>Older generations, newest first.</summary>
    public ImmutableArray<GenerationId> History { get; init; } = [];

    public ReplicaCondition Condition { get; init; } = ReplicaCondition.Unknown;

    /// <summary>The generation of the source, while <see cref="Condition"/> is Inconsistent.</summary>
    public GenerationId ResyncFrom { get; init; }

    /// <summary>Set before the first write may be acknowledged, cleared after service ended and all was flushed.
    /// Found set at start: this node crashed as primary.</summary>
    public bool Serving { get; init; }

    /// <summary>The claim: this node went on alone, by arbitration or with the peer's word that it is outdated, and the
    /// peer has not caught up since. Made durable before the first write alone is acknowledged; withdrawn (durably)
    /// before a peer is told that it is up to date. A node that holds it may start without hearing its peer.</summary>
    public bool Sole { get; init; }

    /// <summary>Set when service ended in order and the peer was told to take over, until the peer is met again.
    /// A node that handed over never starts by itself without its peer.</summary>
    public bool HandedOver { get; init; }

    /// <summary>Nothing is known of which extents differ (a crash, a lost mark file): the next resync compares everything.</summary>
    public bool CompareAll { get; init; }

    /// <summary>Only the intent log knows all dirty extents: set before the first change may be accepted, cleared when they were
    /// saved at a clean stop or a resync made this replica equal. Found set at start: they are what the log holds; without a
    /// whole log they are lost, so <see cref="CompareAll"/>.</summary>
    public bool MarksUnsaved { get; init; }

    /// <summary>This side was SECOND at the last separation and took over by itself. When both nodes served, the other one
    /// is kept (design, section 7). Cleared when the two have become equal again.</summary>
    public bool TookOver { get; init; }

    /// <summary>This node's disk failed while it was primary: what was written since is on the peer only. Set before a write is
    /// acknowledged by the peer alone, cleared by an operator's <c>attach</c> or <c>--as-primary</c>.</summary>
    public bool Detached { get; init; }

    /// <summary>Name of the peer that <see cref="Base"/> refers to; null before the first meeting.</summary>
    public string? PeerName { get; init; }

    /// <summary>The first invariant that does not hold, as a sentence; null when all hold.</summary>
    public string? Validate()
    {
        if (Current.IsNone != (Condition == ReplicaCondition.Unknown))
            return $"A replica is Unknown exactly when it has no generation, but this one is {Condition} with generation {Current}.";
        if (Sole && Condition != ReplicaCondition.UpToDate)
            return $"A replica that claims to be the sole one must be UpToDate, but this one is {Condition}.";
        if (Detached && Condition != ReplicaCondition.Outdated)
            return $"A replica whose disk is detached must be Outdated, but this one is {Condition}.";
        if (Serving && !Detached && Condition != ReplicaCondition.UpToDate)
            return $"A replica that serves must be UpToDate, but this one is {Condition}.";
        if (History.Length > HistoryMax)
            return $"The history holds {History.Length} generations, more than {HistoryMax}.";
        if (History.Contains(Current) && !Current.IsNone)
            return $"The history holds the current generation {Current}.";
        return null;
    }
}
