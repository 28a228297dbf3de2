using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>What the guests were told is safe, and the invariants over it.</summary>
/// <remarks>
/// G1 and G4: a node that starts service on its own holds every acknowledged write. G3: a node never acknowledges a write
/// while it lacks one that was acknowledged elsewhere. Both are excused only from the moment at which the contract itself
/// excuses them (an operator's --as-primary; isolation without a witness) until the two are equal again. Never excused:
/// one generation is one history, and no acknowledged write is dropped without --full-sync.
/// </remarks>
public sealed class Ledger(World world)
{
    private readonly Dictionary<long, GenerationId> _acknowledged = [];
    private readonly HashSet<long> _required = [];
    private readonly HashSet<string> _excuses = [];

    public bool Excused { get; private set; }

    /// <summary>Why, in the order in which it came.</summary>
    public IReadOnlyCollection<string> Excuses => _excuses;

    public int Count => _acknowledged.Count;

    public void Excuse(string why)
    {
        if (!Excused) world.Note($"excused: {why}");
        Excused = true;
        _excuses.Add(why);
    }

    public void Acknowledge(SimulatedNode node, SimulatedNode? mirrored, long write, GenerationId generation)
    {
        foreach (var other in _required)
        {
            // A primary that was paused may hand an acknowledgement on late: the write is in the history of the one that took over.
            if (node.Replica.Holds.Contains(other) || mirrored?.Replica.Holds.Contains(other) == true) continue;
            if (_acknowledged[other] == generation)
                world.Violate($"{node.Name} acknowledged write {write} in generation {generation} without write {other} of the same generation");
            else if (!Excused)
                world.Violate($"{node.Name} acknowledged write {write} without write {other}, which was acknowledged elsewhere (G3)");
            if (world.Violation is not null) return;
        }

        _acknowledged[write] = generation;
        _required.Add(write);
        node.Replica.Holds.Add(write);
        mirrored?.Replica.Holds.Add(write);
    }

    public void ServiceBegan(SimulatedNode node)
    {
        if (Excused) return;
        foreach (var write in _required)
            if (!node.Replica.Holds.Contains(write))
            {
                world.Violate($"{node.Name} started service without the acknowledged write {write} (G4)");
                return;
            }
    }

    /// <summary>The target has recorded that it is up to date.</summary>
    /// <param name="valid">The source still means it. A paused target may accept an offer that was withdrawn: it must not
    /// count on it, which <see cref="ServiceBegan"/> will see.</param>
    public void Accepted(SimulatedLink link, bool valid, IReadOnlySet<int> changing)
    {
        var (source, target) = (link.Source, link.Target);
        for (var block = 0; valid && block < SimulatedReplica.BlockCount; block++)
            if (!changing.Contains(block) && source.Replica[block] != target.Replica[block])
                world.Violate($"{target.Name} was declared equal but block {block} has {target.Replica[block]}, not {source.Replica[block]}");
        foreach (var write in target.Replica.Holds)
            if (!link.Offered.Contains(write) && link.TargetPlan != ResyncPlan.CopyAll)
            {
                world.Violate($"the acknowledged write {write} of {target.Name} was dropped without --full-sync (G5)");
                return;
            }

        target.Replica.BecomeEqual(link.Offered);
        if (!valid) return;
        _required.Clear();
        _required.UnionWith(source.Replica.Holds);
        Excused = false;
    }
}
