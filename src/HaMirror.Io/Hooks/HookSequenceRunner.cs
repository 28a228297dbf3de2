using HaMirror.Core.Hooks;

namespace HaMirror.Io.Hooks;

/// <summary>Runs the hooks of a transition in the order of <see cref="HookTable"/>.</summary>
/// <remarks>
/// A vital start hook that fails ends the sequence. A vital stop hook that fails does not keep later *stop* hooks and
/// <c>transition</c> from running, but no start hook follows it: what was not stopped must not be started twice.
/// </remarks>
/// <param name="report">Told every result as it comes, for the log.</param>
/// <param name="begins">Told each hook before it runs, and whether it is called by force.</param>
public sealed class HookSequenceRunner(HookRunner runner, Action<HookResult> report, Action<string, bool>? begins = null)
{
    /// <summary>Runs the sequence.</summary>
    /// <returns>Null when every vital hook succeeded, else a sentence about the first that failed.</returns>
    public async Task<string?> RunAsync(HookSequence sequence, CancellationToken cancellation)
    {
        var arguments = HookTable.Arguments(sequence);
        string? failure = null;
        foreach (var call in HookTable.Calls(sequence))
        {
            if (cancellation.IsCancellationRequested)
            {
                return failure ?? $"the hooks of {sequence} were interrupted before {call.Hook}";
            }

            if (failure is not null && Starts(call.Hook))
            {
                continue;
            }

            var result = await RunCallAsync(call, arguments, cancellation).ConfigureAwait(false);
            if (!result.Succeeded && call.Vital)
            {
                failure ??= result.Sentence;
            }
        }

        return failure;
    }

    private async Task<HookResult> RunCallAsync(HookCall call, HookArguments arguments, CancellationToken cancellation)
    {
        var result = await RunPassAsync(call.Hook, call.Pass == HookPass.Forced, arguments, cancellation).ConfigureAwait(false);
        return result.Succeeded || call.Pass != HookPass.PlainThenForced || cancellation.IsCancellationRequested
            ? result
            : await RunPassAsync(call.Hook, true, arguments, cancellation).ConfigureAwait(false);
    }

    private async Task<HookResult> RunPassAsync(string hook, bool forced, HookArguments arguments, CancellationToken cancellation)
    {
        begins?.Invoke(hook, forced);
        var result = await runner.RunAsync(hook, forced, arguments, cancellation).ConfigureAwait(false);
        report(result);
        return result;
    }

    private static bool Starts(string hook) =>
        hook.StartsWith("start_", StringComparison.Ordinal) || hook == "prestart";
}
