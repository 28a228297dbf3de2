// connect --explain: the dry run of a meeting of the two nodes.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>connect</c>.</summary>
internal static class ConnectVerb
{

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var explain = new Option<bool>("--explain")
        {
            Description = "Say what would happen if the two nodes met now, and why; do nothing.",
        };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs." };
        var command = new Command("connect", "Explain what the two nodes would do if they met now; nothing is done.")
        {
            module, explain, json,
        };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(explain))
                result.AddError("The nodes connect by themselves; 'hamirror connect --explain' says what would happen.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: true, "connect --explain", cancellation);
            foreach (var name in names)
            {
                var report = await invocation.Agent.GetAsync(
                    ApiPath.Module(name, "connection"), ApiJson.Default.ConnectionReport, cancellation);
                if (parsed.GetValue(json)) invocation.Output.WriteLine(JsonSerializer.Serialize(report, IndentedJson.Options));
                else Write(invocation.Screen, report);
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror connect --explain -m vm1          before a start: which data would be kept, and what would be copied
            hamirror connect --explain -m vm1 --json
            """;
        root.Add(command);
    }

    private static void Write(IAnsiConsole screen, ConnectionReport report)
    {
        screen.MarkupLine($"[bold]{Markup.Escape(report.Module)}[/]  {Result(report)}");
        Row(screen, "why", Markup.Escape(report.Sentence));
        Write(screen, report.Mine, "");
        if (report.Theirs is { } theirs && report.PeerHeardSeconds is { } ago)
            Write(screen, theirs, $", as heard {Words.Duration(ago)} ago");
        foreach (var note in report.Notes.IsDefault ? [] : report.Notes) Row(screen, "note", $"[yellow]{Markup.Escape(note)}[/]");
    }

    private static string Result(ConnectionReport report) => report.Decision switch
    {
        "Source" => $"{Markup.Escape(report.Mine.Node)} would be the source ({report.Plan})",
        "Target" => $"{Markup.Escape(report.Mine.Node)} would be the target ({report.Plan})",
        "Diverged" => "[red]the replicas have diverged[/]: nothing would be copied",
        "Wait" => "[yellow]both would wait for an operator[/]",
        "Refuse" => "[red]the replicas are unrelated[/]: nothing would be copied",
        _ => "[yellow]not known[/]",
    };

    private static void Write(IAnsiConsole screen, ReplicaEvidence side, string how)
    {
        var from = side.ResyncFrom is { } source ? $", being made equal to generation {source}" : "";
        Row(screen, side.Node, string.Create(CultureInfo.InvariantCulture,
            $"{Words.State(side.State, side.Phase)}, {Words.Condition(side.Condition)}, generation {Markup.Escape(side.Generation)}")
            + $" (base {Markup.Escape(side.Base)}){Markup.Escape(from)}, {Words.Size(side.MarkedBytes)} marked{Markup.Escape(how)}");
        foreach (var flag in side.Flags.IsDefault ? [] : side.Flags) Row(screen, "", Markup.Escape(flag));
    }

    private static void Row(IAnsiConsole screen, string label, string markup) =>
        screen.MarkupLine($"  [grey]{Markup.Escape(label),-9}[/] {markup}");
}
