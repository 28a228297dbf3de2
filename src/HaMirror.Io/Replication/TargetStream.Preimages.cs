// What the data connection of a target has to do with keeping what it replaces.
using HaMirror.Core.Wire;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

internal sealed unsafe partial class TargetStream
{
    private readonly TargetPreimages _preimages;

    /// <summary>What the frame whose turn it is has to wait for.</summary>
    private PreimageWait _awaited;

    /// <summary>The last barrier that came while something was owed, and is not answered yet.</summary>
    private FrameHeader? _heldBarrier;

    /// <summary>Keeps what is about to be replaced; null: nothing is kept.</summary>
    public PreimageJournal? Preimages
    {
        get => _tree.Preimages;
        set => _tree.Preimages = _names.Preimages = _writes.Preimages = _preimages.Journal = _zeros.Journal = value;
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

    /// <summary>Whether a range is freed later, for want of what it held on stable storage.</summary>
    private bool Owes(TargetFile file, int mode, ulong offset, ulong bytes)
    {
        if (mode != PunchHole)
            _zeros.Finish(file.Key); // It may say what the file is to have beyond what is owed, or move it.
        if (mode != PunchHole || Preimages is null || bytes <= TargetPreimages.AheadBytesMax)
            return false;
        if (IsTolerant)
        {
            _writes.WaitForRange(file, offset, bytes);
            if (_zeros.TryFree(file, offset, bytes))
                return true;
        }
        // So much was not asked for beforehand: what others wait for would have waited behind it.
        _awaited = _preimages.Of(file, offset, bytes);
        return false;
    }

    /// <summary>A later barrier says all that one before it would.</summary>
    private bool Holds(in FrameHeader barrier)
    {
        _heldBarrier = _zeros.IsOwing ? barrier : null;
        return _heldBarrier is not null;
    }

    private void SettleOwed()
    {
        _zeros.Settle();
        if (_heldBarrier is { } held && !_zeros.IsOwing)
            Barrier(held);
    }
}
