using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What a heartbeat says of one module. It is enough to choose a primary without a replication link.</summary>
/// <param name="Record">The sender's replica as it is on its disk; ahead of it only in what <see cref="Unwritten"/> says.</param>
/// <param name="WantsPrimary">Started with --as-primary and not yet serving.</param>
/// <param name="Leaving">The module is stopping in order or was stopped: its silence is no failure.</param>
/// <param name="PeerOutdated">Not none: "you are outdated from this generation of mine on"; sent by a primary that lost
/// the link but hears heartbeats, until <paramref name="ConfirmsOutdated"/> comes back with the same value.</param>
/// <param name="ConfirmsOutdated">The <paramref name="PeerOutdated"/> last recorded durably by the sender.</param>
/// <param name="Boot">Random number of the sender's process: a change means that it restarted.</param>
/// <param name="Claims">The sender is about to serve and waits for the peer to yield: to echo this very beat, claim
/// nothing itself and hold no <see cref="ReplicaRecord.Sole"/>. Beats cross on the wire; without this both could start.</param>
/// <param name="Sequence">Counts the changes of this beat's content within a process; an older one that comes late is dropped.</param>
/// <param name="PeerBoot">Boot of the peer's process that was last heard; 0: never heard.</param>
/// <param name="Echo">Sequence of the peer's beat that was last heard from <paramref name="PeerBoot"/>: what the peer can
/// rely on this node to know.</param>
public sealed record ModuleBeat(
    string NodeName,
    ModuleState State,
    Phase Phase,
    ReplicaRecord Record,
    bool WantsPrimary,
    bool Leaving,
    bool FailoverOn,
    GenerationId PeerOutdated,
    GenerationId ConfirmsOutdated,
    ulong Boot,
    bool Claims,
    ulong Sequence,
    ulong PeerBoot,
    ulong Echo)
{
    /// <summary>Boot of the peer's process that <see cref="Received"/> is of; 0: nothing was received.</summary>
    public ulong ReceivedBoot { get; init; }

    /// <summary>Sequence of the peer's newest beat that lies before the sender's machine: added by the driver, also while a
    /// step of the machine waits for a disk. It is a promise (design, section 11): when it came the machine neither served
    /// nor was about to, and it will look at that beat, or a newer one, before it looks at anything else.</summary>
    public ulong Received { get; init; }

    /// <summary>The sender's configuration leaves a divergence to an operator.</summary>
    public bool ManualDivergence { get; init; }

    /// <summary>The sender runs the service now.</summary>
    public bool Serves => State is ModuleState.Alone or ModuleState.Prim;

    /// <summary>What is said while the record that the machine wants cannot be written: what is on the disk, and no promise. But a
    /// <see cref="ReplicaRecord.Sole"/> that is wanted counts: it gets to the disk at any moment, and a peer that had begun to serve meanwhile,
    /// or gone on alone, would later be overlooked by a node that then holds it.</summary>
    /// <param name="durable">What is on the disk.</param>
    public ModuleBeat Unwritten(ReplicaRecord durable) => this with
    {
        Record = durable with { Sole = durable.Sole || (Record.Sole && durable.Condition == ReplicaCondition.UpToDate) },
        ConfirmsOutdated = GenerationId.None,
        Claims = false,
    };
}
