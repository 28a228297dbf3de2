using System.Diagnostics;
using HaMirror.Simulator;
using Xunit.Abstractions;

namespace HaMirror.Core.Tests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>As many as a run of all tests can afford; <c>test.sh --simulate</c> plays as many as one likes.</summary>
    private const int Histories = 2000;

    /// <summary>A busy machine plays fewer: the seed that was reached is printed.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    [Fact]
    public void Pair_ThroughRandomFaultsFromAFreshSeed_KeepsTheContractAndHeals()
    {
        var seed = Random.Shared.Next(1, 1_000_000_000);
        var watch = Stopwatch.StartNew();
        var played = 0;
        while (played < Histories && watch.Elapsed < Budget)
        {
            var batch = Batch.Play(100, seed + played, Environment.ProcessorCount);
            played += 100;
            Assert.True(batch.Violations.Count == 0, string.Join('\n', batch.Violations.Select(failed =>
                $"seed {failed.Seed}: {failed.Violation} (hamirror-simulator --histories 1 --seed {failed.Seed})")));
            Assert.True(batch.Acknowledged > 0, "No history acknowledged a single write, so none has shown anything.");
        }

        output.WriteLine($"{played} histories from seed {seed} in {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    public void History_OfOneSeed_IsTheSameEveryTime() =>
        Assert.Equal(History.Run(4711, tracing: true).Trace, History.Run(4711, tracing: true).Trace);
}
