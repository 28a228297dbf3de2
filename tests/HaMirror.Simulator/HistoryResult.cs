namespace HaMirror.Simulator;

/// <summary>How one history ended.</summary>
/// <param name="Violation">The first broken invariant, or null.</param>
/// <param name="Acknowledged">Writes that were acknowledged: a history without any has shown nothing.</param>
/// <param name="Excuses">What the contract excused in it, for a while.</param>
/// <param name="Trace">Empty unless it was asked for.</param>
public sealed record HistoryResult(
    Story Story, string? Violation, int Acknowledged, IReadOnlyCollection<string> Excuses, IReadOnlyList<string> Trace);
