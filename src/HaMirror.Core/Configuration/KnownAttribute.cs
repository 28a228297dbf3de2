using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>What becomes of an attribute or element that a file may contain.</summary>
public enum Standing : byte
{
    /// <summary>It does what the reference says.</summary>
    Used,

    /// <summary>Accepted without effect, with a note: HaMirror has no such thing, or needs no tuning there.</summary>
    WithoutEffect,

    /// <summary>Accepted without effect, with a note: a spelling of old releases of SafeKit.</summary>
    Legacy,

    /// <summary>Accepted without effect, with a note: it concerns Windows.</summary>
    Windows,
}

/// <summary>How the text of an attribute is judged.</summary>
public enum ValueKind : byte
{
    /// <summary>Any text; macros must be known.</summary>
    Text,

    /// <summary>Any text in which an unknown <c>%WORD%</c> stays as it is (arguments, commands, variables).</summary>
    FreeText,

    /// <summary><c>on</c> or <c>off</c>; <c>yes</c> and <c>no</c> are the same.</summary>
    OnOff,

    /// <summary>A whole number within the attribute's bounds.</summary>
    Whole,

    /// <summary>A duration (<see cref="TimeUnit"/>).</summary>
    Duration,

    /// <summary>One of a few words.</summary>
    Choice,
}

/// <summary>A row of the configuration's vocabulary.</summary>
/// <param name="Default">As the operator would write it; null when there is none.</param>
/// <param name="Meaning">A clause for the manual.</param>
public sealed record KnownAttribute(string Name, ValueKind Kind, string? Default, string Meaning)
{
    public Standing Standing { get; init; } = Standing.Used;

    public bool Required { get; init; }

    /// <summary>Unit of a bare number of a duration.</summary>
    public TimeUnit Unit { get; init; } = TimeUnit.Second;

    /// <summary>True when a duration may be 0, which then means "none".</summary>
    public bool ZeroAllowed { get; init; }

    public long Least { get; init; }

    public long Most { get; init; } = int.MaxValue;

    public ImmutableArray<string> Choices { get; init; } = [];
}
