using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>What the guests were told is safe, and the invariants over it.</summary>
/// <remarks>
/// G1 and G4: a node that starts service on its own holds every acknowledged write. G3: a node never acknowledges a write
/// while it lacks one that was acknowledged elsewhere. Both are excused only from the moment at which the contract itself
/// excuses them (an operator's --as-primary; isolation without a witness) until the two are equal again. Never excused:
/// one generation is one history, and no acknowledged write is dropped without --full-sync or being in a salvage set that was made
/// before the resync that drops it. A plain write, which no flush
/// covers, is demanded as long as one node keeps it: the one that served it until it loses power before the write reached
/// its disk, the standby as long as it is one. An operator's --as-primary leaves out what only the other one keeps of them.
/// <para>What is on the disks is looked at, too, block by block: where service begins (unless excused) each half of a block is
/// of a write that may have survived, no older than the newest that has to; what a new service found is what there is, so a
/// write that it did not find is never seen again; a flush's writes are on both disks; a Ready standby equals its primary in
/// every block that no change is under way to.</para>
/// <para>All that is forgiven: (1) G3 and G4 between an excuse and the next accepted offer; (2) a plain write whose server
/// lost power before it was on that disk, and whose standby had died, ceased to be one or been left behind by it before, or does so later; (3) a
/// plain write that the other node alone holds, dropped by a resync within an excuse; (4) what a standby that has left still
/// holds of plain writes counts for nobody, even if it is on its disk; (5) what (2) forgives is not demanded of an undo either,
/// though it may come back with one; (6) a plain write of which the guest was told that its flush failed, or that was kept
/// last by a disk that failed, or by a standby whose disk refused it or did not answer for <c>checktime</c>.</para>
/// <para>While a primary's disk is detached, its standby's is the one that is looked at: what that one has applied outlives its
/// process, and only a loss of power takes plain writes with it.</para>
/// </remarks>
public sealed class Ledger(World world)
{
    private readonly Dictionary<long, GenerationId> _acknowledged = [];
    private readonly List<long> _required = [];
    private readonly HashSet<string> _excuses = [];
    private readonly Dictionary<long, HashSet<SimulatedNode>> _plain = [];
    private readonly HashSet<long> _released = [];
    private readonly Survivors _survivors = new();
    private readonly Dictionary<long, int> _blocks = [];

    /// <summary>Set once they are made.</summary>
    public IReadOnlyList<SimulatedNode> Nodes { get; set; } = [];

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

    public void Acknowledge(SimulatedNode node, SimulatedNode? mirrored, int block, long write, GenerationId generation, bool plain, int mirroredBoot,
        bool detached = false)
    {
        if (detached && mirrored is null) world.Violate($"{node.Name}, whose disk is detached, acknowledged write {write} without its peer (G7)");
        _blocks[write] = block;
        for (var index = node.Replica.Checked; index < _required.Count; index++)
        {
            var other = _required[index];
            if (index == node.Replica.Checked && node.Replica.Holds.Contains(other))
            {
                node.Replica.Checked++;
                continue;
            }

            // A primary that was paused may hand an acknowledgement on late: the write is in the history of the one that took over.
            if (node.Replica.Holds.Contains(other) || mirrored?.Replica.Holds.Contains(other) == true) continue;
            if (_acknowledged[other] == generation)
                world.Violate($"{node.Name} acknowledged write {write} in generation {generation} without write {other} of the same generation");
            else if (!Excused)
                world.Violate($"{node.Name} acknowledged write {write} without write {other}, which was acknowledged elsewhere (G3)");
            if (world.Violation is not null) return;
        }

        _acknowledged[write] = generation;
        if (world.Tracing) world.Note($"{node.Name} acknowledged {write}{(plain ? " plain" : "")} mirrored={mirrored is not null}");
        _required.Add(write);
        if (!detached) node.Replica.Hold(write);
        var both = mirrored?.Replica.Hold(write) == true;
        // A standby that died or left after it had said that it has the write, before that was read, is no keeper either; one that
        // has taken over is, like any node that serves.
        var keeps = both && (mirrored!.Record.Serving
            || (mirrored.Boots == mirroredBoot && mirrored.View is { State: not (ModuleState.Wait or ModuleState.Stop) }));
        if (!plain) LookAtDisks(node, mirrored, write, detached);
        else
        {
            HashSet<SimulatedNode> keepers = detached || node.Record.Detached ? [] : [node];
            if (detached ? both : keeps) keepers.Add(mirrored!);
            _plain[write] = keepers;
            if (keepers.Count == 0) Release(write);
        }
    }

