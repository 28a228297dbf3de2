using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace HaMirror.Core.Configuration;

/// <summary>A value, or the reasons why there is none: never both, never neither.</summary>
/// <remarks>Wrong input of an operator is expected, so it is a value and not an exception.</remarks>
public sealed class Parsed<T>
    where T : class
{
    private Parsed(T? value, ImmutableArray<ConfigurationError> errors)
    {
        Value = value;
        Errors = errors;
    }

    /// <summary>Null exactly when <see cref="Errors"/> has entries.</summary>
    public T? Value { get; }

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<ConfigurationError> Errors { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    public bool Succeeded => Value is not null;

    public static Parsed<T> Of(T value) => new(value, []);

    public static Parsed<T> Refused(IEnumerable<ConfigurationError> errors)
    {
        ImmutableArray<ConfigurationError> sorted = [.. errors.OrderBy(error => error.Line).ThenBy(error => error.Column)];
        if (sorted.IsEmpty)
        {
            throw new ArgumentException("a refusal names at least one reason", nameof(errors));
        }

        return new Parsed<T>(null, sorted);
    }
}
