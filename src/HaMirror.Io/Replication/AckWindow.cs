// Who waits for which sequence, and how many bytes are on their way.
// Invariant: entries from the oldest sequence that is not acknowledged to the newest one sent are in a ring indexed by
// sequence; received and applied only rise; received >= applied is the target's duty and is checked.
namespace HaMirror.Io.Replication;

/// <summary>The in-flight window of a link. Belongs to the pump's thread.</summary>
internal sealed class AckWindow
{
    public AckWindow(bool untilApplied) => UntilApplied = untilApplied;

    /// <summary>An acknowledgement is the peer's "applied", not its "received".</summary>
    public bool UntilApplied { get; set; }

    private Entry[] _ring = new Entry[1024];
    private ulong _sent;
    private ulong _acknowledged;

    public ulong Received { get; private set; }

    public ulong Applied { get; private set; }

    /// <summary>Bytes sent (or waiting to be) that the peer does not hold yet.</summary>
    public long Bytes { get; private set; }

    /// <summary>Something was sent that the peer has not acknowledged as the module's mode asks.</summary>
    public bool IsOwed => _acknowledged < _sent;

    /// <param name="slot">Who waits; -1 for nobody.</param>
    public void Add(ulong sequence, int bytes, int slot)
    {
        if (sequence - Math.Min(_acknowledged, Received) > (ulong)_ring.Length - 1)
            Grow();
        _ring[sequence % (ulong)_ring.Length] = new Entry { Bytes = bytes, Slot = slot };
        _sent = sequence;
        Bytes += bytes;
    }

    /// <summary>Takes a Progress frame and tells every slot that it acknowledges.</summary>
    /// <returns>False when the peer acknowledges what was never sent, or takes back what it said.</returns>
    public bool Progress(ulong received, ulong applied, Action<int> acknowledged)
    {
        if (received < Received || applied < Applied || applied > received || received > _sent)
            return false;
        for (; Received < received; Bytes -= _ring[Received % (ulong)_ring.Length].Bytes)
            Received++;
        Applied = applied;
        var upTo = UntilApplied ? applied : received;
        while (_acknowledged < upTo)
        {
            var slot = _ring[++_acknowledged % (ulong)_ring.Length].Slot;
            if (slot >= 0)
                acknowledged(slot);
        }
        return true;
    }

    private void Grow()
    {
        var larger = new Entry[_ring.Length * 2];
        for (var sequence = Math.Min(_acknowledged, Received); sequence <= _sent; sequence++)
            larger[sequence % (ulong)larger.Length] = _ring[sequence % (ulong)_ring.Length];
        _ring = larger;
    }

    private struct Entry
    {
        public int Bytes;
        public int Slot;
    }
}
