// Both connections of a replication link, after the hellos were exchanged and proven.
// Invariant: from hand-over to Close the link belongs to one thread.
using HaMirror.Core.Machine;

namespace HaMirror.Io.Peer;

/// <summary>A replication link: sequenced frames on <see cref="Data"/>, everything else on <see cref="Control"/>.</summary>
public sealed class PeerLink
{
    private static long _lastNumber;
    private int _closed;

    internal PeerLink(bool isSource, PeerHello peer, PeerConnection data, PeerConnection control)
    {
        Number = Interlocked.Increment(ref _lastNumber);
        IsSource = isSource;
        Peer = peer;
        Data = data;
        Control = control;
        Outgoing = new ControlQueue(control);
    }

    /// <summary>Unique in this process, rising.</summary>
    public long Number { get; }

    /// <summary>This end sends the data: the peer dialled.</summary>
    public bool IsSource { get; }

    public PeerHello Peer { get; }

    public PeerConnection Data { get; }

    public PeerConnection Control { get; }

    /// <summary>What waits to leave over <see cref="Control"/>.</summary>
    public ControlQueue Outgoing { get; }

    /// <summary>Cuts both connections from any thread: whoever the link belongs to finds them ended when it looks again.</summary>
    public void Abort()
    {
        Data.Abort();
        Control.Abort();
    }

    /// <summary>Tells the peer why, as far as its socket has room, and closes. More than once is allowed.</summary>
    public void Close(string reason)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        Outgoing.AddBye(reason);
        // A failure has nobody to be told to: the connection is gone either way.
        _ = Outgoing.Flush();
        Data.Dispose();
        Control.Dispose();
    }
}
