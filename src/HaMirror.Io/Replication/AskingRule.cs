// Whether a block of a resync is compared before it is sent.
// A block that is asked for costs a second read and a round trip, one that is sent in vain costs the link. What was seen of
// late decides: extents that were hot in a crash are mostly equal, extents that were written alone mostly differ.
using HaMirror.Core.Machine;

namespace HaMirror.Io.Replication;

/// <summary>How the next block is dealt with.</summary>
internal enum Asking : byte
{
    /// <summary>It is sent.</summary>
    Sends,

    /// <summary>One hash of all of it: enough where most is equal.</summary>
    Whole,

    /// <summary>Nothing yet: a sample's answer has to come first.</summary>
    Waits,

    /// <summary>One hash for each extent: where single extents differ the rest need not be sent.</summary>
    Extents,
}

/// <summary>Learns from what the target answers. Belongs to the pump's thread.</summary>
/// <param name="plan">CopyAll never asks: its operator knows that the target's content is worth nothing.</param>
internal sealed class AskingRule(ResyncPlan plan)
{
    /// <summary>So many blocks in a row of which more than half differed: from then on blocks are sent at once.</summary>
    public const int DifferentRunMax = 8;

    /// <summary>While blocks are sent at once, every so manieth is asked for, and so many more may go until its answer is there.
    /// With blocks of a MiB, what is sent in vain where equal data begins is at most 32 MiB; a link of 10 Gbit/s is kept busy
    /// up to a round trip of 13 ms.</summary>
    public const int SampleInterval = 16;

    /// <summary>So many equal blocks in a row: the next differing one is far, and one hash for a block is enough.</summary>
    private const int EqualRunMax = 4;

    private int _differentRun;
    private int _equalRun = EqualRunMax;
    private int _unasked;
    private bool _awaitsSample;

    /// <summary>Blocks are sent at once, but for samples.</summary>
    public bool IsSending => plan == ResyncPlan.CopyAll || _differentRun >= DifferentRunMax;

    /// <summary>What is to be done with the next block.</summary>
    public Asking Next()
    {
        if (plan == ResyncPlan.CopyAll)
            return Asking.Sends;
        if (IsSending)
        {
            if (_unasked < SampleInterval - 1)
            {
                _unasked++;
                return Asking.Sends;
            }
            if (_awaitsSample)
                return Asking.Waits;
            _unasked = 0;
            _awaitsSample = true;
            return Asking.Extents;
        }
        return _equalRun < EqualRunMax ? Asking.Extents : Asking.Whole;
    }

    /// <summary>What was asked for is never answered: it was given up, or there was nothing left of it.</summary>
    public void Forget() => _awaitsSample = false;

    /// <summary>A block was compared by extents, or found equal as a whole.</summary>
    /// <param name="extents">In the block; at least 1.</param>
    /// <param name="different">Of those.</param>
    public void Learn(int extents, int different)
    {
        _awaitsSample = false;
        _equalRun = different == 0 ? Math.Min(_equalRun + 1, EqualRunMax) : 0;
        _differentRun = 2 * different > extents ? Math.Min(_differentRun + 1, DifferentRunMax) : 0;
    }
}
