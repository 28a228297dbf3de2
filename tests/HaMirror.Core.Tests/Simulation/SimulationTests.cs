using System.Diagnostics;
using HaMirror.Simulator;
using Xunit.Abstractions;

namespace HaMirror.Core.Tests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>As many as a run of all tests can afford; <c>test.sh --simulate</c> plays as many as one likes, from a fresh seed.</summary>
    private const int Histories = 4000;

    /// <summary>A history follows from its seed alone, so these are the same on every machine: they fail by a change, never by chance.</summary>
    private const int FirstSeed = 26_112_026;

    /// <summary>A busy machine plays fewer, of the same.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(40);

    [Fact]
    public void Pair_ThroughRandomFaults_KeepsTheContractAndHeals()
    {
        var watch = Stopwatch.StartNew();
        var played = 0;
        while (played < Histories && watch.Elapsed < Budget)
        {
            var batch = Batch.Play(100, FirstSeed + played, Environment.ProcessorCount);
            played += 100;
            Assert.True(batch.Violations.Count == 0, string.Join('\n', batch.Violations.Take(3).Select(Shortest)));
            Assert.True(batch.Acknowledged > 0, "No history acknowledged a single write, so none has shown anything.");
        }

        output.WriteLine($"{played} histories from seed {FirstSeed} in {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    public void History_OfOneSeed_IsTheSameEveryTime() =>
        Assert.Equal(History.Run(4711, tracing: true).Trace, History.Run(4711, tracing: true).Trace);

    [Fact]
    public void History_AsText_IsTheSameStory()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var story = StoryDraw.Draw(seed);
            var scenario = new Scenario();
            var told = scenario.Play(story.Lines());
            Assert.Equal(told, new Scenario().Play(story.Lines()));
            Assert.Equal(History.Run(story).Violation, scenario.Violation);
            Assert.NotEmpty(told);
        }
    }

    /// <summary>A story that can be pinned as a scenario.</summary>
    private static string Shortest(HistoryResult failed) =>
        $"seed {failed.Story.Options.Seed}: {failed.Violation} (hamirror-simulator --shrink {failed.Story.Options.Seed})\n"
        + string.Join('\n', Shrinking.Shrink(failed, most: 2000).Lines());
}
