// The one exception of the command line: a sentence, a remedy, an exit code.
namespace HaMirror.Cli.Agent;

/// <summary>A request that was not carried out.</summary>
/// <param name="code">The exit code.</param>
/// <param name="message">One sentence.</param>
/// <param name="remedy">What to do instead, or null.</param>
/// <param name="faults">Every fault of a file, or none.</param>
internal sealed class RefusedException(int code, string message, string? remedy = null, IReadOnlyList<string>? faults = null)
    : Exception(message)
{
    public int Code { get; } = code;

    public string? Remedy { get; } = remedy;

    public IReadOnlyList<string> Faults { get; } = faults ?? [];
}
