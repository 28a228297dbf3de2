using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>What a resync replaces, on the target's disk: the undo record of a resync that has not ended, and salvage sets.</summary>
/// <remarks>An extent is written here, and flushed, before it is replaced, so the record of a resync that has begun is whole at
/// every moment: it is modelled as the content that the replica had when the resync began.</remarks>
public sealed class SimulatedJournal
{
    private BlockContent[]? _content;
    private HashSet<long> _holds = [];
    private ReplicaRecord _before = ReplicaRecord.New;

    /// <summary>Acknowledged writes that are in a salvage set, or were given up with --full-sync: they may be replaced.</summary>
    public HashSet<long> Salvaged { get; } = [];

    /// <summary>An operator has given the content up: the record says so.</summary>
    public void GiveUp(SimulatedReplica replica) => Salvaged.UnionWith(replica.Holds);

    /// <summary>A resync begins.</summary>
    public void Begin(Preserving keeps, SimulatedReplica replica)
    {
        // What was kept of an earlier history knows nothing of the replica that is replaced now.
        if (_before.Current != keeps.Before.Current) _content = null;
        if (keeps.Kind is Preservation.Continued or Preservation.ContinuedSalvage && _content is not null) return;
        _content = null;
        if (keeps.Kind is Preservation.None or Preservation.Continued) return;
        _content = [.. Enumerable.Range(0, SimulatedReplica.BlockCount).Select(block => replica[block])];
        (_holds, _before) = ([.. replica.Holds], keeps.Before);
        if (keeps.Kind != Preservation.Undo) Salvaged.UnionWith(replica.Holds);
    }

    /// <summary>Nobody counts on the write any more: an undo that brings it back promises nothing.</summary>
    public void Forget(long write) => _holds.Remove(write);

    /// <summary>Blocks that an undo brings back; 0: there is nothing to go back to.</summary>
    public int Blocks => _content?.Length ?? 0;

    /// <summary>An undo that a failing disk ends after some blocks.</summary>
    public void UndoPart(SimulatedReplica replica, int blocks)
    {
        for (var block = 0; block < blocks; block++) replica.Apply(block, _content![block]);
        replica.BecomeEqual([]);
    }

    /// <summary>The replica is what it was before the resync.</summary>
    /// <returns>The record that it had; null when there is nothing to go back to.</returns>
    public ReplicaRecord? Undo(SimulatedReplica replica)
    {
        if (_content is not { } content) return null;
        for (var block = 0; block < content.Length; block++) replica.Apply(block, content[block]);
        replica.BecomeEqual(_holds);
        return _before;
    }

    /// <summary>The resync has ended, or its undoing.</summary>
    public void End() => _content = null;
}
