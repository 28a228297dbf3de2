using HaMirror.Core.Configuration;

namespace HaMirror.Core.Machine;

/// <summary>The module's configuration as far as decisions need it.</summary>
public sealed record ModuleRules
{
    public required string NodeName { get; init; }

    public required string PeerName { get; init; }

    /// <summary>True on the node that stands first in cluster.xml: the tie-break where nothing else decides.</summary>
    public required bool IsFirstNode { get; init; }

    public bool FailoverOn { get; init; } = true;

    /// <summary><c>alone</c>, <c>lastprim</c> or a node's name.</summary>
    public string DefaultPrim { get; init; } = "alone";

    /// <summary>A divergence waits for an operator (divergence="manual").</summary>
    public bool ManualDivergence { get; init; }

    public int MaxLoop { get; init; } = 3;

    /// <summary>Zero disables the counter.</summary>
    public TimeSpan LoopInterval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Silence on every LAN for this long is the peer's death (design, section 8).</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>True when a <c>splitbrain</c> checker is configured.</summary>
    public bool HasWitness { get; init; }

    /// <summary>What the winner of an arbitration waits beyond the time-out, so that the loser has ended its service.</summary>
    public TimeSpan LoserGrace { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A stop that waits for hooks which were running before it ends them after this (nicestoptimeout).</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Whether a node wins where nothing else decides, the same seen from both: a named defaultprim, else the first node.</summary>
    public bool Prefers(string node) =>
        DefaultPrim == NodeName || DefaultPrim == PeerName ? DefaultPrim == node : IsFirstNode == (node == NodeName);

    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>A gap between two ticks longer than this means that this process slept: the peer's silence meanwhile proves
    /// nothing, and what the peer said before it may be withdrawn. Shorter ones come from a slow disk under the record or
    /// a busy machine; a standby that asked anew after each of them would hardly ever be Ready there.</summary>
    public static readonly TimeSpan SleptAfter = TimeSpan.FromMilliseconds(1000);

    /// <summary>Nothing is concluded from silence, nor from what the witness said, across a gap between two steps that is
    /// longer than this: beats that came meanwhile may still wait in the socket, and the network may be another one. Five
    /// ticks: a thread of raised urgency is late by one or two on a loaded machine of two cores, and a false alarm costs
    /// <see cref="Settling"/>, not the standby's readiness.</summary>
    public static readonly TimeSpan AwakeGap = 5 * TickInterval;

    /// <summary>How long a node listens after such a gap before silence counts again: more than three pulses of a peer
    /// that lives, at the pulse and time-out of the design.</summary>
    public TimeSpan Settling => HeartbeatTimeout / 4;
}
