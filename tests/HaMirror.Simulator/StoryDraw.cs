using System.Collections.Immutable;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>Draws a story from a seed: a pair is mirrored, lives through faults and commands, and is then repaired.</summary>
/// <remarks>Which kinds of faults a story may meet is drawn first, so that every combination is visited and the strict checks
/// (no isolation, or a witness) get histories of their own.</remarks>
public sealed class StoryDraw
{
    /// <summary>The faults of a story end before this, in microseconds after the pair was mirrored.</summary>
    private const long FaultsEndMax = 40_000_000;

    private readonly Random _random;
    private readonly PairOptions _options;
    private readonly List<Func<string?>> _kinds = [];
    private readonly bool _lastMoments;
    private readonly bool _dataMoments;
    private readonly Queue<(long Pause, string Command)> _chain = new(); // What follows a fault that was drawn, before another one is.
    private long _now;
    private long _cutUntil;

    private readonly bool _diskFaults;

    private StoryDraw(int seed, bool diskFaults)
    {
        _diskFaults = diskFaults;
        _random = new Random(unchecked(seed * 31) ^ 0x5EED);
        _options = new PairOptions
        {
            Witness = Chance(0.5), Lans = Chance(0.3), Plain = Chance(0.5), Lossy = Chance(0.5), LastPrim = Chance(0.1), Manual = Chance(0.3), Seed = seed,
        };
        if (Chance(0.25))
        {
            _options = _options with { Plain = Chance(0.8), Quiet = Chance(0.7) };
            AddChains();
            return;
        }

        _options = _options with { Quiet = Chance(0.15) };
        _lastMoments = Chance(0.4);
        _dataMoments = Chance(0.5);
        Add(0.6, Crash);
        Add(0.5, PowerCut);
        Add(0.4, Pause, () => $"{Node()} jump {Time(0, 5000)}");
        Add(0.6, () => $"{Node()} reset-link");
        Add(0.4, Cut);
        Add(0.6, Operate, Operate);
        Add(0.25, () => $"{Node()} target-fails", () => $"{Node()} full-at {_random.Next(1, 40)}");
        Add(0.2, () => $"{Node()} storage-fails");
        Add(0.3, () => $"{Node()} hang {Time(50, Chance(0.5) ? 1500 : 12_000)}");
        Add(0.15, () => $"{Node()} record-fails {Time(10, 900)}");
        Add(0.2, () => $"{Node()} hook-fails", () => $"{Node()} hook-fails");
        Add(0.15, () => $"{Node()} hook-hangs {Time(5000, 15_000)}");
        Add(0.25, () => $"{Node()} checker tcp.web {Time(500, 8000)} {(AutomaticAction)_random.Next(Enum.GetValues<AutomaticAction>().Length)}");
        Add(0.15, () => $"{Node()} start --as-primary", () => $"{Node()} start --full-sync", () => $"{Node()} start --as-primary{(Chance(0.5) ? " --undo" : "")}");
        Add(0.15, () => $"{Node()} failover-off", () => $"{Node()} failover-off", () => $"{Node()} failover-on");
        AddDiskFaults();
    }

    /// <summary>Faults that only together show what one of them left behind; the rest of the story leaves them alone.</summary>
    private void AddChains()
    {
        Func<string?>[] plain = [ComesBackAndTakesOver, DiesAtItsLog, DiesAtItsLog, OffersAndDies]; // What is found seldom comes twice.
        Func<string?>[] chains = _diskFaults
            ? [.. plain, DiesWithItsFlush, StandsInAndDies, RefusesAndIsLost, FailsAndComesBack, LogFailsAndIsLost, FailsAloneAndSwaps]
            : plain;
        for (var count = 0; count < 2; count++) Add(1, chains[_random.Next(chains.Length)]);
    }

    /// <summary>The standby takes over, gets the old primary back as its standby, and loses power at once. No guest has started
    /// yet: what it took over is as it was.</summary>
    private string ComesBackAndTakesOver()
    {
        var (first, second) = Both();
        Then(0, 1, $"{first} crash {Time(300, 1000)}");
        Then(1500, 3500, $"{first} hook-hangs 8s");
        Then(0, 1500, $"{second} power-cut {Time(300, 3000)}");
        Then(6000, 10_000, "");
        return $"{second} hook-hangs {Time(3000, 7000)}";
    }

