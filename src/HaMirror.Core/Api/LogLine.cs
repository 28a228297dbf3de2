namespace HaMirror.Core.Api;

/// <summary>One line of a module's log. The log streams as one JSON object a line.</summary>
/// <param name="Level">Critical, Warning, Event or Detail.</param>
public sealed record LogLine(DateTimeOffset Time, string Module, string Level, string Text);

/// <summary>Body of <c>POST /v1/modules/{m}/log</c>: <c>safekit printe</c> (Event) and <c>printi</c> (Detail).</summary>
public sealed record LogRequest(string Level, string Text);
