// What a source knows of a resync that a lost link has broken off, so that the next one goes on where it was.
// Invariants: (1) evidence is in the marks alone. A comparison of everything marks each file as a whole when its walk first meets
// it; what takes that mark away takes any mark away (a confirmed durable copy, a confirmed equal hash), what was in flight comes
// back when the link ends, and every change marks anew. So of a file that was met the marks say all, and it is not marked again.
// (2) That holds for one replica of the target only: it holds the comparison's number from its beginning, beside its data
// (HeldComparison), and forgets it before anything but this source's links may change it. (3) The memory ends with the pump, and
// when this node becomes a target: the marks are then no longer those of the comparison.
using HaMirror.Core.Machine;

namespace HaMirror.Io.Replication;

/// <summary>Outlives the links of a source. Belongs to the pump's thread.</summary>
internal sealed class ResyncMemory
{
    /// <summary>Names the comparison that runs or was broken off; empty: there is none.</summary>
    public Guid Comparison { get; private set; }

    /// <summary>The resync that was entered last compares or copies everything.</summary>
    public bool IsComparing { get; private set; }

    /// <summary>Files that it has marked as a whole.</summary>
    public HashSet<FileKey> Met { get; } = [];

    /// <summary>How far the last link came.</summary>
    public ulong BytesTotal { get; private set; }

    public ulong BytesDone { get; private set; }

    /// <summary>A resync begins; all that the target had to say has come.</summary>
    /// <param name="held">The number of the comparison that the target says its replica is of.</param>
    /// <returns>False: nothing of an earlier link's counts for what is compared now.</returns>
    public bool Enter(ResyncPlan plan, Guid held)
    {
        IsComparing = plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll;
        // To copy everything is an operator's wish of today: what was found equal yesterday is copied too.
        if (plan == ResyncPlan.CompareAll && Comparison != Guid.Empty && held == Comparison)
            return true;
        if (!IsComparing)
            return false; // of marks, which say what is left by themselves
        Forget();
        Comparison = Guid.NewGuid();
        return false;
    }

    /// <summary>The link of a resync is lost.</summary>
    public void BrokenOff(ResyncProgress progress) => (BytesTotal, BytesDone) = (progress.BytesTotal, progress.BytesDone);

    /// <summary>The replicas are equal, or the marks are no longer what they were.</summary>
    public void Forget()
    {
        Comparison = Guid.Empty;
        Met.Clear();
        (BytesTotal, BytesDone) = (0, 0);
    }
}
