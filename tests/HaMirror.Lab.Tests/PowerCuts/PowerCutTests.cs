// Real agents, real disks, power that goes at random moments and at named points of the agents.
using System.Diagnostics;
using System.Globalization;
using HaMirror.Io.Crashes;
using HaMirror.Lab.Tests.TwoAgents;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>No acknowledged flush is lost, nothing stale starts, never two serve, and replicas are equal after each resync.</summary>
[Collection(AgentsCollection.Name)]
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private readonly Progress _progress = new(output);

    [Fact]
    public async Task Pair_WhosePowerIsCut_LosesNothingAndBecomesEqual()
    {
        var seed = Seed.Take(_progress);
        var random = new Random(seed);
        var count = Soak.Times(plain: 20, full: 200);
        using var pair = await PowerPair.CreateAsync();
        await pair.StartAsync();
        var rounds = new CutRounds(pair, random);
        var clock = Stopwatch.StartNew();
        var points = new Queue<CrashPoint>();
        var kinds = new Queue<CutKind>();
        for (var round = 1; rounds.Count < count; round++)
        {
            if (kinds.Count == 0)
                kinds = Kinds(random);
            if (points.Count == 0)
                points = Shuffled(Enum.GetValues<CrashPoint>(), random);
            var kind = kinds.Dequeue();
            var point = kind == CutKind.AtPoint ? points.Dequeue() : default;
            pair.Round = $"HAMIRROR_SEED={seed}, round {round}: {kind}";
            var began = clock.Elapsed;
            await rounds.PlayAsync(kind, point);
            _progress.Say(string.Create(CultureInfo.InvariantCulture,
                $"{pair.Round} ({rounds.Count} cuts, {(clock.Elapsed - began).TotalSeconds:0.0} s)"));
        }

        // A point that could not be armed any more would be counted as not reached, for ever.
        Assert.True(points.Count == Enum.GetValues<CrashPoint>().Length || rounds.Reached > 0, $"HAMIRROR_SEED={seed}: no point was reached.");
        _progress.Say($"{rounds.Count} cuts, kills and stops in {clock.Elapsed.TotalSeconds:0} s: {string.Join(", ", rounds.Hits.Select(hit => $"{hit.Key} {hit.Value}"))}");
    }

    /// <summary>Each kind once, and as many rounds at points.</summary>
    private static Queue<CutKind> Kinds(Random random)
    {
        var kinds = Enum.GetValues<CutKind>();
        return Shuffled([.. kinds, .. Enumerable.Repeat(CutKind.AtPoint, kinds.Length - 2)], random);
    }

    private static Queue<T> Shuffled<T>(T[] items, Random random)
    {
        random.Shuffle(items);
        return new Queue<T>(items);
    }
}
