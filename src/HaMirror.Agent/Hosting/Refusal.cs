using System.Collections.Immutable;

namespace HaMirror.Agent.Hosting;

/// <summary>A request that is refused: carried up to the API, where it becomes problem+json.</summary>
/// <param name="status">HTTP status code.</param>
/// <param name="title">One sentence.</param>
/// <param name="remedy">What to do instead; null when the sentence says it.</param>
internal sealed class Refusal(int status, string title, string? remedy = null) : Exception(title)
{
    public const int BadRequest = 400, NotFound = 404, TimedOut = 408, Conflict = 409, Unprocessable = 422;

    public int Status => status;

    public string? Remedy => remedy;

    public ImmutableArray<string> Errors { get; init; } = [];
}
