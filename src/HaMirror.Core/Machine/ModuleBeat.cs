using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What a heartbeat says of one module. It is enough to choose a primary without a replication link.</summary>
/// <param name="Record">The sender's replica as it is on its disk; never ahead of it.</param>
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
    /// <summary>The sender runs the service now.</summary>
    public bool Serves => State is ModuleState.Alone or ModuleState.Prim;
}
