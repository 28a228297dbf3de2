// verify: compares both replicas while they are in use, and makes them equal when told to.
using System.CommandLine;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>verify</c>.</summary>
internal static class VerifyVerb
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var repair = new Option<bool>("--repair") { Description = "Make the secondary equal to the primary wherever it differs, right away." };
        var stop = new Option<bool>("--stop") { Description = "Stop the verification that runs." };
        var status = new Option<bool>("--status") { Description = "Show the verification that runs, or the last one." };
        var json = new Option<bool>("--json") { Description = "The result as JSON." };
        var command = new Command(
            "verify", "Compare both replicas while they are in use (on the primary). Exit codes: 0 equal or repaired, 5 they differ.")
        {
            module, repair, stop, status, json,
        };
        command.Validators.Add(result =>
        {
            if (new[] { repair, stop, status }.Count(result.GetValue) > 1)
                result.AddError("--repair, --stop and --status exclude each other.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(invocation, parsed.GetValue(module), harmless: false, "verify", cancellation);
            var code = ExitCode.Done;
            foreach (var name in names)
            {
                if (parsed.GetValue(stop))
                {
                    await invocation.Agent.SendAsync(HttpMethod.Delete, ApiPath.Module(name, "verify"), null, cancellation);
                    invocation.Screen.MarkupLine($"{Markup.Escape(name)}: the verification stops; what it found stays marked.");
                    continue;
                }

                var report = parsed.GetValue(status)
                    ? await invocation.Agent.GetAsync(ApiPath.Module(name, "verify"), ApiJson.Default.VerifyReport, cancellation)
                    : await RunAsync(invocation, name, parsed.GetValue(repair), cancellation);
                if (parsed.GetValue(json))
                    invocation.Output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Default.VerifyReport));
                else
                    Show(invocation.Screen, report);
                code = Math.Max(code, CodeOf(report));
            }

            return code;
        });
        examples[command] = """
            hamirror verify -m vm1             compare all of vm1; ^C stops it
            hamirror verify -m vm1 --repair    and make the secondary equal where it differs
            hamirror verify -m vm1 --status    how far it is, from another terminal
            hamirror verify -m vm1 >/dev/null || mail -s "vm1 differs" admin   from cron, once a month
            """;
        root.Add(command);
    }

    private static int CodeOf(VerifyReport report) =>
        report.Running ? ExitCode.Done
        : report.FindingCount > 0 && !report.Repaired ? ExitCode.Different
        : report.End is null ? ExitCode.Done
        : ExitCode.Refused;

    private static async Task<VerifyReport> RunAsync(Invocation invocation, string name, bool repair, CancellationToken cancellation)
    {
        var report = await invocation.Agent.PostAsync(
            ApiPath.Module(name, "verify"), new VerifyRequest(repair, invocation.By), ApiJson.Default.VerifyRequest,
            ApiJson.Default.VerifyReport, cancellation);
        var line = new ProgressLine(invocation.Screen);
        try
        {
            while (report.Running)
            {
                line.Show($"{name}: {ProgressOf(report)}");
                await Task.Delay(LookPeriod, cancellation);
                report = await invocation.Agent.GetAsync(ApiPath.Module(name, "verify"), ApiJson.Default.VerifyReport, cancellation);
            }

            return report;
        }
        catch (OperationCanceledException)
        {
            await invocation.Agent.SendAsync(HttpMethod.Delete, ApiPath.Module(name, "verify"), null, CancellationToken.None);
            throw;
        }
        finally
        {
            line.End();
        }
    }

    private static string ProgressOf(VerifyReport report) =>
        ProgressLine.Of(report.Percent, report.BytesDone, report.BytesTotal, report.BytesPerSecond, report.SecondsLeft)
        + (report.FindingCount > 0 ? $", {Differences(report.FindingCount)}" : "");

    private static string Differences(int count) => count == 1 ? "1 difference" : $"{count} differences";

    private static void Show(IAnsiConsole screen, VerifyReport report)
    {
        foreach (var finding in report.Findings)
            screen.MarkupLine($"  {Markup.Escape(finding.Path)} {Markup.Escape(finding.What)}"
                + (finding.Bytes > 0 ? $": {Words.Size(finding.Bytes)} at {finding.Offset}" : ""));
        if (report.FindingCount > report.Findings.Length)
            screen.MarkupLine($"  and {report.FindingCount - report.Findings.Length} more");
        screen.MarkupLine($"[bold]{Markup.Escape(report.Module)}[/]: {Verdict(report)}");
    }

    private static string Verdict(VerifyReport report)
    {
        var looked = $"{(report.Files == 1 ? "1 file" : $"{report.Files} files")} with {Words.Size(report.BytesDone)} of data compared";
        var found = report.DifferentBytes > 0
            ? $"{Differences(report.FindingCount)}, {Words.Size(report.DifferentBytes)} of data"
            : Differences(report.FindingCount);
        return report switch
        {
            { Running: true } => Markup.Escape(ProgressOf(report)),
            { FindingCount: 0, End: null } => $"[green]both replicas are equal[/]; {looked}.",
            { Repaired: true } => $"[green]{found}, repaired[/]; {looked}.",
            { End: { } end, FindingCount: 0 } => $"[yellow]ended early[/], nothing found so far: {Markup.Escape(end)} {looked}.",
            { End: { } end } => $"[red]{found}[/], ended early: {Markup.Escape(end)} What was found is marked.",
            { Repair: true } => $"[red]{found}, not all repaired[/]: see the log; 'hamirror stopstart' on the secondary resyncs it.",
            _ => $"[red]{found}[/]; {looked}. What was found is marked: 'hamirror verify -m {Markup.Escape(report.Module)} --repair' "
                + "makes the secondary equal, and so does its next resync.",
        };
    }
}
