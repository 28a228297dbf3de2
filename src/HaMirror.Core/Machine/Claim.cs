namespace HaMirror.Core.Machine;

/// <summary>How a node that hears a peer which does not serve comes to serve itself.</summary>
/// <remarks>
/// Beats cross on the wire, so a decision on what was heard is not enough: both could start. A node therefore says that it
/// claims the service and begins only when a beat proves that the peer has heard exactly that, claims nothing, and holds no
/// <c>Sole</c> of its own (which would let it start alone later with what is then old data). A node that hears a claim
/// yields unless it claims too and wins: an operator's --as-primary wins, then the first node.
/// </remarks>
internal sealed class Claim(MachineContext machine)
{
    /// <summary>An operator's claim that the peer, heard but perhaps deaf, never answers goes on after this many time-outs.</summary>
    private const int DeafPeerTimeouts = 2;

    private ulong _sequence;
    private TimeSpan _since;

    public bool Made { get; private set; }

    /// <summary>An operator asked for --as-primary.</summary>
    public bool ByOperator { get; set; }

    /// <summary>Claims; true when the peer has yielded and service may begin in this step.</summary>
    public bool Press()
    {
        if (machine.Peer.Beat is not { } beat) return false;
        if (beat.Claims && !Wins(beat))
        {
            Yield(beat);
            return false;
        }

        if (!Made)
        {
            Made = true;
            _sequence = machine.AskPeer();
            _since = machine.Now;
        }

        if (machine.Peer.Knows(_sequence) && !beat.Claims && !beat.Record.Sole) return true;
        return ByOperator && machine.Now - _since > DeafPeerTimeouts * machine.Rules.HeartbeatTimeout;
    }

    /// <summary>Withdraws the own claim and, when the peer makes one, gives up the right to start alone.</summary>
    public void Yield(ModuleBeat? beat)
    {
        Made = false;
        if (beat is { Claims: true } && machine.Record.Sole) machine.Persist(machine.Record with { Sole = false });
    }

    private bool Wins(ModuleBeat beat) =>
        ByOperator != beat.WantsPrimary ? ByOperator : machine.Rules.IsFirstNode;
}