    /// <summary>A primary's disk has failed and is given up for its peer's: nobody counts any more on what it has.</summary>
    public void Detached(SimulatedNode node)
    {
        foreach (var write in _plain.Keys.ToArray()) Release(node, write);
    }

    /// <summary>A guest was told that a flush failed.</summary>
    public void FlushFailed(IReadOnlyList<long> covered)
    {
        foreach (var write in covered.ToArray())
            if (_plain.ContainsKey(write)) Release(write);
    }

    /// <summary>A write of the guest's goes to the disks.</summary>
    public void Started(SimulatedNode node, int block, long write) => _survivors.Started(node, block, write);

    /// <summary>A flush was acknowledged: from now on nothing may lose what it covers.</summary>
    public void Flushed(SimulatedNode node, SimulatedNode? mirrored, IReadOnlyList<long> covered, bool detached)
    {
        foreach (var write in covered)
            if (!_released.Contains(write) && _acknowledged.ContainsKey(write))
            {
                LookAtDisks(node, mirrored, write, detached);
                _plain.Remove(write);
            }
    }

    private void LookAtDisks(SimulatedNode node, SimulatedNode? mirrored, long write, bool detached)
    {
        var block = _blocks[write];
        if (detached)
        {
            if (mirrored?.Replica.HasDurably(block, write) != true)
                world.Violate($"{node.Name}, whose disk is detached, acknowledged write {write} as durable, which the disk of {node.Peer.Name} does not have (G7)");
        }
        else if (!node.Replica.HasDurably(block, write))
            world.Violate($"{node.Name} acknowledged write {write} as durable, which its own disk does not have (G1)");
        else if (mirrored?.Replica.HasDurably(block, write) == false && mirrored.Replica.Holds.Contains(write))
            world.Violate($"{node.Name} acknowledged write {write} as durable, which the disk of {mirrored.Name} does not have (G1)");
    }

    /// <summary>A node lost power: what had not reached its disk is gone.</summary>
    public void PowerLost(SimulatedNode node, IEnumerable<long> writes)
    {
        foreach (var write in writes) Release(node, write);
    }

    /// <summary>A node that did not serve died or ceased to be the standby, or could not apply what it had received, or its primary
    /// has recorded that it goes on without it: nobody counts any more on what it has.</summary>
    public void StandbyLeft(SimulatedNode node)
    {
        foreach (var write in _plain.Keys.ToArray()) Release(node, write);
    }

    private void Release(SimulatedNode node, long write)
    {
        if (_plain.TryGetValue(write, out var keepers) && keepers.Remove(node) && keepers.Count == 0) Release(write);
    }

    private void Release(long write)
    {
        _plain.Remove(write);
        _released.Add(write);
        _required.Remove(write);
        foreach (var side in Nodes)
        {
            side.Replica.Forget(write);
            side.Journal.Forget(write);
        }
    }

    /// <summary>A resync has replaced a block: what it held before is in the salvage set alone, also if an operator makes the half of it
    /// primary.</summary>
    public void Replaced(SimulatedNode node, int block, BlockContent content)
    {
        if (node.Journal.Salvaged.Count == 0) return;
        foreach (var write in node.Replica.Holds.Where(node.Journal.Salvaged.Contains).ToArray())
            if (_blocks[write] == block && (content.First < write || content.Second < write)) node.Replica.Forget(write);
    }

