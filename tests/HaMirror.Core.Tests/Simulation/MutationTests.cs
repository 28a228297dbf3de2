using HaMirror.Simulator;

namespace HaMirror.Core.Tests.Simulation;

/// <summary>A check that nothing wrong can fail proves nothing: each wrong product has to be found.</summary>
public sealed class MutationTests
{
    /// <summary>Several times what the slowest takes from this seed; most take fewer than a hundred.</summary>
    private const int HistoriesMax = 5000;

    private const int Seed = 20000;

    public static TheoryData<string> Names => [.. Mutation.All.Select(mutation => mutation.Name)];

    [Fact]
    public void Mutations_AreAtLeastTwenty() => Assert.InRange(Mutation.All.Count, 20, int.MaxValue);

    [Theory]
    [MemberData(nameof(Names))]
    public void Mutation_Played_IsFound(string name)
    {
        var mutation = Mutation.All.Single(mutation => mutation.Name == name);
        Assert.True(Batch.PlayUntilFound(mutation, HistoriesMax, Seed) is not null, $"{HistoriesMax} histories did not find that {name}.");
    }
}
