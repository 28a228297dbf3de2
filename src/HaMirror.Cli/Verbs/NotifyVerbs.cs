// notify status, test: who is told of events, and whether it arrives.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>notify</c>.</summary>
internal static class NotifyVerbs
{
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("notify", "Who is told of events by mail, webhook or command (/etc/hamirror/notify.xml).");
        AddStatus(group, invocation, examples);
        AddTest(group, invocation, examples);
        examples[group] = """
            hamirror notify test          a test message over every way
            hamirror notify status
            """;
        root.Add(group);
    }

    private static void AddStatus(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("status", "Show the ways and how the last messages fared.");
        command.SetAction(async (_, cancellation) =>
        {
            Show(invocation, await invocation.Agent.GetAsync(ConsolePath.Notify, ConsoleJson.Default.NotifyStatus, cancellation));
            return ExitCode.Done;
        });
        examples[command] = "hamirror notify status";
        group.Add(command);
    }

    private static void AddTest(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var kind = new Argument<string?>("WAY") { Description = "mail, webhook or command; all without it", Arity = ArgumentArity.ZeroOrOne };
        kind.AcceptOnlyFromAmong("mail", "webhook", "command");
        var command = new Command("test", "Send a test message, and say what did not arrive.") { kind };
        command.SetAction(async (parsed, cancellation) =>
        {
            var status = await invocation.Agent.PostAsync(
                ConsolePath.NotifyTest, new NotifyTestRequest(parsed.GetValue(kind)), ConsoleJson.Default.NotifyTestRequest,
                ConsoleJson.Default.NotifyStatus, cancellation, TestTimeout);
            Show(invocation, status);
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror notify test
            hamirror notify test mail
            """;
        group.Add(command);
    }

    private static void Show(Invocation invocation, NotifyStatus status)
    {
        if (status.Fault is { } fault)
        {
            invocation.Screen.MarkupLine($"[red]{Markup.Escape(fault)}[/]");
        }

        if (status.Channels.IsEmpty)
        {
            invocation.Screen.MarkupLine($"Nobody is told: {Markup.Escape(status.File)} names no way.");
        }

        foreach (var channel in status.Channels)
        {
            var fate = channel.LastError is { } error ? $"[red]failed: {Markup.Escape(error)}[/]"
                : channel.LastSent is { } sent ? $"sent {sent.ToLocalTime():yyyy-MM-dd HH:mm:ss}"
                : "nothing sent yet";
            invocation.Screen.MarkupLine($"{channel.Kind,-8} {Markup.Escape(channel.Target)}  {fate}");
        }
    }
}
