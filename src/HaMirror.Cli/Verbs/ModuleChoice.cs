// Which modules a verb is for.
// Rule: -m wins, then $SAFEMODULE (inside a hook), then the only module there is. With several, a verb that shows or
// starts is for all; one that interrupts, or that declares data right, must be told.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;

namespace HaMirror.Cli.Verbs;

/// <summary>The option <c>-m</c> and its meaning.</summary>
internal static class ModuleChoice
{
    public const string All = "all";

    /// <summary>A fresh option for one command.</summary>
    public static Option<string> Option(Invocation invocation)
    {
        var option = new Option<string>("--module", "-m")
        {
            Description = "The module; 'all' for all of them. Needed only where there are several.", HelpName = "MODULE",
        };
        option.CompletionSources.Add(_ => Names(invocation));
        return option;
    }

    /// <summary>The modules that are meant.</summary>
    /// <param name="harmless">The verb may be for all without being told so.</param>
    public static async Task<IReadOnlyList<string>> ResolveAsync(
        Invocation invocation, string? given, bool harmless, string verb, CancellationToken cancellation)
    {
        given ??= invocation.Variable("SAFEMODULE");
        if (given is { Length: > 0 } and not All)
        {
            return [given];
        }

        var all = await invocation.Agent.GetAsync(
            ApiPath.Modules, ApiJson.Default.ImmutableArrayModuleSummary, cancellation);
        if (all.IsEmpty)
        {
            throw new RefusedException(
                ExitCode.Refused, "There is no module on this node yet.", "Make one with 'hamirror module add NAME'.");
        }

        if (all.Length > 1 && given != All && !harmless)
        {
            var names = string.Join(", ", all.Select(module => module.Module));
            throw new RefusedException(
                ExitCode.Usage, $"There are several modules ({names}); say which one.",
                $"'hamirror {verb} -m NAME', or '-m all' for all of them.");
        }

        return [.. all.Select(module => module.Module)];
    }

    /// <summary>For completion.</summary>
    public static IEnumerable<string> Names(Invocation invocation) => Completion.Of(
        invocation, ApiPath.Modules, ApiJson.Default.ImmutableArrayModuleSummary, all => all.Select(module => module.Module).Append(All));
}
