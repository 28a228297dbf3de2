// Owner of an eventfd of the shim.
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>Wakes a thread that polls. Setting it after it was disposed does nothing.</summary>
public sealed class WakeEvent : IDisposable
{
    private readonly Lock _gate = new();
    private int _descriptor = Shim.Check(Shim.EventCreate(), "make an event to wake a thread");

    /// <summary>Readable while set; -1 once disposed.</summary>
    public int Descriptor => _descriptor;

    public void Set()
    {
        // Under the lock, or a descriptor that was closed and is now somebody else's would be written to.
        lock (_gate)
            if (_descriptor >= 0)
                _ = Shim.EventSignal(_descriptor);
    }

    public void Clear() => _ = Shim.EventClear(_descriptor);

    public void Dispose()
    {
        lock (_gate)
        {
            if (_descriptor >= 0)
                _ = Shim.Close(_descriptor);
            _descriptor = -1;
        }
    }
}
