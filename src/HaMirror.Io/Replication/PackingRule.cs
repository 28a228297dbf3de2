// Whether a block of a resync is worth packing (LZ4).
// Packing costs time of the pump's thread, which nobody else can use meanwhile; bytes cost time of the link. It pays where
// bytes wait for the link, or a cap counts them, and where blocks of late did become smaller.
namespace HaMirror.Io.Replication;

/// <summary>Learns from what packing has gained. Belongs to the pump's thread.</summary>
internal sealed class PackingRule
{
    /// <summary>Blocks in a row that did not become smaller: from then on only samples are tried.</summary>
    public const int FailureRunMax = 4;

    /// <summary>Every so manieth block is tried all the same, for other data comes and other traffic.</summary>
    public const int SampleInterval = 16;

    private int _failures;
    private int _untried;

    /// <param name="isLinkBehind">Bytes wait for the link, or a cap counts them.</param>
    public bool Tries(bool isLinkBehind)
    {
        if (isLinkBehind && _failures < FailureRunMax)
            return true;
        if (++_untried < SampleInterval)
            return false;
        _untried = 0;
        return true;
    }

    public void Learn(bool gained) => _failures = gained ? 0 : Math.Min(_failures + 1, FailureRunMax);
}
