namespace HaMirror.Simulator;

/// <summary>A story of a pair as text: its options (<see cref="PairOptions"/>), commands (<see cref="StoryLine"/>), and the
/// transitions that they lead to.</summary>
/// <remarks>
/// A transition reads <c>node2 SECOND -> ALONE  persist ...; hooks SecondToAlone</c>; generations are g1, g2, ... in the
/// order in which they were made. Times are left out: a story is about order.
/// </remarks>
public sealed class Scenario(Mutation? mutation = null)
{
    private Pair? _pair;

    /// <summary>The first broken invariant; null while all hold.</summary>
    public string? Violation => _pair?.World.Violation;

    /// <summary>Carries a block of commands out.</summary>
    /// <returns>The transitions they led to, one a line.</returns>
    /// <exception cref="FormatException">A line is not understood.</exception>
    public IReadOnlyList<string> Play(IEnumerable<string> commands)
    {
        var story = new List<string>();
        foreach (var line in commands.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith("pair", StringComparison.Ordinal))
            {
                _pair = new Pair(PairOptions.Parse(line), mutation ?? Mutation.None, tracing: false);
                _pair.World.Story = story;
                continue;
            }

            var pair = _pair ?? throw new FormatException("A story begins with 'pair'.");
            pair.World.Story = story;
            var wasWhole = pair.World.Violation is null;
            if (wasWhole) StoryLine.Carry(pair, line);
            if (wasWhole && pair.World.Violation is { } violation) story.Add($"VIOLATION {violation}");
        }

        return story;
    }
}
