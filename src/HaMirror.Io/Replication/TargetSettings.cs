using System.Collections.Immutable;
using HaMirror.Core.Configuration;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Replication;

/// <summary>A replicated directory as its target applies to it.</summary>
/// <param name="Descriptor">The underlying directory, opened before anything was mounted over it; the caller keeps it open
/// longer than the session lives.</param>
/// <param name="Path">As the operator knows it, for sentences.</param>
/// <param name="Filter">What stays local; the same on both nodes.</param>
public sealed record TargetRoot(int Descriptor, string Path, ReplicationFilter Filter);

/// <summary>What a target session is made with.</summary>
/// <param name="Roots">In the order of the module's configuration: a frame's root is an index into it.</param>
/// <param name="Ack">Applied: an acknowledgement of its own tells the source when a write is done.</param>
/// <param name="LockTimeout">Silence of the source for this long ends the link.</param>
/// <param name="Marks">This node's own dirty extents, which the source adds to its own.</param>
public sealed record TargetSettings(
    ImmutableArray<TargetRoot> Roots, AckMode Ack, TimeSpan LockTimeout, ImmutableArray<FileMarks> Marks)
{
    /// <summary>A disk that is silent for longer counts as failed.</summary>
    public TimeSpan CheckTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told of flushes that fail; null: nobody is.</summary>
    internal Storage.DiskProof? Proof { get; init; }

    /// <summary>Told, on the session's thread, of files whose content is not here, as far as it is not, until the source has
    /// copied it: that counts as marked until this node is equal. On stable storage when it returns null, else why not.</summary>
    public Func<IReadOnlyList<FileMarks>, string?>? Missing { get; init; }
}
