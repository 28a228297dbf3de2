using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What is known of the peer through heartbeats.</summary>
/// <remarks>
/// (1) Beats are taken in the order in which they were sent; what comes late is dropped, so a level seen here never
///     goes back. (2) Silence is counted from the later of the last beat and the last moment at which this process is
///     known to have been awake: its own sleep is no proof of the peer's death.
/// </remarks>
internal sealed class PeerWatch(ulong ownBoot)
{
    /// <summary>A datagram comes no later than this.</summary>
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(1);

    private TimeSpan? _lastHeard;
    private TimeSpan _awakeSince;
    private ulong _previousBoot;

    public ModuleBeat? Beat { get; private set; }

    /// <summary>Since when every beat has said that the peer serves; null when the last one did not.</summary>
    public TimeSpan? ServingSince { get; private set; }

    /// <summary>Takes a beat; false when it is a late one.</summary>
    public bool Hear(ModuleBeat beat, TimeSpan now)
    {
        if (Beat is { } last)
        {
            // A late one of a process that has ended. When nothing else comes, it was the other one that was late.
            if (beat.Boot == _previousBoot && beat.Boot != last.Boot && now - _lastHeard < LateMax) return false;
            if (beat.Boot == last.Boot && beat.Sequence < last.Sequence) return false;
            if (beat.Boot == last.Boot && beat.Sequence == last.Sequence && beat.PeerBoot == last.PeerBoot
                && beat.Echo < last.Echo) return false;
            if (beat.Boot != last.Boot) _previousBoot = last.Boot;
        }

        Beat = beat;
        _lastHeard = now;
        ServingSince = beat.Serves ? ServingSince ?? now : null;
        return true;
    }

    /// <summary>Counts silence and the peer's service from now on.</summary>
    public void Restart(TimeSpan now)
    {
        _awakeSince = now;
        if (ServingSince is not null) ServingSince = now;
    }

    public TimeSpan Silence(TimeSpan now) =>
        now - (_lastHeard is { } heard && heard > _awakeSince ? heard : _awakeSince);

    /// <summary>Heard within the time-out.</summary>
    public bool IsAlive(TimeSpan now, TimeSpan timeout) => _lastHeard is { } heard && now - heard < timeout;

    /// <summary>True when that beat of this process has reached the peer's node and is the next thing its machine will look
    /// at, however long the step takes in which it is now.</summary>
    public bool HasReceived(ulong sequence) =>
        Beat is { } beat && ((beat.ReceivedBoot == ownBoot && beat.Received >= sequence) || Knows(sequence));

    /// <summary>True when the peer's last beat proves that it had heard this process's beat number <paramref name="sequence"/>.</summary>
    public bool Knows(ulong sequence) => Beat is { } beat && beat.PeerBoot == ownBoot && beat.Echo >= sequence;
}
