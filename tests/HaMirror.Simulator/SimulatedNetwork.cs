namespace HaMirror.Simulator;

/// <summary>What reaches whom. Two nodes, numbered 0 and 1, one or two LANs, and a witness. The first LAN carries the
/// replication, each of them the heartbeats.</summary>
public sealed class SimulatedNetwork(World world, PairOptions options)
{
    private readonly bool[,] _carries = { { true, true }, { true, true } };
    private readonly bool[] _reachesWitness = [true, true];
    private readonly bool[] _answered = [false, false];

    private int Lans => options.Lans ? 2 : 1;

    /// <summary>A connection of the replication can live.</summary>
    public bool Connected => _carries[0, 0] && _carries[0, 1];

    /// <summary>A node's heartbeats do not reach the other one on any LAN.</summary>
    public bool Isolates => !Hears(0) || !Hears(1);

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

    /// <summary>Cuts something; see <see cref="StoryLine"/> for the shapes.</summary>
    public void Cut(string shape)
    {
        switch (shape)
        {
            case "lan1" or "lan2": _carries[shape[3] - '1', 0] = _carries[shape[3] - '1', 1] = false; break;
            case "1>2": _carries[0, 0] = _carries[1, 0] = false; break;
            case "2>1": _carries[0, 1] = _carries[1, 1] = false; break;
            case "node1" or "node2" or "none" or "both":
                Array.Clear(_carries);
                _reachesWitness[0] = shape is "node1" or "both";
                _reachesWitness[1] = shape is "node2" or "both";
                break;
            default: throw new FormatException($"'{shape}' is no shape of a cut.");
        }
    }

    public void Heal()
    {
        if (Isolates || !Connected) world.Note("network: healed");
        _carries[0, 0] = _carries[0, 1] = _carries[1, 0] = _carries[1, 1] = true;
        _reachesWitness[0] = _reachesWitness[1] = true;
    }

    /// <summary>A datagram on every LAN: lost, delayed, doubled, overtaken.</summary>
    public void SendDatagram(int from, Action deliver)
    {
        for (var lan = 0; lan < Lans; lan++)
            for (var copy = 0; copy < (options.Lossy && world.Chance(options.Loss / 4) ? 2 : 1); copy++)
                Send(lan, from, deliver);
    }

    private void Send(int lan, int from, Action deliver)
    {
        if (!_carries[lan, from] || (options.Lossy && world.Chance(options.Loss))) return;
        world.After(world.Chance(0.02) ? world.Between(1, 150) : world.Between(0.05, 2), () =>
        {
            if (_carries[lan, from]) deliver();
        });
    }

    private bool Hears(int node) => _carries[0, 1 - node] || (options.Lans && _carries[1, 1 - node]);
}
