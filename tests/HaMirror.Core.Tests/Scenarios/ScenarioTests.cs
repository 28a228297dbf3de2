using HaMirror.Simulator;

namespace HaMirror.Core.Tests.Scenarios;

/// <summary>Each text file beside this one is a story of a pair: blocks of commands, <c>----</c>, the transitions that follow.
/// With HAMIRROR_WRITE_SCENARIOS set to this directory, the expectations are written anew, to be read before they are kept.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Stories =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Scenarios"), "*.txt").Select(file => Path.GetFileName(file)!).Order()];

    [Theory]
    [MemberData(nameof(Stories))]
    public void Scenario_Played_TellsItsTransitions(string story)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Scenarios", story));
        var scenario = new Scenario();
        var actual = new List<string>();
        foreach (var block in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = block.Trim('\n').Split('\n');
            var commands = lines.TakeWhile(line => line != "----").ToArray();
            actual.Add(string.Join('\n', commands.Append("----").Concat(scenario.Play(commands))));
        }

        var played = string.Join("\n\n", actual) + "\n";
        if (Environment.GetEnvironmentVariable("HAMIRROR_WRITE_SCENARIOS") is { Length: > 0 } directory)
            File.WriteAllText(Path.Combine(directory, story), played);
        Assert.Equal(text, played);
    }

    [Fact]
    public void Scenarios_InTheOutput_AreThere() => Assert.NotEmpty(Stories);
}
