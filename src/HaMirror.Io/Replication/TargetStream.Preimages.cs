// What the data connection of a target has to do with keeping what it replaces.
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

internal sealed unsafe partial class TargetStream
{
    private readonly TargetPreimages _preimages;

    /// <summary>What the frame whose turn it is has to wait for.</summary>
    private PreimageWait _awaited;

    /// <summary>Keeps what is about to be replaced; null: nothing is kept.</summary>
    public PreimageJournal? Preimages
    {
        get => _tree.Preimages;
        set => _tree.Preimages = _names.Preimages = _writes.Preimages = _preimages.Journal = value;
    }

    /// <summary>To be polled while something is kept, then <see cref="Settle"/>; -1: nothing is.</summary>
    public int PreimagesDescriptor => Preimages?.WakeDescriptor ?? -1;

    /// <summary>Keeps nothing more.</summary>
    /// <returns>What was kept; null: nothing.</returns>
    public PreimageOrigin? EndPreimages()
    {
        if (Preimages is not { } preimages)
            return null;
        preimages.Dispose();
        Preimages = null;
        return preimages.Origin;
    }
}
