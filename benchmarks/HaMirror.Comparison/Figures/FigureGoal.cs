namespace HaMirror.Comparison.Figures;

/// <summary>One figure of a resync, of growth or of the kernel's abilities, and what it has to reach.</summary>
/// <param name="Name">In JSON.</param>
/// <param name="Title">For a reader.</param>
/// <param name="Unit">Empty for a ratio.</param>
/// <param name="AtLeast">Null, and <paramref name="AtMost"/> null: nothing is asked.</param>
internal sealed record FigureGoal(string Name, string Title, string Unit, double? AtLeast = null, double? AtMost = null);
