// The order between the guest's changes and what a resync or a verification reads.
// Invariant: a range that is wished for gets quiet: no further change of it begins until the next turn.
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class RequestFlow
{
    private bool _areNamesHeld;

    /// <summary>What is on the local disk is what was written: it has not failed.</summary>
    public bool IsDiskSound => _fault is { Course: DiskCourse.Attached, Hangs: false };

    /// <summary>Whether no change that overlaps the range is under way on the local disk. If one is, no further one begins until
    /// <see cref="ForgetWish"/>: a file that is always being written would never be quiet.</summary>
    public bool Quieten(FileKey key, ulong offset, ulong bytes)
    {
        if (IsQuiet(key, offset, bytes))
            return true;
        _wish = (key, offset, bytes);
        return false;
    }

    /// <summary>As <see cref="Quieten"/>, for every range.</summary>
    public bool QuietenAll()
    {
        _isAllWished = _ranges.Count > 0;
        return !_isAllWished;
    }

    /// <summary>Whether changes of names and attributes wait.</summary>
    public void HoldNames(bool held)
    {
        _areNamesHeld = held;
        IsRetryDue |= !held && _held.Count > 0;
    }

    /// <summary>Nobody waits any more for a range to be quiet.</summary>
    public void ForgetWish() => (_wish, _isAllWished) = (null, false);

    /// <summary>Whether no change that overlaps the range is under way on the local disk.</summary>
    public bool IsQuiet(FileKey key, ulong offset, ulong bytes)
    {
        foreach (var slot in _ranges)
            if (slot.Overlaps(key, offset, bytes))
                return false;
        return true;
    }

    /// <summary>Marks the ranges of changes that are under way on the local disk, sent or not.</summary>
    public void MarkUnderWay()
    {
        foreach (var slot in _ranges)
            if (slot.Request.Node is { } node)
                _replication.Mark(node, slot.Request.Offset, slot.Request.Bytes);
    }
}
