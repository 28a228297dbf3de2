using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>Two booted nodes, their network, and what their guests were told is safe.</summary>
public sealed class Pair
{
    public Pair(PairOptions options, Mutation mutation, bool tracing)
    {
        Options = options;
        World = new World(options.Seed) { Tracing = tracing };
        Network = new SimulatedNetwork(World, options);
        Ledger = new Ledger(World);
        Operator = new Operator(this);
        var generation = 0;
        GenerationId Next() => new(new Guid(++generation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        Nodes = [.. Enumerable.Range(0, 2).Select(index => new SimulatedNode(World, Network, Ledger, options, mutation, index, Next))];
        (Nodes[0].Peer, Nodes[1].Peer) = (Nodes[1], Nodes[0]);
        Ledger.Nodes = Nodes;
        foreach (var node in Nodes) node.Boot();
    }

    public PairOptions Options { get; }

    public World World { get; }

    public SimulatedNetwork Network { get; }

    public Ledger Ledger { get; }

    public Operator Operator { get; }

    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>Cuts the network; without a witness an isolation is excused, for nobody could do better.</summary>
    public void Cut(string shape)
    {
        Network.Cut(shape);
        if (Network.Isolates && !Options.Witness) Ledger.Excuse("isolation without a witness");
    }

    /// <summary>One is PRIM Ready and the other SECOND Ready, and both have their disk.</summary>
    public bool IsMirrored() =>
        Shows(Nodes[0], ModuleState.Prim) ? Shows(Nodes[1], ModuleState.Second)
        : Shows(Nodes[1], ModuleState.Prim) && Shows(Nodes[0], ModuleState.Second);

    private static bool Shows(SimulatedNode node, ModuleState state) =>
        node.Runs && node.View is { Phase: Phase.Ready, Record.Detached: false } view && view.State == state;
}
