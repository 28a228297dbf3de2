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
    /// <returns>How many histories it took and how the last one ended, or null when <paramref name="histories"/> were not enough.</returns>
    public static (int Histories, HistoryResult Found)? PlayUntilFound(Mutation mutation, int histories, int firstSeed)
    {
        for (var index = 0; index < histories; index++)
            if (History.Run(firstSeed + index, mutation: mutation) is { Violation: not null } found) return (index + 1, found);
        return null;
    }

    /// <summary>How far a batch is.</summary>
    /// <param name="Found">A history that has just broken the contract; null: only time has passed.</param>
    public readonly record struct Progress(int Played, int Violations, HistoryResult? Found);

    /// <param name="diskFaults">See <see cref="StoryDraw.Draw(int, bool)"/>.</param>
    /// <param name="progress">Told after each history, one at a time.</param>
    public static Result Play(int histories, int firstSeed, int threads, bool diskFaults = true, Action<Progress>? progress = null)
    {
        var violations = new List<HistoryResult>();
        var excuses = new Dictionary<string, int>();
        long acknowledged = 0;
        var played = 0;
        var gate = new Lock();
        Parallel.For(0, histories, new ParallelOptions { MaxDegreeOfParallelism = threads }, index =>
        {
            var result = History.Run(unchecked(firstSeed + index), diskFaults: diskFaults);
            lock (gate)
            {
                played++;
                acknowledged += result.Acknowledged;
                if (result.Violation is not null) violations.Add(result);
                foreach (var why in result.Excuses) excuses[why] = excuses.GetValueOrDefault(why) + 1;
                progress?.Invoke(new Progress(played, violations.Count, result.Violation is null ? null : result));
            }
        });
        return new Result([.. violations.OrderBy(result => result.Story.Options.Seed)], acknowledged, excuses);
    }
}
