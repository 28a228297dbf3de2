namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Two agents whose module is green, with a guest at work: for what must not touch any of it.</summary>
internal sealed class GreenStage(AgentPair pair) : IAsyncDisposable
{
    private readonly int _changes = Changes(pair);

    public AgentPair Pair => pair;

    public SteadyWriter Writer { get; } = new($"{AgentPair.Data(pair.One)}/written");

    /// <summary>Neither node has left its state since, nor thought that it lost the other.</summary>
    public void StaysGreen(string what)
    {
        Assert.False(pair.One.HasExited || pair.Two.HasExited, $"{what}: an agent ended.\n{pair.Story}");
        Assert.True(Changes(pair) == _changes, $"{what}: a state changed.\n{pair.Story}");
        Assert.True(AgentPair.Serves(pair.One), what);
    }

    public async ValueTask DisposeAsync()
    {
        Writer.Dispose();
        await pair.DisposeAsync();
    }

    /// <summary>Lines of both modules' logs that a lost beat, a lost link or a node that leaves its state would make.</summary>
    private static int Changes(AgentPair pair) => pair.Story.Split('\n').Count(line => Grave.Any(words => line.Contains(words, StringComparison.Ordinal)));

    private static readonly string[] Grave =
        ["Local state WAIT", "Local state ALONE", "Local state STOP", "Remote state UNKNOWN", "no heartbeat of the peer", "locktimeout", "sendtimeout", "did not run for", "Action ", "taken away"];
}
