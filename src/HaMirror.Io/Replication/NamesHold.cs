// Why a visit of names ends although a guest changes names all the time: what it changes is visited again, and a large directory
// that is renamed again and again, or two of many entries that are never left alone, would be visited for ever.
// Proof of an end: once a quarter of what was looked at for the first time was looked at again, the guest's changes of names wait
// for a while. Then the queue only becomes shorter. Each such while is twice as long as the last, with as long a pause before the next, so one of them
// is long enough; until then the guest waits no longer than four times what that visit takes. Data is written all the time.
namespace HaMirror.Io.Replication;

/// <summary>Decides when changes of names wait for a visit. Belongs to the pump's thread.</summary>
/// <param name="hold">Holds them, or lets them go on.</param>
internal sealed class NamesHold(Action<bool> hold)
{
    /// <summary>So many entries are looked at again without anybody being held: a fraction of a second, at the target too.</summary>
    private const long FreeEntries = 500;

    /// <summary>Of the entries that were looked at for the first time, so many again.</summary>
    private const long FreePart = 4;

    private const long FirstMs = 250;

    private long _span = FirstMs;
    private long _until;

    public bool IsHolding { get; private set; }

    /// <param name="now">In ms.</param>
    /// <param name="first">Entries that were looked at for the first time.</param>
    /// <param name="again">Entries that were looked at once more.</param>
    public void Judge(long now, long first, long again)
    {
        if (now < _until || (!IsHolding && again <= first / FreePart + FreeEntries))
            return;
        if (IsHolding)
            _span *= 2;
        IsHolding = !IsHolding;
        _until = now + _span;
        hold(IsHolding);
    }

    /// <summary>Everything was visited, or nobody visits any more.</summary>
    public void End()
    {
        if (IsHolding)
            hold(false);
        (IsHolding, _span, _until) = (false, FirstMs, 0);
    }
}
