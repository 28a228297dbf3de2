using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/vocabulary</c>: what may stand in a module's XML, as the reader itself knows it.</summary>
/// <param name="Standing"><c>Used</c>, or why it has no effect.</param>
/// <param name="Many">It may stand more than once.</param>
public sealed record ElementStatus(
    string Name, string Meaning, string Standing, bool Many, bool Required, ImmutableArray<AttributeStatus> Attributes, ImmutableArray<ElementStatus> Children);

/// <param name="Kind">Text, FreeText, OnOff, Whole, Duration or Choice.</param>
/// <param name="Unit">Of a bare number of a duration, e.g. <c>ms</c>.</param>
/// <param name="WhileRunning">A change of it takes effect without a stop.</param>
public sealed record AttributeStatus(
    string Name, string Kind, string? Default, string Meaning, string Standing, bool Required, string? Unit, long? Least, long? Most,
    ImmutableArray<string> Choices, bool WhileRunning);
