using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What a heartbeat obliges a node to record at once, before it looks at anything else.</summary>
/// <remarks>A stopped module answers too: its agent lives, and the primary waits for the answer with its writes frozen.</remarks>
internal sealed class PeerWord(MachineContext machine)
{
    public void Heard(ModuleBeat beat)
    {
        var before = machine.Peer.Beat;
        if (!machine.Peer.Hear(beat, machine.Now)) return;
        // The peer may wait for the echo.
        if (before is null || before.Boot != beat.Boot || before.Sequence != beat.Sequence) machine.Act(new MachineAction.Beat());
        if (machine.State is ModuleState.Alone or ModuleState.Prim) return;
        if (!beat.PeerOutdated.IsNone && beat.Serves) Outdated(beat);
        if (machine.State == ModuleState.Second) return;
        if (machine.State == ModuleState.Stop && beat.Claims) machine.Claim.Yield(beat);
        // Whatever keeps a node that waits from doing anything about it (hooks, a broken storage, a checker).
        if (beat.Serves)
            machine.Waiting.HearGoneOn(beat, ConnectionTable.Decide(machine.Mine(false), machine.Theirs(beat)));
    }

    private void Outdated(ModuleBeat beat)
    {
        // A replica that went on by itself, or took over, is no older: the asker will hear that instead of an answer.
        if (machine.Record.Sole || ConnectionTable.IsAhead(machine.Record, beat.Record)) return;
        if (machine.State == ModuleState.Second)
        {
            // A resync has begun since, and its source is not frozen: the word is a late one.
            if (machine.Link is { Committed: false }) return;
            machine.Standby.Leave($"{beat.NodeName} goes on without this node.");
        }

        machine.Standby.Outdate();
        machine.ConfirmsOutdated = beat.PeerOutdated;
    }
}
