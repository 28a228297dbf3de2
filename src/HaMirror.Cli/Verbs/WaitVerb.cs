// wait: for scripts that go on when a module has come to a state.
using System.Globalization;
using System.CommandLine;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>wait</c>.</summary>
internal static class WaitVerb
{
    private const double TimeoutSecondsDefault = 300;
    private const double TimeoutSecondsMax = 86400;

    /// <summary>How much longer than the agent the client waits, so that it is the agent that says what was missing.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var states = new Argument<string[]>("STATE")
        {
            Description = "STOP, WAIT, ALONE, PRIM or SECOND; any of several", Arity = ArgumentArity.OneOrMore,
        };
        states.AcceptOnlyFromAmong("STOP", "WAIT", "ALONE", "PRIM", "SECOND");
        var ready = new Option<bool>("--ready", "-r") { Description = "And until it is green." };
        var timeout = new Option<double>("--timeout", "-t")
        {
            Description = "Give up after so many seconds, with exit code 4.", HelpName = "SECONDS",
            DefaultValueFactory = _ => TimeoutSecondsDefault,
        };
        timeout.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !IsTime(text))
            {
                result.AddError($"--timeout takes 0 to {TimeoutSecondsMax} seconds.");
            }
        });
        var command = new Command("wait", "Wait until the module is in one of the states.") { states, module, ready, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var seconds = parsed.GetValue(timeout);
            var request = new WaitRequest(
                [.. parsed.GetRequiredValue(states)], parsed.GetValue(ready) ? "Ready" : null, seconds);
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: true, "wait", cancellation);
            foreach (var name in names)
            {
                var status = await invocation.Agent.PostAsync(
                    ApiPath.Module(name, "wait"), request, ApiJson.Default.WaitRequest, ApiJson.Default.ModuleStatus,
                    cancellation, TimeSpan.FromSeconds(seconds) + Grace);
                invocation.Screen.MarkupLine(
                    $"{Markup.Escape(status.Module)}: {Words.State(status.State, status.Phase)}");
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror wait PRIM ALONE --ready -m vm1   until the VM runs here
            hamirror wait SECOND --ready -t 3600      until the resync is through
            """;
        root.Add(command);
    }

    private static bool IsTime(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
        && seconds is >= 0 and <= TimeoutSecondsMax;
}
