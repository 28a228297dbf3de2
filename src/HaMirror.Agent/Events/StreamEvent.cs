namespace HaMirror.Agent.Events;

/// <summary>One event of <c>/v1/events</c>.</summary>
/// <param name="Number">Rises by one; 0: made for one client alone, and nothing to resume after.</param>
/// <param name="Kind">status, node, module, removed, operation, log or beat.</param>
/// <param name="Data">JSON on one line.</param>
internal sealed record StreamEvent(long Number, string Kind, byte[] Data);
