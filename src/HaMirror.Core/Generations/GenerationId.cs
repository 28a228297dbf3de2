using System.Diagnostics.CodeAnalysis;

namespace HaMirror.Core.Generations;

/// <summary>An identifier of one uninterrupted history of writes (design, sections 2 and 7).</summary>
/// <remarks>128 random bits; <see cref="None"/> is the replica that has no history yet.</remarks>
public readonly record struct GenerationId(Guid Value)
{
    public static readonly GenerationId None = new(Guid.Empty);

    public bool IsNone => Value == Guid.Empty;

    /// <summary>The first eight hexadecimal digits: enough to tell two apart in a log line.</summary>
    public override string ToString() => IsNone ? "none" : Value.ToString("n")[..8];

    public static bool TryParse(string text, [NotNullWhen(true)] out GenerationId? id)
    {
        id = Guid.TryParse(text, out var value) ? new GenerationId(value) : null;
        return id is not null;
    }
}
