namespace HaMirror.Io.Heartbeats;

/// <summary>Accepts every counter of one sender once: the highest so far and the 63 below it are remembered, older ones are
/// refused. 64 is what four LANs send in three seconds at the default pulse, so a slower LAN is not mistaken for a replay.</summary>
public struct ReplayWindow
{
    public const int Width = 64;

    private ulong _highest;
    private ulong _seen; // bit i: _highest - i was accepted

    /// <returns>False when the counter was accepted before, or is too old to know. Counters start at 1.</returns>
    public bool TryAccept(ulong counter)
    {
        if (counter == 0) return false;
        if (counter > _highest)
        {
            var ahead = counter - _highest;
            _seen = ahead >= Width ? 1 : (_seen << (int)ahead) | 1;
            _highest = counter;
            return true;
        }

        var behind = _highest - counter;
        if (behind >= Width || (_seen >> (int)behind & 1) != 0) return false;
        _seen |= 1UL << (int)behind;
        return true;
    }
}
