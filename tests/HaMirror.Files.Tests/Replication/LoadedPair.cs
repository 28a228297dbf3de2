// A pair under load, and one round of it: links that are cut, a resync that ends, a look at both replicas.
using HaMirror.Core.Machine;

namespace HaMirror.Files.Tests.Replication;

internal sealed class LoadedPair : IDisposable
{
    private const int CutsMax = 3;
    private const int CutAfterMsMax = 400;
    private const long BandwidthMin = 30 << 20;

    private readonly Random _random;
    private readonly Action<string> _log;
    private readonly StoragePair _pair;
    private readonly LoadedGuest _guest;
    private readonly int _seed;
    private bool _isLinked;

    public LoadedPair(int seed, Action<string> log)
    {
        (_seed, _log, _random) = (seed, log, new Random(seed));
        var bandwidth = _random.Next(2) == 0 ? (long?)null : BandwidthMin + _random.Next(100 << 20);
        var streams = _random.Next(1, 5);
        _pair = new StoragePair(
            encryption: _random.Next(3) == 0,
            prepareSource: folder => LoadedGuest.Prepare(folder, 50),
            prepareTarget: folder => LoadedGuest.Prepare(folder, 10),
            configure: replication => replication with { ResyncBandwidth = bandwidth, ResyncStreams = streams });
        _guest = new LoadedGuest(_pair.Source.Folder, seed);
    }

    public void Round(int round)
    {
        var plan = round == 0 ? ResyncPlan.CompareAll : (ResyncPlan)_random.Next(4);
        var looksAtAll = plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll;
        Cut();
        if (looksAtAll)
            new TargetDamage(_pair.Target.Underlying, _random).Do();
        else if (_random.Next(2) == 0)
            new TargetDamage(_pair.Target.Underlying, _random).Remove(3);
        var cuts = _random.Next(CutsMax + 1);
        for (var cut = 0; cut < cuts; cut++)
        {
            Connect(plan, offers: false);
            var milliseconds = _random.Next(CutAfterMsMax);
            // The moment is what is random here; a resync that has ended before has ended well.
            if (Happens("resynced", TimeSpan.FromMilliseconds(milliseconds)) && looksAtAll)
                plan = ResyncPlan.Dirty;
            Cut();
        }
        var offers = _random.Next(3) == 0;
        Connect(plan, offers);
        if (!Happens(offers ? "paired" : "resynced", StorageNode.Patience))
            Fail($"{Name(round, plan)}: the resync never ended; {_pair.Source.Storage.Status}");
        _log($"{Name(round, plan)}: equal after {cuts} cuts, step {_guest.Steps0}");
        _guest.Quietly(() => Look(round, plan));
        // Sometimes it runs on linked, so that what is lost at the next cut was sent live.
        if (_random.Next(2) == 0)
            _ = Happens("down", TimeSpan.FromMilliseconds(_random.Next(CutAfterMsMax)));
    }

    public void Dispose()
    {
        _pair.Source.Storage.Thaw();
        _guest.Dispose();
        _pair.Dispose();
    }

    private string Name(int round, ResyncPlan plan) => $"seed {_seed}, round {round}, plan {plan}";

    private void Connect(ResyncPlan plan, bool offers)
    {
        _pair.Source.Offers = offers;
        _pair.Connect(plan);
        _isLinked = true;
    }

    private void Cut()
    {
        if (!_isLinked)
            return;
        _isLinked = false;
        _pair.Cut();
        if (_pair.Source.Offers)
            _pair.Source.Storage.Thaw();
    }

    /// <summary>Waits for an event of the link; that the link ends by itself is a failure.</summary>
    private bool Happens(string what, TimeSpan within)
    {
        var deadline = DateTime.UtcNow + within;
        while (_pair.Source.Happened.TryTake(out var happened, Max(deadline - DateTime.UtcNow)))
        {
            if (happened.StartsWith("down", StringComparison.Ordinal) || happened.StartsWith("failed", StringComparison.Ordinal))
                Fail($"seed {_seed}: it ended by itself: {happened}");
            if (happened == $"{what} {_pair.Link}")
                return true;
        }
        return false;
    }

    /// <summary>Logged as well: what ends the pair after a failure may fail in turn.</summary>
    private void Fail(string why)
    {
        why = $"{why}\n{string.Join('\n', _pair.Source.Failures.Concat(_pair.Target.Failures))}\n{_guest.Failure}";
        _log(why);
        Assert.Fail(why);
    }

    private static TimeSpan Max(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private void Look(int round, ResyncPlan plan)
    {
        Assert.Null(StorageNode.Wait(_pair.Source.Storage.DrainAsync()));
        if (_pair.Source.DifferenceFrom(_pair.Target) is { } difference)
            Fail($"{Name(round, plan)}: the replicas differ\n{difference}");
        if (!_pair.Source.Failures.IsEmpty || !_pair.Target.Failures.IsEmpty)
            Fail($"{Name(round, plan)}: a node failed");
        if (_guest.Failure is { } failure)
            throw new InvalidOperationException($"{Name(round, plan)}: the guest failed", failure);
        _pair.Source.LetIn();
    }
}
