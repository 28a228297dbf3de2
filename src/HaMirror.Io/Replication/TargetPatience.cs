// How long the disk of a target may be silent before it counts as failed.
// Two can be silent: the session's own thread, stuck in a call, which only somebody else can notice; and what was handed to
// io_uring or to the sync thread, which the session's thread notices itself.
// Invariant: said once for a session; whoever is stuck goes on from where it is when the disk answers, and ends the session.
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>Watches a target session for a disk that hangs.</summary>
internal sealed class TargetPatience : IDisposable
{
    /// <summary>A resync and a flush of much may take that many times as long: nobody waits for them but the resync.</summary>
    private const int Forbearance = 3;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly TimeSpan _checkTime;
    private readonly PeerLink _link;
    private readonly Action<string> _hung;
    private readonly Timer _timer;
    private long _busySince;
    private int _said;

    /// <param name="hung">Told from a thread of the pool, once, that the session's thread is stuck.</param>
    public TargetPatience(PeerLink link, TimeSpan checkTime, Action<string> hung)
    {
        (_link, _checkTime, _hung) = (link, checkTime, hung);
        _timer = new Timer(_ => Look(), null, LookInterval, LookInterval);
    }

    /// <summary>A resync runs.</summary>
    public volatile bool IsResyncing = true;

    /// <summary>It was said that the disk hangs.</summary>
    public bool IsOver => Volatile.Read(ref _said) != 0;

    private double LimitMs => _checkTime.TotalMilliseconds * (IsResyncing ? Forbearance : 1);

    /// <summary>The session's thread does something.</summary>
    public void Begin(long now) => Volatile.Write(ref _busySince, now);

    /// <summary>It waits for something to do.</summary>
    public void End() => Volatile.Write(ref _busySince, 0);

    /// <summary>The session's thread looks at what others do for it.</summary>
    /// <exception cref="TargetException">They do not get on.</exception>
    public void Judge(long now, long writesSince, long syncSince)
    {
        if ((writesSince != 0 && now - writesSince > LimitMs) || (syncSince != 0 && now - syncSince > _checkTime.TotalMilliseconds * Forbearance))
            throw new TargetException(Sentence(now - Math.Max(writesSince, syncSince)), replicaFailed: true);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var since = Volatile.Read(ref _busySince);
        var silence = Environment.TickCount64 - since;
        if (since == 0 || silence <= LimitMs || Interlocked.Exchange(ref _said, 1) != 0)
            return;
        // The source must not wait for its own time-outs.
        _link.Abort();
        _hung(Sentence(silence));
    }

    private static string Sentence(long milliseconds) =>
        $"The disk of this node has not answered for {milliseconds / 1000.0:0.#} s. Look for its cause in the kernel's log (dmesg) and repair "
        + "or replace it; the link is tried again by itself once it answers.";
}
