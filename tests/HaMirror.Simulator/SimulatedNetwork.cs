namespace HaMirror.Simulator;

/// <summary>What reaches whom. Two nodes, numbered 0 and 1, and a witness.</summary>
public sealed class SimulatedNetwork(World world, FaultProfile profile)
{
    private readonly bool[] _sends = [true, true];
    private readonly bool[] _reachesWitness = [true, true];
    private readonly bool[] _answered = [false, false];

    public bool Connected => _sends[0] && _sends[1];

    public bool WitnessReachableFrom(int node) => _reachesWitness[node];

    /// <summary>The witness answers a node. True when it has answered both since they last heard each other: the one
    /// thing that a pinged witness, which has no memory, cannot rule out (design, section 11).</summary>
    public bool WitnessAnswers(int node)
    {
        _answered[node] = true;
        return _answered[1 - node];
    }

    /// <summary>A node hears its peer: whatever the witness told it before is forgotten.</summary>
    public void PeerHeard(int node) => _answered[node] = false;

    /// <summary>Cuts the nodes from each other. With a witness the cut has a shape: one side keeps it.</summary>
    public void Partition()
    {
        if (!Connected) return;
        if (profile.Witness)
        {
            var winner = world.Random.Next(3);
            _sends[0] = _sends[1] = false;
            _reachesWitness[0] = winner == 0;
            _reachesWitness[1] = winner == 1;
        }
        else
        {
            var shape = world.Random.Next(4);
            _sends[0] = shape is 1;
            _sends[1] = shape is 2;
        }

        world.Note($"network: 0->1 {_sends[0]}, 1->0 {_sends[1]}, witness {_reachesWitness[0]} {_reachesWitness[1]}");
    }

    /// <summary>Cuts the nodes from each other; only <paramref name="keeper"/>, if anybody, reaches the witness.</summary>
    public void Cut(int? keeper)
    {
        _sends[0] = _sends[1] = false;
        _reachesWitness[0] = keeper == 0;
        _reachesWitness[1] = keeper == 1;
    }

    public void Heal()
    {
        if (!Connected) world.Note("network: healed");
        _sends[0] = _sends[1] = true;
        _reachesWitness[0] = _reachesWitness[1] = true;
    }

    /// <summary>A datagram: lost, delayed, doubled, overtaken.</summary>
    public void SendDatagram(int from, Action deliver)
    {
        for (var copy = 0; copy < (world.Chance(profile.Loss / 4) ? 2 : 1); copy++)
        {
            if (!_sends[from] || world.Chance(profile.Loss)) continue;
            world.After(world.Chance(0.02) ? world.Between(1, 150) : world.Between(0.05, 2), () =>
            {
                if (_sends[from]) deliver();
            });
        }
    }
}
