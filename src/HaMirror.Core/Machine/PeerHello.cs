using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What the two ends of a replication link tell each other before anything else.</summary>
/// <param name="Record">The sender's replica.</param>
/// <param name="State">The sender's state when it dialled or answered.</param>
/// <param name="FullSync">The sender was started with --full-sync: copy all, compare nothing.</param>
/// <param name="MarkCount">How many files carry dirty extents at the sender.</param>
public sealed record PeerHello(
    string NodeName, ReplicaRecord Record, ModuleState State, bool FullSync, int MarkCount)
{
    /// <summary>The sender's configuration leaves a divergence to an operator.</summary>
    public bool ManualDivergence { get; init; }
}
