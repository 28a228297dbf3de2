using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>Two nodes, their network, and what their guests were told is safe.</summary>
public sealed class Pair
{
    public Pair(World world, FaultProfile profile, Mutation mutation)
    {
        (World, Profile) = (world, profile);
        Network = new SimulatedNetwork(world, profile);
        Ledger = new Ledger(world);
        var generation = 0;
        GenerationId Next() => new(new Guid(++generation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        Nodes = [.. Enumerable.Range(0, 2).Select(index => new SimulatedNode(world, Network, Ledger, profile, mutation, index, Next))];
        (Nodes[0].Peer, Nodes[1].Peer) = (Nodes[1], Nodes[0]);
    }

    public World World { get; }

    public FaultProfile Profile { get; }

    public SimulatedNetwork Network { get; }

    public Ledger Ledger { get; }

    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>One is PRIM Ready and the other SECOND Ready.</summary>
    public bool IsMirrored() =>
        Nodes.All(node => node.Runs && node.View!.Phase == Phase.Ready)
        && Nodes.Any(node => node.View!.State == ModuleState.Prim) && Nodes.Any(node => node.View!.State == ModuleState.Second);
}
