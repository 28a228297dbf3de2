namespace HaMirror.Simulator;

/// <summary>Many histories, of the seeds from a first one on.</summary>
public static class Batch
{
    /// <summary>What a batch has shown.</summary>
    /// <param name="Violations">The histories that broke the contract.</param>
    /// <param name="Excuses">How many histories met each excuse.</param>
    public sealed record Result(
        IReadOnlyList<HistoryResult> Violations, long Acknowledged, IReadOnlyDictionary<string, int> Excuses);

    /// <summary>Plays a wrong product until the checks find it.</summary>
    /// <returns>How many histories it took, or null when <paramref name="histories"/> were not enough.</returns>
    public static int? PlayUntilFound(Mutation mutation, int histories, int firstSeed)
    {
        for (var index = 0; index < histories; index++)
            if (History.Run(firstSeed + index, mutation: mutation).Violation is not null) return index + 1;
        return null;
    }

    public static Result Play(int histories, int firstSeed, int threads)
    {
        var results = new HistoryResult[histories];
        Parallel.For(0, histories, new ParallelOptions { MaxDegreeOfParallelism = threads },
            index => results[index] = History.Run(unchecked(firstSeed + index)));
        return new Result([.. results.Where(result => result.Violation is not null)], results.Sum(result => (long)result.Acknowledged),
            results.SelectMany(result => result.Excuses).CountBy(why => why).ToDictionary());
    }
}
