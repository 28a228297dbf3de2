using HaMirror.Core.Generations;

namespace HaMirror.Simulator;

/// <summary>A node's replica record: what is on its disk, and what could not be written there yet.</summary>
public sealed class SimulatedRecord(World world, SimulatedNode node, Ledger ledger, Mutation mutation)
{
    /// <summary>On the disk.</summary>
    public ReplicaRecord Durable { get; private set; } = ReplicaRecord.New;

    /// <summary>What the machine wanted when the last attempt failed; null: it is there.</summary>
    public ReplicaRecord? Wanted { get; private set; }

    /// <summary>The process that wanted it is gone.</summary>
    public void Forget() => Wanted = null;

    /// <summary>A wrong product writes what its machine did not say.</summary>
    public void Forge(ReplicaRecord record) => Durable = record;

    /// <summary>Replaces it, durably; false: it could not be.</summary>
    public bool Persist(ReplicaRecord record)
    {
        if (world.Tracing) world.Note($"{node.Name} -> Persist {NodeWords.Describe(record)}");
        if (node.Faults.RecordFails || node.Disk.RecordFails)
        {
            world.Note($"{node.Name} cannot write its record");
            if (!mutation.HeedsRecord) return true;
            Wanted = record;
            return false;
        }

        var isLate = Wanted is not null;
        Wanted = null;
        if (record.Serving && !Durable.Serving)
        {
            node.ServesFromNow();
            ledger.Serves(node);
        }

        if (record is { Serving: true, Sole: true } && Durable is { Serving: true, Sole: false }) ledger.StandbyLeft(node.Peer); // It goes on without it.
        if (record.Detached && !Durable.Detached) ledger.Detached(node);
        if (record is { Sole: true, Serving: false } && !Durable.Sole) ledger.Detached(node.Peer); // It stands in.
        Durable = record;
        if (isLate) node.Input(new HaMirror.Core.Machine.MachineInput.RecordSaved());
        return true;
    }
}
