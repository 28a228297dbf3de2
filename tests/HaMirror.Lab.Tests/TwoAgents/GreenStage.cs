namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Two agents whose module is green, with a guest at work: for what must not touch any of it.</summary>
internal sealed class GreenStage : IAsyncDisposable
{
    private readonly AgentPair _pair;
    private readonly int _changes;

    private GreenStage(AgentPair pair)
    {
        (_pair, _changes) = (pair, Changes(pair));
        Writer = new SteadyWriter($"{AgentPair.Data(pair.One)}/written");
    }

    public AgentPair Pair => _pair;

    public SteadyWriter Writer { get; }

    /// <summary>Of a pair that is green: once its logs say so as well, which are written a little later.</summary>
    public static async Task<GreenStage> CreateAsync(AgentPair pair)
    {
        await Deadline.HoldsAsync("the logs have the last change of state", AgentProcess.Patience,
            () => Task.FromResult(LastState(pair.One) == "PRIM Ready" && LastState(pair.Two) == "SECOND Ready"), () => pair.Story);
        return new GreenStage(pair);
    }

    /// <summary>Neither node has left its state since, nor thought that it lost the other.</summary>
    public void StaysGreen(string what)
    {
        Assert.False(_pair.One.HasExited || _pair.Two.HasExited, $"{what}: an agent ended.\n{_pair.Story}");
        Assert.True(Changes(_pair) == _changes, $"{what}: a state changed.\n{_pair.Story}");
        Assert.True(AgentPair.Serves(_pair.One), what);
    }

    public async ValueTask DisposeAsync()
    {
        Writer.Dispose();
        await _pair.DisposeAsync();
    }

    /// <summary>What a node that leaves its state makes in its module's log, and a lost beat or link in either log. What an agent prints comes in
    /// its own time: of what was printed before this began nothing counts.</summary>
    private static int Changes(AgentPair pair) =>
        new[] { pair.One, pair.Two }.Sum(node => ModuleLog(node).Count(line => Has(line, Left))) + pair.Story.Split('\n').Count(line => Has(line, Lost));

    private static string? LastState(AgentProcess node) =>
        ModuleLog(node).LastOrDefault(line => line.Contains(State, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(State, StringComparison.Ordinal) + State.Length)..] : null;

    private static string[] ModuleLog(AgentProcess node) => File.ReadAllLines($"{node.Root}/var/log/hamirror/{AgentPair.Module}/module.log");

    private static bool Has(string line, string[] words) => words.Any(word => line.Contains(word, StringComparison.Ordinal));

    private const string State = "Local state ";

    private static readonly string[] Left = ["Local state WAIT", "Local state ALONE", "Local state STOP", "Remote state UNKNOWN", "Action "];

    private static readonly string[] Lost = ["no heartbeat of the peer", "locktimeout", "sendtimeout", "did not run for", "taken away"];
}
