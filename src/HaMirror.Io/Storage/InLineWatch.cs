// Whether the pump's thread comes back from what it does in line with the disk.
// A lone read, write or flush goes to the disk in the pump's own thread, which on a disk that hangs never returns. A timer
// looks; when a call takes too long, the duties of the pump go to a thread of its own, and the one that is stuck learns at its
// return that it is the pump no more: it hands the result over and ends. The usual way costs two interlocked writes.
// Invariant: at any time exactly one thread is the pump; who it is changes by one compare-and-swap of `_call`.
namespace HaMirror.Io.Storage;

/// <summary>The pump's thread was replaced while it was in the disk.</summary>
internal sealed class PumpLeftException(int slot, long ticket, long result) : Exception("Another thread is the pump now.")
{
    public int Slot { get; } = slot;

    public long Ticket { get; } = ticket;

    /// <summary>What the disk said in the end.</summary>
    public long Result { get; } = result;
}

/// <summary>Watches the pump's calls into the disk.</summary>
internal sealed class InLineWatch : IDisposable
{
    /// <summary>A call that takes longer leaves the pump's thread. Shorter than any time-out of a link.</summary>
    private const long LeaveAfterMs = 300;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly Action _succeed;
    private readonly Timer _timer;
    private long _call; // number of the call that is under way; 0: none
    private long _lastCall;
    private long _since;
    private int _left;

    /// <param name="succeed">Starts a thread that goes on as the pump; called from a thread of the pool.</param>
    public InLineWatch(Action succeed)
    {
        _succeed = succeed;
        _timer = new Timer(_ => Look(), null, LookInterval, LookInterval);
    }

    /// <summary>Calls that are stuck on threads of their own.</summary>
    public int Left => Volatile.Read(ref _left);

    /// <summary>The pump's thread is about to call into the disk.</summary>
    /// <returns>The call's ticket.</returns>
    public long Enter()
    {
        Volatile.Write(ref _since, Environment.TickCount64);
        Volatile.Write(ref _call, ++_lastCall);
        return _lastCall;
    }

    /// <summary>It has come back.</summary>
    /// <returns>False: another thread is the pump now.</returns>
    public bool Leave(long ticket)
    {
        if (Interlocked.CompareExchange(ref _call, 0, ticket) == ticket)
            return true;
        Interlocked.Decrement(ref _left);
        return false;
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var call = Volatile.Read(ref _call);
        if (call == 0 || Environment.TickCount64 - Volatile.Read(ref _since) < LeaveAfterMs)
            return;
        // The call may have ended and another one begun meanwhile, whose time has not come: its number is another one.
        Interlocked.Increment(ref _left);
        if (Interlocked.CompareExchange(ref _call, 0, call) == call)
            _succeed();
        else
            Interlocked.Decrement(ref _left);
    }
}
