namespace HaMirror.Simulator;

/// <summary>One history: the story of a seed, played.</summary>
public static class History
{
    /// <summary>Runs the history of a seed.</summary>
    public static HistoryResult Run(int seed, bool tracing = false, Mutation? mutation = null, bool diskFaults = true) =>
        Run(StoryDraw.Draw(seed, diskFaults), tracing, mutation);

    public static HistoryResult Run(Story story, bool tracing = false, Mutation? mutation = null)
    {
        var pair = new Pair(story.Options, mutation ?? Mutation.None, tracing);
        foreach (var step in story.Steps)
        {
            if (step.Delay > 0) pair.World.Run(pair.World.Now + step.Delay);
            if (pair.World.Violation is not null) break;
            pair.World.Note($"# {step.Command}");
            StoryLine.Carry(pair, step.Command);
        }

        return new HistoryResult(story, pair.World.Violation, pair.Ledger.Count, pair.Ledger.Excuses, pair.World.Trace);
    }
}
