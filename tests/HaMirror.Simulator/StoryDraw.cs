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
    private long _now;
    private long _cutUntil;

    private StoryDraw(int seed)
    {
        _random = new Random(unchecked(seed * 31) ^ 0x5EED);
        _options = new PairOptions
        {
            Witness = Chance(0.5), Lans = Chance(0.3), Plain = Chance(0.5), Lossy = Chance(0.5), LastPrim = Chance(0.1), Manual = Chance(0.3), Seed = seed,
        };
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
    }

    public static Story Draw(int seed) => new StoryDraw(seed).Draw();

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
