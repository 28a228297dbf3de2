using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>A refusal (RFC 9457, <c>application/problem+json</c>): what was refused and why in one sentence, and what to
/// do instead.</summary>
/// <param name="Title">One sentence for an operator.</param>
/// <param name="Detail">The remedy; null when the title says it all.</param>
/// <param name="Status">The HTTP status code again.</param>
/// <param name="Errors">Every refusal of a file, each with file, line and column; empty elsewhere.</param>
public sealed record Problem(string Title, string? Detail, int Status)
{
    public ImmutableArray<string> Errors { get; init; } = [];
}
