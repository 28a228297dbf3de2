// Counters of a resync, and the rate over the last seconds.
namespace HaMirror.Io.Replication;

/// <summary>How far a resync is. Belongs to the pump's thread.</summary>
internal sealed class ResyncProgress
{
    /// <summary>Each second counts this much less than the next one in the rate.</summary>
    private const double Forgetting = 0.7;

    private const long SampleMs = 1000;

    private long _sampledAt = Environment.TickCount64;
    private ulong _sampledDone;
    private double _rate;

    public long Directories { get; set; }

    public ulong BytesTotal { get; set; }

    public ulong BytesDone { get; set; }

    public ulong BytesSent { get; set; }

    /// <summary>Of <see cref="BytesDone"/>, what earlier links did.</summary>
    public ulong BytesBefore { get; private set; }

    /// <summary>An earlier link came as far as that.</summary>
    public void GoOn(ulong total, ulong done) => (BytesTotal, BytesDone, BytesBefore, _sampledDone) = (total, done, done, done);

    /// <summary>What remains to be done is known: all that <see cref="BytesTotal"/> says. What was done before then is the rest of
    /// what there was, or of what there is now.</summary>
    /// <param name="before">Bytes in all, as was thought before.</param>
    public void Remain(ulong before)
    {
        var left = BytesTotal;
        BytesTotal = Math.Max(before, left + (BytesDone - BytesBefore));
        var done = BytesTotal - left;
        (BytesBefore, _sampledDone, BytesDone) = (BytesBefore + done - BytesDone, done, done);
    }

    /// <summary>Of <see cref="BytesDone"/>.</summary>
    public double BytesPerSecond => _rate;

    public double? SecondsLeft => _rate > 0 ? (BytesTotal - Math.Min(BytesDone, BytesTotal)) / _rate : null;

    public void Tick(long nowMs)
    {
        if (nowMs - _sampledAt < SampleMs)
            return;
        var now = (BytesDone - _sampledDone) * 1000.0 / (nowMs - _sampledAt);
        _rate = _rate == 0 ? now : _rate * Forgetting + now * (1 - Forgetting);
        _sampledAt = nowMs;
        _sampledDone = BytesDone;
    }
}
