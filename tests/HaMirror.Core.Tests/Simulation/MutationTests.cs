using HaMirror.Simulator;
using Xunit.Abstractions;

namespace HaMirror.Core.Tests.Simulation;

/// <summary>A check that nothing wrong can fail proves nothing: each wrong product has to be found.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    /// <summary>Five times what the slowest takes from this seed, twice what it takes from others; most take fewer than a hundred.</summary>
    private const int HistoriesMax = 5000;

    private const int Seed = 40000;

    public static TheoryData<string> Names => [.. Mutation.All.Select(mutation => mutation.Name)];

    [Fact]
    public void Mutations_AreAllThere() => Assert.Equal(44, Mutation.All.Count);

    [Theory]
    [MemberData(nameof(Names))]
    public void Mutation_Played_IsFound(string name)
    {
        var mutation = Mutation.All.Single(mutation => mutation.Name == name);
        var found = Batch.PlayUntilFound(mutation, HistoriesMax, Seed);
        Assert.True(found is not null, $"{HistoriesMax} histories did not find that {name}.");
        var shrunk = Shrinking.Shrink(found.Value.Found, mutation, seeds: 4, most: 600);
        var scenario = new Scenario(mutation);
        var told = scenario.Play(shrunk.Lines());
        output.WriteLine($"{found.Value.Histories} histories; {found.Value.Found.Story.Steps.Count} steps became {shrunk.Steps.Count}:");
        foreach (var line in shrunk.Lines().Append("----").Concat(told)) output.WriteLine(line);
        Assert.True(shrunk.Steps.Count <= found.Value.Found.Story.Steps.Count);
        Assert.Equal(Shrinking.Kind(found.Value.Found.Violation!), Shrinking.Kind(scenario.Violation ?? ""));
    }
}
