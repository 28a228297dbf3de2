// salvage list, show, export, restore, remove: what a node held alone when it lost a divergence.
using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>salvage</c>.</summary>
internal static class SalvageVerbs
{

    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("salvage", "What this node held alone when it lost a divergence: list it, export it, put it back.");
        AddList(group, invocation, examples);
        AddShow(group, invocation, examples);
        AddExport(group, invocation, examples);
        AddRestore(group, invocation, examples);
        AddRemove(group, invocation, examples);
        examples[group] = """
            hamirror salvage list -m vm1
            hamirror salvage export 20260102-030405-1a2b3c4d /root/losing -m vm1
            """;
        root.Add(group);
    }

    private static Argument<string> Id() => new("SET") { Description = "As 'hamirror salvage list' shows it" };

    private static Option<bool> Json() => new("--json") { Description = "As JSON, for programs." };

    private static void AddList(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var json = Json();
        var command = new Command("list", "List the salvage sets on this node.") { module, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(invocation, parsed.GetValue(module), harmless: true, "salvage list", cancellation);
            foreach (var name in names)
            {
                var sets = await invocation.Agent.GetAsync(
                    ApiPath.Module(name, "salvage"), ApiJson.Default.ImmutableArraySalvageSetStatus, cancellation);
                if (parsed.GetValue(json)) invocation.Output.WriteLine(JsonSerializer.Serialize(sets, IndentedJson.Options));
                else if (sets.IsEmpty) invocation.Screen.MarkupLine($"{Markup.Escape(name)}: no salvage set lies on this node.");
                foreach (var set in parsed.GetValue(json) ? [] : sets) Write(invocation.Screen, name, set);
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror salvage list -m vm1";
        group.Add(command);
    }

    private static void AddShow(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var (id, module, json) = (Id(), ModuleChoice.Option(invocation), Json());
        var command = new Command("show", "Show the files of a salvage set.") { id, module, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(module), "salvage show", cancellation);
            var set = await invocation.Agent.GetAsync(Path(name, parsed.GetRequiredValue(id)), ApiJson.Default.SalvageSetStatus, cancellation);
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(JsonSerializer.Serialize(set, IndentedJson.Options));
                return ExitCode.Done;
            }

            Write(invocation.Screen, name, set);
            foreach (var file in set.Files)
            {
                var how = file.Gone ? "the other node had none" : file.Whole ? "" : "in part: the rest is what the replica holds now";
                invocation.Screen.MarkupLine(
                    $"  {Words.Size(file.Size),10}  {Words.Size(file.SavedBytes),10} saved  {Markup.Escape(file.Path)}"
                    + (how.Length > 0 ? $"  [grey]({how})[/]" : ""));
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror salvage show 20260102-030405-1a2b3c4d -m vm1";
        group.Add(command);
    }

    private static void AddExport(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var (id, module, json) = (Id(), ModuleChoice.Option(invocation), Json());
        var directory = new Argument<string>("DIRECTORY") { Description = "Where the files go, with their whole path beneath it" };
        var files = new Argument<string[]>("FILE") { Description = "Only these, as 'salvage show' has them", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("export", "Write the losing versions of files to a directory.") { id, directory, files, module, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(module), "salvage export", cancellation);
            var request = new SalvageExportRequest(
                System.IO.Path.GetFullPath(parsed.GetRequiredValue(directory)), [.. parsed.GetValue(files) ?? []], invocation.By);
            var operation = await invocation.Agent.BeginAsync(
                Path(name, parsed.GetRequiredValue(id)) + "/export", request, ApiJson.Default.SalvageExportRequest, cancellation);
            var written = await FollowedOperation.ResultAsync(invocation, operation, ApiJson.Default.SalvageWritten, cancellation);
            Report(invocation, written, parsed.GetValue(json), "written to");
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror salvage export 20260102-030405-1a2b3c4d /root/losing -m vm1
            hamirror salvage export 20260102-030405-1a2b3c4d /root/losing /vm/vm1/disk.qcow2 -m vm1
            """;
        group.Add(command);
    }

    private static void AddRestore(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var (id, module, json) = (Id(), ModuleChoice.Option(invocation), Json());
        var files = new Argument<string[]>("FILE") { Description = "As 'salvage show' has them", Arity = ArgumentArity.OneOrMore };
        var command = new Command("restore", "Put the losing versions of files back, where the module serves.") { id, files, module, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(module), "salvage restore", cancellation);
            var request = new SalvageRestoreRequest([.. parsed.GetRequiredValue(files)], invocation.By);
            var operation = await invocation.Agent.BeginAsync(
                Path(name, parsed.GetRequiredValue(id)) + "/restore", request, ApiJson.Default.SalvageRestoreRequest, cancellation);
            var written = await FollowedOperation.ResultAsync(invocation, operation, ApiJson.Default.SalvageWritten, cancellation);
            Report(invocation, written, parsed.GetValue(json), "put back as");
            return ExitCode.Done;
        });
        examples[command] = "hamirror salvage restore 20260102-030405-1a2b3c4d /vm/vm1/notes.txt -m vm1   what uses the file must not run";
        group.Add(command);
    }

    private static void AddRemove(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var (id, module) = (Id(), ModuleChoice.Option(invocation));
        var command = new Command("remove", "Remove a salvage set for good.") { id, module };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(module), "salvage remove", cancellation);
            var set = parsed.GetRequiredValue(id);
            await invocation.Agent.SendAsync(
                HttpMethod.Delete, $"{Path(name, set)}?by={Uri.EscapeDataString(invocation.By)}", null, cancellation);
            invocation.Screen.MarkupLine($"{Markup.Escape(name)}: salvage set {Markup.Escape(set)} removed.");
            return ExitCode.Done;
        });
        examples[command] = "hamirror salvage remove 20260102-030405-1a2b3c4d -m vm1";
        group.Add(command);
    }

    private static string Path(string module, string id) => $"{ApiPath.Module(module, "salvage")}/{Uri.EscapeDataString(id)}";

    private static async Task<string> OneAsync(Invocation invocation, string? module, string verb, CancellationToken cancellation)
    {
        var names = await ModuleChoice.ResolveAsync(invocation, module, harmless: false, verb, cancellation);
        return names.Count == 1 ? names[0] : throw new RefusedException(ExitCode.Usage, "A salvage set is of one module; name it with -m.");
    }

    private static void Write(IAnsiConsole screen, string module, SalvageSetStatus set)
    {
        if (set.Fault is { } fault)
        {
            screen.MarkupLine($"[bold]{Markup.Escape(set.Id)}[/]  [red]{Markup.Escape(fault)}[/]");
            return;
        }

        screen.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"[bold]{Markup.Escape(set.Id)}[/]  {Markup.Escape(module)}, {set.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {Markup.Escape(set.Node)} had generation ")
            + $"{Markup.Escape(set.Generation)}, {Markup.Escape(set.Peer)}'s {Markup.Escape(set.Kept)} was kept; {set.FileCount} files, {Words.Size(set.Bytes)}"
            + (set.Open ? ", [yellow]its resync has not ended[/]" : ""));
    }

    private static void Report(Invocation invocation, SalvageWritten written, bool json, string how)
    {
        if (json)
        {
            invocation.Output.WriteLine(JsonSerializer.Serialize(written, IndentedJson.Options));
            return;
        }

        foreach (var file in written.Files)
            invocation.Screen.MarkupLine($"{Markup.Escape(file.Path)}: {how} {Markup.Escape(file.WrittenTo)}, {Words.Size(file.Size)}"
                + (file.Whole ? "" : ", [yellow]with parts of the present replica, where nothing was saved[/]"));
        if (written.Files.IsEmpty) invocation.Screen.MarkupLine("The set has no file that differs.");
    }
}