    /// <summary>An operation on a disk fails, and its node loses power before anybody looks again.</summary>
    private string DiesWithItsFlush()
    {
        var (first, _) = Both();
        Then(100, 3000, $"{first} power-cut {Time(300, 4000)}");
        Then(4000, 8000, "");
        return $"{first} disk-error-at {_random.Next(1, 12)}";
    }

    /// <summary>The standby stands in for its primary's disk, and dies.</summary>
    private string StandsInAndDies()
    {
        var (first, second) = Both();
        if (Chance(0.5))
        {
            Then(300, 1500, $"{second} disk-hangs {Time(1000, 2500)}");
            Then(300, 900, $"{second} crash {Time(300, 4000)}");
        }
        else Then(10, 1500, $"{second} {(Chance(0.7) ? "crash-at-data" : "power-cut-at-data")} {_random.Next(1, 12)} {Time(300, 4000)}");
        if (Chance(0.4)) Then(0, 1000, $"{first} power-cut {Time(300, 4000)}");
        Then(2000, 6000, "");
        return $"{first} disk-breaks {Time(1000, 6000)}{(Chance(0.5) ? " record" : "")}";
    }

    /// <summary>The standby cannot apply what it acknowledged, and the primary dies before it hears of it.</summary>
    private string RefusesAndIsLost()
    {
        var (first, second) = Both();
        Then(200, 1800, Chance(0.7) ? $"{second} target-fails" : $"{second} disk-breaks 1s");
        Then(0, 30, $"{first} power-cut {Time(4000, 9000)}");
        Then(3000, 8000, "");
        return $"{second} disk-hangs {Time(200, 2000)}";
    }

    /// <summary>A disk fails once, its node comes back, and loses power.</summary>
    private string FailsAndComesBack()
    {
        var (first, _) = Both();
        Then(1500, 6000, $"{first} power-cut {Time(300, 4000)}");
        Then(4000, 8000, "");
        return $"{first} disk-error-at {_random.Next(1, 8)}";
    }

    /// <summary>An intent log cannot be written while its node's peer is away, and the node loses power.</summary>
    private string LogFailsAndIsLost()
    {
        var (first, _) = Both();
        Then(20, 800, $"{first} power-cut {Time(300, 3000)}");
        Then(4000, 8000, "");
        return $"{first} log-fails {Time(500, 3000)}";
    }

    /// <summary>A node loses power just after a step of its data path, when little else is under way.</summary>
    private string DiesAtItsLog()
    {
        var (first, _) = Both();
        Then(4000, 9000, "");
        return $"{first} power-cut-at-data {(Chance(0.7) ? 1 : _random.Next(2, 4))} {Time(300, 1500)}";
    }

    /// <summary>A primary's disk fails once while it is alone; it becomes the standby of the other node, and loses power.</summary>
    private string FailsAloneAndSwaps()
    {
        var (first, second) = Both();
        Then(3200, 4500, $"{first} disk-error-at {_random.Next(1, 5)}");
        Then(2500, 4500, $"{first} swap");
        Then(1000, 3000, $"{first} power-cut {Time(300, 3000)}");
        Then(6000, 9000, "");
        return $"{second} crash {Time(4000, 5500)}";
    }

    /// <summary>A primary dies about when it offers, and comes back when its standby, which went on, is gone.</summary>
    private string OffersAndDies()
    {
        var (first, second) = Both();
        Then(0, 600, $"{first} crash-at {_random.Next(1, 12)} 12s");
        Then(5000, 10_000, $"{second} power-cut {Time(8000, 15_000)}");
        Then(6000, 10_000, "");
        return $"{first} reset-link";
    }

    private (string First, string Second) Both() => Chance(0.5) ? ("node1", "node2") : ("node2", "node1");

    private void Then(int fromMilliseconds, int toMilliseconds, string command) =>
        _chain.Enqueue((_random.Next(fromMilliseconds, toMilliseconds) * 1000L, command));

