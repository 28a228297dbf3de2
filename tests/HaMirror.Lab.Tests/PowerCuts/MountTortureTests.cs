// Several processes do on one mount everything that a file system can be asked for, while either side dies at random.
using System.Diagnostics;
using System.Globalization;
using HaMirror.Lab.Tests.TwoAgents;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Whatever was done to the mount, and whoever died meanwhile: both replicas end up the same.</summary>
[Collection(AgentsCollection.Name)]
public sealed class MountTortureTests(ITestOutputHelper output)
{
    private const int Processes = 3;

    /// <summary>Kills of either side, without those that take long for the wait of a node that returns alone.</summary>
    private static readonly CutKind[] Kinds =
    [
        CutKind.Primary, CutKind.Second, CutKind.PrimaryAgent, CutKind.SecondAgent, CutKind.SecondInResync, CutKind.SecondInFailover,
    ];

    private readonly Progress _progress = new(output);

    [Fact]
    public async Task Mount_TorturedWhileEitherSideDies_IsTheSameOnBothNodes()
    {
        var seed = Seed.Take(_progress);
        var random = new Random(seed);
        var limit = TimeSpan.FromMinutes(Soak.Times(plain: 1, full: 10));
        using var pair = await PowerPair.CreateAsync(tortures: Processes);
        pair.Round = $"HAMIRROR_SEED={seed}, first synchronisation";
        await pair.StartAsync();
        var rounds = new CutRounds(pair, random);
        var clock = Stopwatch.StartNew();
        for (var round = 1; clock.Elapsed < limit; round++)
        {
            var kind = Kinds[random.Next(Kinds.Length)];
            pair.Round = $"HAMIRROR_SEED={seed}, round {round}: {kind}";
            await rounds.PlayAsync(kind, default);
            _progress.Say(string.Create(CultureInfo.InvariantCulture, $"{pair.Round} ({clock.Elapsed.TotalSeconds:0} s, {Steps(pair)} operations)"));
        }

        // Processes that all fail at once would leave two equal, empty trees.
        Assert.True(Steps(pair) > limit.TotalSeconds * 20, $"Only {Steps(pair)} operations in {limit.TotalSeconds} s.\n{pair.Story}");
    }

    private static long Steps(PowerPair pair) => Enumerable.Range(1, Processes).Sum(pair.Page.Steps);
}
