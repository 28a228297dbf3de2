// diff: what a resync would look at. resync-rate: how fast it may send.
using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs <c>diff</c> and <c>resync-rate</c>.</summary>
internal static class DiffVerb
{
    /// <summary>The agent walks all directories of a replica for it.</summary>
    private static readonly TimeSpan WalkTimeout = TimeSpan.FromMinutes(30);

    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        AddDiff(root, invocation, examples);
        AddRate(root, invocation, examples);
    }

    private static void AddDiff(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("diff", "Show what a resync would compare and copy, and how long it would take.") { module, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(invocation, parsed.GetValue(module), harmless: true, "diff", cancellation);
            foreach (var name in names)
            {
                var diff = await invocation.Agent.GetAsync(
                    ApiPath.Module(name, "diff"), ApiJson.Default.ModuleDiff, cancellation, WalkTimeout);
                if (parsed.GetValue(json))
                    invocation.Output.WriteLine(JsonSerializer.Serialize(diff, ApiJson.Default.ModuleDiff));
                else
                    Show(invocation.Screen, diff);
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror diff -m vm1      on the node whose data is right: files and bytes that are marked, and the time
            hamirror diff -m vm1 --json | jq .bytesToCompare
            """;
        root.Add(command);
    }

    private static void AddRate(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var rate = new Argument<string>("RATE") { Description = "Bytes a second, e.g. 800K, 50M or 1.5G; 'none' for no cap" };
        rate.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != "none" && Bytes(text) is null)
                result.AddError($"'{text}' is no rate: give bytes a second, e.g. 50M, or 'none'.");
        });
        var command = new Command("resync-rate", "Cap what resyncs send from this node, the running one included.") { rate, module };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(invocation, parsed.GetValue(module), harmless: false, "resync-rate", cancellation);
            var request = new ResyncRateRequest(Bytes(parsed.GetRequiredValue(rate)), invocation.By);
            foreach (var name in names)
            {
                await invocation.Agent.SendAsync(HttpMethod.Put, ApiPath.Module(name, "resync-rate"),
                    JsonContent.Create(request, ApiJson.Default.ResyncRateRequest), cancellation);
                invocation.Screen.MarkupLine(request.BytesPerSecond is { } bytes
                    ? $"{Markup.Escape(name)}: resyncs from this node send at most {Words.Size(bytes)}/s."
                    : $"{Markup.Escape(name)}: resyncs from this node are not capped.");
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror resync-rate 20M -m vm1    while people work
            hamirror resync-rate none -m vm1   at night
            """;
        root.Add(command);
    }

    /// <returns>Null: it is no size.</returns>
    private static long? Bytes(string text)
    {
        const string units = "KMGT";
        var unit = text.Length == 0 ? -1 : units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        var number = unit < 0 ? text : text[..^1];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * Math.Pow(1024, unit + 1) is >= 1 and <= long.MaxValue / 2 and var bytes
                ? (long)bytes
                : null;
    }

    private static void Show(IAnsiConsole screen, ModuleDiff diff)
    {
        screen.MarkupLine($"[bold]{Markup.Escape(diff.Module)}[/] on {Markup.Escape(diff.Node)} ({Markup.Escape(diff.State)}): " + Verdict(diff));
        foreach (var file in diff.Files)
            screen.MarkupLine($"  {Words.Size(file.Bytes),10}  {Markup.Escape(file.Path)}{(file.Whole ? " (all of it)" : "")}");
        if (diff.FileCount > diff.Files.Length)
            screen.MarkupLine($"              and {diff.FileCount - diff.Files.Length} more");
        if (diff.BytesToCompare > 0)
            screen.MarkupLine("  time        " + Time(diff));
        foreach (var note in diff.Notes)
            screen.MarkupLine($"  note        {Markup.Escape(note)}");
    }

    private static string Verdict(ModuleDiff diff) =>
        diff.ComparesAll ? $"a resync would compare everything, {Files(diff.AllFiles)} with {Words.Size(diff.AllBytes)} of data"
            + (diff.FileCount == 0 ? "." : $"; {Files(diff.FileCount)} marked.")
        : diff.FileCount == 0 ? "nothing is marked; a resync would compare names and attributes only."
        : $"a resync would look at {Files(diff.FileCount)}: {Words.Size(diff.ExtentBytes)} of marked extents"
            + (diff.WholeFiles == 0 ? "." : $" and {Files(diff.WholeFiles)} as a whole with {Words.Size(diff.WholeBytes)} of data.");

    private static string Files(int count) => count == 1 ? "1 file" : $"{count} files";

    private static string Time(ModuleDiff diff) =>
        diff is not { BytesPerSecond: { } rate, SecondsNeeded: { } seconds }
            ? "not known: no resync from this node was measured yet"
            : diff.RateOf is { } when
                ? $"about {Words.Duration(seconds)} at {Words.Size(rate)}/s, the rate of the resync of {when.ToLocalTime():yyyy-MM-dd HH:mm}"
                : $"about {Words.Duration(seconds)} at the present {Words.Size(rate)}/s";
}
