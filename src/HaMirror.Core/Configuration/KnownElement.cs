using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>An element of the configuration's vocabulary.</summary>
/// <param name="Meaning">A clause for the manual.</param>
public sealed record KnownElement(string Name, string Meaning)
{
    public ImmutableArray<KnownAttribute> Attributes { get; init; } = [];

    public ImmutableArray<KnownElement> Children { get; init; } = [];

    public Standing Standing { get; init; } = Standing.Used;

    /// <summary>True when it may stand more than once in its parent.</summary>
    public bool Many { get; init; }

    public bool Required { get; init; }

    /// <summary>True when text may stand in it (the rules of the failover section).</summary>
    public bool HasText { get; init; }

    /// <summary>The row of an attribute that exists.</summary>
    /// <exception cref="ArgumentException">The vocabulary has no such row: a mistake in this program.</exception>
    public KnownAttribute this[string attribute] =>
        Attributes.FirstOrDefault(row => row.Name == attribute)
        ?? throw new ArgumentException($"the vocabulary of {Name} has no attribute {attribute}", nameof(attribute));
}