    private void AddDiskFaults()
    {
        if (!_diskFaults || !Chance(0.4)) return;
        string Record() => Chance(0.4) ? " record" : "";
        Add(0.5, () => $"{Node()} disk-breaks {Time(200, 8000)}{Record()}", () => $"{Node()} disk-repaired");
        Add(0.3, () => $"{Node()} disk-breaks{Record()}", () => $"{Node()} disk-repaired", () => $"{Node()} disk-replaced");
        Add(0.5, () => $"{Node()} disk-error-at {_random.Next(1, 40)}", () => $"{Node()} disk-error-at {_random.Next(1, 8)}");
        Add(0.3, () => $"{Node()} disk-fills {Time(50, 3000)}{Record()}");
        Add(0.3, () => $"{Node()} disk-hangs{(Chance(0.7) ? $" {Time(100, Chance(0.5) ? 2000 : 14_000)}" : "")}");
        Add(0.3, () => $"{Node()} log-fails {Time(10, 3000)}");
        Add(0.6, () => $"{Node()} attach", () => $"{Node()} swap");
    }

    /// <param name="diskFaults">Disks may fail, fill up and hang, too.</param>
    public static Story Draw(int seed, bool diskFaults = true) => new StoryDraw(seed, diskFaults).Draw();

    private Story Draw()
    {
        var steps = ImmutableList.CreateBuilder<Story.Step>();
        steps.Add(new Story.Step(300_000, "node1 start --as-primary"));
        steps.Add(new Story.Step(0, "node2 start"));
        steps.Add(new Story.Step(0, "until mirrored"));
        var end = _random.NextInt64(5_000_000, FaultsEndMax);
        while (_kinds.Count > 0)
        {
            // Two faults often meet within one of the protocol's time-outs, or within one round trip of it.
            var pause = Chance(0.15) ? _random.NextInt64(0, 60) * 1000 : Chance(0.4) ? _random.NextInt64(50, 1000) * 1000 : _random.NextInt64(500, 6000) * 1000;
            if (_now + pause > end) break;
            _now += pause;
            if (_kinds[_random.Next(_kinds.Count)]() is not { } command) continue;
            steps.Add(new Story.Step(pause, command));
            if (_chain.Count > 0)
            {
                while (_chain.TryDequeue(out var next))
                {
                    _now += next.Pause;
                    steps.Add(new Story.Step(next.Pause, next.Command));
                }

                continue;
            }

            if (_lastMoments && Chance(0.3))
                steps.Add(new Story.Step(0, $"{Node()} {(Chance(0.5) ? "crash-at" : "power-cut-at")} {_random.Next(1, 12)} {Time(300, 9000)}"));
            if (_dataMoments && Chance(0.4))
                steps.Add(new Story.Step(0, $"{Node()} {(Chance(0.3) ? "crash-at-data" : "power-cut-at-data")} {_random.Next(1, 30)} {Time(300, 4000)}"));
        }

        steps.Add(new Story.Step(Math.Max(end - _now, 0), "repair"));
        steps.Add(new Story.Step(0, "until healed"));
        return new Story(_options, steps.ToImmutable());
    }

    private void Add(double probability, params Func<string?>[] kinds)
    {
        if (Chance(probability)) _kinds.AddRange(kinds);
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private string Node() => _random.Next(2) == 0 ? "node1" : "node2";

    private string Time(int fromMilliseconds, int toMilliseconds) =>
        Story.Seconds(_random.Next(fromMilliseconds, toMilliseconds) * 1000L);

    private string Crash() => $"{Node()} crash {Time(300, 9000)}";

    private string PowerCut() =>
        Chance(0.25) ? $"both power-cut {Time(300, 9000)} {Time(300, 9000)}" : $"{Node()} power-cut {Time(300, 9000)}";

    private string Pause() => $"{Node()} pause {Time(50, Chance(0.5) ? 900 : 9000)}";

    /// <summary>A heartbeat gets through between two cuts: a shorter gap is one partition that changes its shape.</summary>
    private string? Cut()
    {
        if (_now < _cutUntil) return null;
        var milliseconds = _random.Next(200, 12_000);
        _cutUntil = _now + ((milliseconds + 400) * 1000L);
        string[] shapes = _options.Witness ? ["node1", "node2", "none", "1>2", "2>1"] : ["none", "1>2", "2>1"];
        var shape = _options.Lans && Chance(0.7) ? $"lan{_random.Next(1, 3)}" : shapes[_random.Next(shapes.Length)];
        return $"cut {shape} {Story.Seconds(milliseconds * 1000L)}";
    }

    private string Operate()
    {
        string[] commands = ["start", "stop", "restart", "stopstart", "swap", "swap", "force-stop", "start", "start --as-secondary"];
        return $"{Node()} {commands[_random.Next(commands.Length)]}";
    }
}
