using System.Globalization;

namespace HaMirror.Io.Hooks;

/// <summary>One run of one hook.</summary>
/// <param name="ExitCode">-1 when there is none.</param>
/// <param name="OutputFile">Null when nothing was kept.</param>
/// <param name="Sentence">For the log and the operator.</param>
public sealed record HookResult(
    string Hook, bool Forced, HookOutcome Outcome, int ExitCode, TimeSpan Duration, string? OutputFile, string Sentence)
{
    public bool Succeeded => Outcome is HookOutcome.Succeeded or HookOutcome.Missing;

    /// <summary>The hook as it was called, e.g. <c>stop_prim force</c>.</summary>
    public static string Called(string hook, bool forced) => forced ? $"{hook} force" : hook;

    internal static string Seconds(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s");
}
