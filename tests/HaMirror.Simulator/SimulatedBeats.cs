using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>The heartbeats of one process of a node: they come and go while a disk keeps its machine.</summary>
public sealed class SimulatedBeats(World world, SimulatedNetwork network, SimulatedNode node)
{
    private (ulong Boot, ulong Sequence) _received;
    private ModuleBeat? _waiting;

    /// <summary>The machine serves or is about to: what waits before it counts as not received.</summary>
    public bool GoesOn { get; set; }

    /// <summary>A beat has come: it waits before the machine, and this node's beats say so if nothing goes on.</summary>
    public void Hear(ModuleBeat beat)
    {
        if (!node.Up) return;
        if (_waiting is { } waiting && waiting.Boot == beat.Boot && beat.Sequence < waiting.Sequence) return;
        var queued = _waiting is not null;
        _waiting = beat;
        if (!GoesOn && (_received.Boot != beat.Boot || beat.Sequence > _received.Sequence))
            _received = (beat.Boot, beat.Sequence);
        if (!queued) node.WhenRunning(Step);
    }

    /// <summary>The machine looks at the beat that waits, if one does.</summary>
    public void Step()
    {
        if (_waiting is not { } beat) return;
        _waiting = null;
        node.Step(new MachineInput.BeatHeard(beat));
    }

    public void Send()
    {
        if (!node.Runs) return;
        var beat = node.View!.Beat;
        if (node.OnDisk.Wanted is not null) beat = beat.Unwritten(node.Record);
        beat = beat with { ReceivedBoot = _received.Boot, Received = _received.Sequence };
        var peer = node.Peer;
        network.SendDatagram(node.Index, () =>
        {
            if (peer.Paused) peer.WhenRunning(() => peer.Beats.Hear(beat));
            else peer.Beats?.Hear(beat);
        });
    }

    /// <summary>A thread of its own: a hanging disk does not keep it.</summary>
    public void Pulse()
    {
        Send();
        var boot = node.Boots;
        world.After(world.Between(190, 210), () =>
        {
            if (boot != node.Boots || !node.Up) return;
            if (node.Paused) node.WhenRunning(Pulse);
            else Pulse();
        });
    }
}
