namespace HaMirror.Io.Replication;

/// <summary>A cap in bytes a second, with a tenth of a second of burst so that a round has something to send.</summary>
/// <param name="bytesPerSecond">Null: no cap.</param>
internal sealed class BandwidthBudget(long? bytesPerSecond)
{
    private long? _rate = bytesPerSecond;
    private double _left;
    private long _lastMs = Environment.TickCount64;

    /// <summary>There is a cap.</summary>
    public bool IsLimited => _rate is not null;

    /// <summary>Another cap from now on; null: none.</summary>
    public void Limit(long? bytesPerSecond)
    {
        _rate = bytesPerSecond;
        _left = Math.Min(_left, 0);
        _lastMs = Environment.TickCount64;
    }

    /// <summary>Whether something may be sent now.</summary>
    public bool HasRoom(long nowMs)
    {
        if (_rate is not { } rate)
            return true;
        _left = Math.Min(_left + (nowMs - _lastMs) * rate / 1000.0, rate / 10.0);
        _lastMs = nowMs;
        return _left > 0;
    }

    /// <summary>Takes what was sent; may go below nothing, which the following time pays back.</summary>
    public void Take(long bytes) => _left -= bytes;
}
