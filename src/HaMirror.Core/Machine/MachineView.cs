using System.Collections.Immutable;
using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What a <see cref="ModuleMachine"/> shows after a step. Publish it (and send <see cref="Beat"/>) only after the
/// step's actions were carried out: the record in it must be on stable storage before anybody hears of it.</summary>
/// <param name="Reason">Why it waits or what it does now, as a sentence for the operator; null when there is nothing to say.</param>
/// <param name="Beat">To be sent now if the step asked for <see cref="MachineAction.Beat"/>, else with the next pulse.</param>
/// <param name="PeerHeard">A heartbeat came within the time-out.</param>
/// <param name="Link">The replication link in use, or null.</param>
/// <param name="Evidence">What the last decision rested on, newest last; at most <see cref="EvidenceMax"/> sentences.</param>
/// <param name="FullSync">Started with --full-sync and not yet copied: goes into <see cref="PeerHello"/>.</param>
/// <param name="BlockedBy">Resources whose checkers hold the module in WAIT.</param>
public sealed record MachineView(
    ModuleState State,
    Phase Phase,
    string? Reason,
    ReplicaRecord Record,
    ModuleBeat Beat,
    ModuleBeat? PeerBeat,
    bool PeerHeard,
    long? Link,
    bool FullSync,
    ImmutableArray<string> Evidence,
    ImmutableArray<string> BlockedBy)
{
    /// <summary>Enough for a console to show how a failover was decided.</summary>
    public const int EvidenceMax = 16;

    /// <summary>What is wrong with the local disk, and the remedy; null: nothing is known.</summary>
    public string? DiskFault { get; init; }
}
