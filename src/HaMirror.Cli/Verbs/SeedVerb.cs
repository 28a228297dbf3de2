// seed: the first copy of a large VM travels on a disk, and only what has changed since over the link.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>seed</c>.</summary>
internal static class SeedVerb
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("seed", "Carry the first copy of a module to the other node on a disk, for slow links.");
        AddCopy(command, invocation, examples, "export", "--to", "Write a copy of the module here to a directory; it may serve meanwhile.",
            "A directory that is empty or does not exist, e.g. on an external disk.",
            "hamirror seed export -m vm1 --to /media/disk/vm1   on the node with the data");
        AddCopy(command, invocation, examples, "import", "--from", "Put an exported copy in place on the node that has no replica yet.",
            "The directory that the export has written.",
            "hamirror seed import -m vm1 --from /media/disk/vm1  on the other; then 'hamirror start -m vm1' there");
        AddOther(command, invocation, examples);
        examples[command] = """
            hamirror seed export -m vm1 --to /media/disk/vm1    on the node with the data, while the VM runs
            hamirror seed import -m vm1 --from /media/disk/vm1  on the other node, which has the module but no replica
            hamirror start -m vm1                               there: everything is compared by hash, only the difference travels
            """;
        root.Add(command);
    }

    private static void AddCopy(
        Command seed, Invocation invocation, Dictionary<Command, string> examples, string action, string where, string description,
        string directoryDescription, string example)
    {
        var module = ModuleChoice.Option(invocation);
        var directory = new Option<string>(where) { Description = directoryDescription, HelpName = "DIR", Required = true };
        var command = new Command(action, description) { module, directory };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(module), action, cancellation);
            var request = new SeedRequest(action, Path.GetFullPath(parsed.GetRequiredValue(directory)), invocation.By);
            var report = await invocation.Agent.PostAsync(
                ApiPath.Module(name, "seed"), request, ApiJson.Default.SeedRequest, ApiJson.Default.SeedReport, cancellation);
            report = await FollowAsync(invocation, name, report, cancellation);
            Show(invocation.Screen, report);
            return report.End is null ? ExitCode.Done : ExitCode.Refused;
        });
        examples[command] = example;
        seed.Add(command);
    }

    private static void AddOther(Command seed, Invocation invocation, Dictionary<Command, string> examples)
    {
        var shown = ModuleChoice.Option(invocation);
        var status = new Command("status", "Show the export or import that runs here, or the last one.") { shown };
        status.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(shown), "status", cancellation);
            Show(invocation.Screen, await invocation.Agent.GetAsync(ApiPath.Module(name, "seed"), ApiJson.Default.SeedReport, cancellation));
            return ExitCode.Done;
        });
        examples[status] = "hamirror seed status -m vm1";
        seed.Add(status);
        var stopped = ModuleChoice.Option(invocation);
        var stop = new Command("stop", "Stop the export or import that runs here.") { stopped };
        stop.SetAction(async (parsed, cancellation) =>
        {
            var name = await OneAsync(invocation, parsed.GetValue(stopped), "stop", cancellation);
            await invocation.Agent.SendAsync(HttpMethod.Delete, ApiPath.Module(name, "seed"), null, cancellation);
            invocation.Screen.MarkupLine($"{Markup.Escape(name)}: the copy stops.");
            return ExitCode.Done;
        });
        examples[stop] = "hamirror seed stop -m vm1";
        seed.Add(stop);
    }

    private static async Task<string> OneAsync(Invocation invocation, string? given, string action, CancellationToken cancellation)
    {
        var names = await ModuleChoice.ResolveAsync(invocation, given, harmless: false, $"seed {action}", cancellation);
        return names.Count == 1 ? names[0] : throw new RefusedException(ExitCode.Usage, "A seed is of one module; name it with -m.");
    }

    private static async Task<SeedReport> FollowAsync(Invocation invocation, string name, SeedReport report, CancellationToken cancellation)
    {
        var line = new ProgressLine(invocation.Screen);
        try
        {
            while (report.Running)
            {
                line.Show($"{name}: {ProgressOf(report)}");
                await Task.Delay(LookPeriod, cancellation);
                report = await invocation.Agent.GetAsync(ApiPath.Module(name, "seed"), ApiJson.Default.SeedReport, cancellation);
            }

            return report;
        }
        catch (OperationCanceledException)
        {
            await invocation.Agent.SendAsync(HttpMethod.Delete, ApiPath.Module(name, "seed"), null, CancellationToken.None);
            throw;
        }
        finally
        {
            line.End();
        }
    }

    private static string ProgressOf(SeedReport report) => report.BytesTotal == 0
        ? "counting files"
        : ProgressLine.Of(report.Percent, report.BytesDone, report.BytesTotal, report.BytesPerSecond, report.SecondsLeft);

    private static void Show(IAnsiConsole screen, SeedReport report)
    {
        var copied = $"{(report.Files == 1 ? "1 file" : $"{report.Files} files")} with {Words.Size(report.BytesDone)} of data";
        var next = report.Action == "export"
            ? $"Carry it to the other node; there, 'hamirror seed import -m {report.Module} --from DIR'."
            : $"Now 'hamirror start -m {report.Module}': everything is compared by hash, only the difference travels.";
        screen.MarkupLine($"[bold]{Markup.Escape(report.Module)}[/]: " + report switch
        {
            { Running: true } => Markup.Escape($"{report.Action} of {report.Directory}: {ProgressOf(report)}"),
            { End: { } end } => $"[red]{report.Action} of {Markup.Escape(report.Directory)} broke off[/]: {Markup.Escape(end)}",
            _ => $"[green]{report.Action} of {Markup.Escape(report.Directory)} done[/], {copied}. {Markup.Escape(next)}",
        });
    }
}
