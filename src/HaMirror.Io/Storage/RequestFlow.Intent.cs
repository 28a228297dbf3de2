// What the intent log needs of the way of a request, and what becomes of it when the log cannot be written.
// Invariant: no change of an area that the log does not name goes to either disk, unless the peer alone is written: then this
// replica is known to be outdated, and everything is compared when its disk comes back.
using HaMirror.Io.IntentLog;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class RequestFlow
{
    private int _awaitedCount;

    /// <summary>Null: changes are not recorded before they go.</summary>
    public IntentChanges? Intent
    {
        get;
        set
        {
            field = value;
            _replication.Intent = value?.Gate;
        }
    }

    /// <summary>The changes that <see cref="AwaitRanges"/> saw under way on the local disk have ended.</summary>
    public bool AreAwaitedDone => _awaitedCount == 0;

    public void AwaitRanges()
    {
        foreach (var slot in _ranges)
            slot.IsAwaited = true;
        _awaitedCount = _ranges.Count;
    }

    /// <summary>The log cannot be written any more: a fault of the disk that holds it, like one of the replica's.</summary>
    /// <param name="hangs">It does not answer.</param>
    public void LogFailed(string reason, bool hangs)
    {
        if (_fault.Course is DiskCourse.Detached or DiskCourse.GivenUp)
            return;
        if (HasStandIn)
            _fault.LogFailed(reason, hangs);
        else
            events.StorageFailed(reason);
    }

    private bool IsRecorded(Slot slot) => _fault.IsDetached || Intent?.Enter(slot) != false;

    private void EndAwaited(Slot slot)
    {
        _awaitedCount -= slot.IsAwaited ? 1 : 0;
        slot.IsAwaited = false;
    }
}