    /// <summary>A node has recorded that it serves: plain writes are what it makes of them from now on.</summary>
    public void Serves(SimulatedNode node)
    {
        // A record that could not be written in time may say so after the node had left: it still has what it took over.
        foreach (var (write, keepers) in _plain)
        {
            if (!keepers.Contains(node) && !node.Replica.Holds.Contains(write)) continue;
            keepers.Clear();
            keepers.Add(node);
        }
    }

    public void ServiceBegan(SimulatedNode node)
    {
        if (Excused)
        {
            _survivors.Serves(node);
            return;
        }

        foreach (var write in _required)
            if (!node.Replica.Holds.Contains(write))
            {
                world.Violate($"{node.Name} started service without the acknowledged write {write} (G4)");
                return;
            }

        for (var block = 0; block < SimulatedReplica.BlockCount; block++)
            if (_survivors.Illegal(node, block, Floor(block)) is { } illegal)
                world.Violate($"{node.Name} started service with {node.Replica[block]} in block {block}: {illegal}");
        _survivors.Found(node);
    }

    /// <summary>The newest write of a block that has to be there.</summary>
    private long Floor(int block)
    {
        long floor = 0;
        foreach (var write in _required)
            if (_blocks[write] == block) floor = Math.Max(floor, write);
        return floor;
    }

    /// <summary>A standby that may take over equals the primary wherever nothing is under way.</summary>
    public void LookAtStandby(SimulatedNode node)
    {
        var primary = node.View is { State: ModuleState.Prim } ? node : node.Peer;
        if (world.Violation is not null || !primary.Up || primary.View!.State != ModuleState.Prim || !primary.Peer.Up
            || primary.Driver.Pump is not { Committed: true, Link: { } link } || primary.Peer.Driver.Link != link
            || primary.Peer.View is not { State: ModuleState.Second, Phase: Phase.Ready }) return;
        for (var block = 0; block < SimulatedReplica.BlockCount; block++)
            if ((primary.Driver.Pump.IsDetached ? primary.Driver.Pump.Expected(block) : primary.Replica[block]) is { } there
                && there != primary.Peer.Replica[block] && !primary.Driver.IsChanging(block))
                world.Violate($"{primary.Peer.Name} is Ready but block {block} has {primary.Peer.Replica[block]}, not {there}");
    }

    /// <summary>The target has recorded that it is up to date.</summary>
    /// <param name="valid">The source still means it. A paused target may accept an offer that was withdrawn: it must not
    /// count on it, which <see cref="ServiceBegan"/> will see.</param>
    public void Accepted(SimulatedLink link, bool valid)
    {
        var (source, target) = (link.Source, link.Target);
        for (var block = 0; valid && block < SimulatedReplica.BlockCount; block++)
            if (!source.Driver.IsChanging(block) && source.Replica[block] != target.Replica[block])
                world.Violate($"{target.Name} was declared equal but block {block} has {target.Replica[block]}, not {source.Replica[block]}");
        foreach (var write in target.Replica.Holds)
            if (!link.Offered.Contains(write) && link.TargetPlan != ResyncPlan.CopyAll && !target.Journal.Salvaged.Contains(write) && !(Excused && _plain.ContainsKey(write)))
            {
                world.Violate($"the acknowledged write {write} of {target.Name} was dropped without --full-sync and is in no salvage set (G5)");
                return;
            }

        target.Replica.BecomeEqual(link.Offered.Where(write => !_released.Contains(write)));
        target.Journal.Salvaged.ExceptWith(target.Replica.Holds); // What it holds again has to be saved again.
        if (!valid) return;
        if (Excused) _survivors.Equal(source, target);
        _required.Clear();
        _required.AddRange(source.Replica.Holds);
        source.Replica.Checked = 0;
        foreach (var keepers in _plain.Values.Where(keepers => keepers.Contains(source))) keepers.Add(target);
        Excused = false;
    }
}
