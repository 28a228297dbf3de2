// module apply, versions, restore: one configuration for both nodes, at once or not at all.
using System.Collections.Immutable;
using System.CommandLine;
using System.Net.Http.Json;
using System.Text;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>module</c> that concern both nodes.</summary>
internal static class ApplyVerbs
{
    /// <summary>Larger ones are no configuration; the agent refuses them too.</summary>
    private const int FileBytesMax = 512 << 10;

    /// <summary>Adds them.</summary>
    public static void AddTo(Command group, Invocation invocation, Dictionary<Command, string> examples, Func<Argument<string>> name)
    {
        AddApply(group, invocation, examples, name());
        AddVersions(group, invocation, examples, name());
        AddRestore(group, invocation, examples, name());
    }

    private static void AddApply(Command group, Invocation invocation, Dictionary<Command, string> examples, Argument<string> name)
    {
        var from = new Option<string>("--from") { Description = "A directory with conf/userconfig.xml and bin. Without it: what is edited on this node.", HelpName = "DIR" };
        var check = new Option<bool>("--check") { Description = "Only say what is wrong and what would change." };
        var make = new Option<bool>("--make-directories") { Description = "Make replicated directories that are missing, on both nodes." };
        var comment = new Option<string>("--comment") { Description = "Kept with the version.", HelpName = "TEXT" };
        var command = new Command("apply", "Make one configuration the active one on both nodes, or on none.") { name, from, check, make, comment };
        command.SetAction(async (parsed, cancellation) =>
        {
            var module = parsed.GetRequiredValue(name);
            var present = await PresentAsync(invocation, module, cancellation);
            var files = parsed.GetValue(from) is { } directory ? Read(directory) : present?.Files
                ?? throw new RefusedException(ExitCode.Refused, $"There is no module '{module}' on this node.", "Make it with 'hamirror module add', or name a directory with --from.");
            var draft = new ModuleDraft(files, parsed.GetValue(make), parsed.GetValue(comment), invocation.By);
            var looked = await invocation.Agent.PostAsync(
                ConsolePath.Configuration(module) + "/check", draft, ConsoleJson.Default.ModuleDraft, ConsoleJson.Default.ConfigurationCheck, cancellation);
            Show(invocation.Screen, looked);
            if (parsed.GetValue(check) || !looked.Valid) return looked.Valid ? ExitCode.Done : ExitCode.Refused;
            var applied = await invocation.Agent.ChangeAsync(
                HttpMethod.Put, ConsolePath.Configuration(module), JsonContent.Create(draft, ConsoleJson.Default.ModuleDraft), present?.Version, ConsoleJson.Default.ConfigurationApplied, cancellation);
            return Report(invocation.Screen, applied, "is active on both nodes");
        });
        examples[command] = """
            hamirror module apply vm1            what is edited below /etc/hamirror/modules/vm1 here, on both nodes
            hamirror module apply vm1 --check    only say what would change, and what needs a stop
            hamirror module apply vm1 --from ./vm1
            """;
        group.Add(command);
    }

