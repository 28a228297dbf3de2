using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>A replication link as both ends have it: two ordered streams that end at any message.</summary>
/// <remarks>While the network between the nodes is cut, or an end is paused or hangs, messages wait (TCP sends them again); an end
/// that waits for an answer longer than the lock time-out closes. What was sent before an orderly close still arrives.</remarks>
public sealed class SimulatedLink(World world, SimulatedNetwork network, long id, SimulatedNode source, SimulatedNode target)
{
    public const long LockTimeout = 3_000_000;

    private readonly Queue<Action>[] _waiting = [new(), new()];
    private readonly long[] _lastArrival = new long[2];
    private readonly bool[] _open = [true, true];
    private long _unreachableSince = -1;

    public long Id => id;

    public SimulatedNode Source => source;

    public SimulatedNode Target => target;

    public int SourceBoot { get; } = source.Boots;

    public int TargetBoot { get; } = target.Boots;

    public ResyncPlan? SourcePlan { get; set; }

    public ResyncPlan? TargetPlan { get; set; }

    /// <summary>Acknowledged writes that the target has when it accepts the offer: the source's at the offer, and those
    /// acknowledged through this link since.</summary>
    public HashSet<long> Offered { get; set; } = [];

    public void ToTarget(Action deliver) => FromOpen(0, deliver);

    public void ToSource(Action deliver) => FromOpen(1, deliver);

    public bool IsOpen(SimulatedNode end) => _open[end == source ? 0 : 1];

    /// <summary>One end closes (or its process dies); the other one learns of it after what was sent before.</summary>
    public void Close(SimulatedNode end, string reason)
    {
        var side = end == source ? 0 : 1;
        if (!_open[side]) return;
        _open[side] = false;
        Send(side, () => End(side == 0 ? target : source, reason));
    }

    /// <summary>Called every now and then: an end whose peer cannot be reached gives up.</summary>
    public void Watch()
    {
        if (!_open[0] && !_open[1]) return;
        if (source.Boots != SourceBoot && target.Answers) End(target, "connection reset");
        if (target.Boots != TargetBoot && source.Answers) End(source, "connection reset");
        var reachable = network.Connected && source.Answers && target.Answers;
        if (reachable)
        {
            if (_unreachableSince >= 0) Pour();
            _unreachableSince = -1;
            if (target.Disk.Hangs && source.Driver.Pump.OwedSince(this) is { } since && world.Now - since > LockTimeout)
                End(source, "no answer within locktimeout", world.Now - since);
        }
        else if (_unreachableSince < 0) _unreachableSince = world.Now;
        else if (world.Now - _unreachableSince > LockTimeout)
        {
            if (source.Answers) End(source, "no answer within locktimeout", world.Now - _unreachableSince);
            if (target.Answers) End(target, "no answer within locktimeout");
        }

        world.After(world.Between(20, 60), Watch);
    }

    private void End(SimulatedNode end, string reason, long silence = 0)
    {
        var side = end == source ? 0 : 1;
        if (!_open[side]) return;
        _open[side] = false;
        end.Driver.LinkEnded(this, reason, silence);
        Send(side, () => End(side == 0 ? target : source, reason));
    }

    private void FromOpen(int side, Action deliver)
    {
        if (!_open[side]) return;
        Send(side, () =>
        {
            if (_open[1 - side]) deliver();
        });
    }

    private void Send(int side, Action deliver)
    {
        if (_unreachableSince >= 0 || !network.Connected || !source.Answers || !target.Answers || _waiting[side].Count > 0)
        {
            _waiting[side].Enqueue(deliver);
            if (_unreachableSince < 0) _unreachableSince = world.Now;
            return;
        }

        Transmit(side, deliver);
    }

    private void Transmit(int side, Action deliver)
    {
        _lastArrival[side] = Math.Max(_lastArrival[side], world.Now + world.Between(0.05, 0.5));
        var (receiver, boot) = side == 0 ? (target, TargetBoot) : (source, SourceBoot);
        world.After(_lastArrival[side] - world.Now, () =>
        {
            if (receiver.Boots == boot) receiver.WhenRunning(deliver);
        });
    }

    private void Pour()
    {
        for (var side = 0; side < 2; side++)
            while (_waiting[side].TryDequeue(out var deliver)) Transmit(side, deliver);
    }
}
