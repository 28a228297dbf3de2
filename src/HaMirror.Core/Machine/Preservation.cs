using HaMirror.Core.Generations;

namespace HaMirror.Core.Machine;

/// <summary>Whether a target keeps what its resync replaces.</summary>
public enum Preservation : byte
{
    /// <summary>Nothing is kept: there is nothing consistent to go back to, or the operator gave it up.</summary>
    None,

    /// <summary>A new undo record: this replica is consistent until the resync begins.</summary>
    Undo,

    /// <summary>A new undo record that becomes a salvage set, without which the resync does not go on (design, G5).</summary>
    Salvage,

    /// <summary>The replica is inconsistent already: what an earlier resync kept stays and is added to.</summary>
    Continued,

    /// <summary>The same of a salvage set: when it is not there a crash came before it was begun, so nothing was replaced, and it is
    /// begun now.</summary>
    ContinuedSalvage,
}

/// <summary>What is kept, and of what.</summary>
/// <param name="Before">The record of the replica before the resync.</param>
/// <param name="Source">The source's generation.</param>
public sealed record Preserving(Preservation Kind, ReplicaRecord Before, GenerationId Source)
{
    public static readonly Preserving Nothing = new(Preservation.None, ReplicaRecord.New, GenerationId.None);
}