    private static void AddVersions(Command group, Invocation invocation, Dictionary<Command, string> examples, Argument<string> name)
    {
        var command = new Command("versions", "List the last configurations that were active.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var versions = await invocation.Agent.GetAsync(
                ApiPath.Module(parsed.GetRequiredValue(name), "versions"), ConsoleJson.Default.ImmutableArrayModuleVersion, cancellation);
            foreach (var version in versions)
            {
                invocation.Screen.MarkupLine($"{version.Id}  {version.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {(version.Active ? "[green]active[/]" : "      ")}  "
                    + Markup.Escape($"{version.By}  {version.Comment}".TrimEnd()));
            }

            if (versions.IsEmpty) invocation.Screen.MarkupLine("None was active yet.");
            return ExitCode.Done;
        });
        examples[command] = "hamirror module versions vm1";
        group.Add(command);
    }

    private static void AddRestore(Command group, Invocation invocation, Dictionary<Command, string> examples, Argument<string> name)
    {
        var id = new Argument<string>("VERSION") { Description = "As 'hamirror module versions' shows it" };
        var command = new Command("restore", "Make an earlier configuration the active one on both nodes, or on none.") { name, id };
        command.SetAction(async (parsed, cancellation) =>
        {
            var module = parsed.GetRequiredValue(name);
            var present = await PresentAsync(invocation, module, cancellation);
            var applied = await invocation.Agent.ChangeAsync(
                HttpMethod.Post, ConsolePath.Version(module, parsed.GetRequiredValue(id)) + "/restore",
                JsonContent.Create(new VersionRequest(invocation.By), ConsoleJson.Default.VersionRequest), present?.Version, ConsoleJson.Default.ConfigurationApplied, cancellation);
            return Report(invocation.Screen, applied, "is active on both nodes again");
        });
        examples[command] = "hamirror module restore vm1 1f3c5a7b9d2e4f60";
        group.Add(command);
    }

    /// <summary>Null: there is no such module here.</summary>
    private static async Task<ModuleFiles?> PresentAsync(Invocation invocation, string module, CancellationToken cancellation)
    {
        var all = await invocation.Agent.GetAsync(ApiPath.Modules, ApiJson.Default.ImmutableArrayModuleSummary, cancellation);
        return all.Any(one => one.Module == module)
            ? await invocation.Agent.GetAsync(ConsolePath.Configuration(module), ConsoleJson.Default.ModuleFiles, cancellation)
            : null;
    }

    private static ImmutableArray<ModuleFile> Read(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(path => File(directory, path))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(ExitCode.Refused, $"{directory} cannot be read: {error.Message}");
        }
    }

    private static ModuleFile File(string directory, string path)
    {
        if (new FileInfo(path).Length > FileBytesMax)
            throw new RefusedException(ExitCode.Refused, $"{path} is larger than {FileBytesMax >> 10} KiB: that is no configuration.", "Is it the right directory?");
        var bytes = System.IO.File.ReadAllBytes(path);
        var executable = (System.IO.File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0;
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return new ModuleFile(Path.GetRelativePath(directory, path), text, null, executable);
        }
        catch (DecoderFallbackException)
        {
            return new ModuleFile(Path.GetRelativePath(directory, path), null, Convert.ToBase64String(bytes), executable);
        }
    }

    private static void Show(IAnsiConsole screen, ConfigurationCheck check)
    {
        foreach (var fault in check.Faults)
            screen.MarkupLine($"[red]{Markup.Escape($"{fault.Node}: {fault.File}{(fault.Line > 0 ? $":{fault.Line}" : "")}: {fault.Text}")}[/]");
        foreach (var change in check.Changes)
        {
            var what = change.Setting is null
                ? $"{change.File}: {(change.Before is null ? "new" : change.After is null ? "removed" : "changed")}"
                : $"{change.Setting}: {change.Before ?? "(nothing)"} -> {change.After ?? "(nothing)"}";
            screen.MarkupLine($"  {Markup.Escape(what)}  {(change.WhileRunning ? "" : "[yellow]")}{Markup.Escape(change.Effect)}{(change.WhileRunning ? "" : "[/]")}");
        }

        foreach (var note in check.Notes) screen.MarkupLine($"  [yellow]note[/] {Markup.Escape(note)}");
        foreach (var node in check.Nodes.Where(node => node.Refusal is not null)) screen.MarkupLine($"  [yellow]{Markup.Escape(node.Refusal!)}[/]");
    }

    private static int Report(IAnsiConsole screen, ConfigurationApplied applied, string what)
    {
        screen.MarkupLine(applied.Finished
            ? Markup.Escape($"{applied.Module}: the configuration {applied.Version} {what}.")
            : Markup.Escape($"{applied.Module}: the configuration {applied.Version} is decided; the other node gets it later: {applied.Waiting}"));
        return ExitCode.Done;
    }
}
