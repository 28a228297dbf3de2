// bench: what a module's directory does on this pair, and which part of the pair limits it.
// It writes as any program would, through the mount, from a process that serves no mount: what it measures is what a VM gets.
// Invariant: its file is gone when it ends by itself, by a failure or by ^C; a killed one's goes with the next run.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.Bench;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>bench</c>.</summary>
internal static class BenchVerb
{
    private const string FilePrefix = ".hamirror-bench-";
    private const double SecondsDefault = 1;
    private const double SecondsMax = 60;

    /// <summary>Two file systems that differ by less than this share of their size in what is free are the same one, written to.</summary>
    private const double SameFreeShare = 0.01;

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var seconds = new Option<double>("--seconds", "-s")
        {
            Description = "For each of ten loads.", HelpName = "SECONDS", DefaultValueFactory = _ => SecondsDefault,
        };
        seconds.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }]
                && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= SecondsMax))
            {
                result.AddError($"--seconds takes more than 0, at most {SecondsMax}.");
            }
        });
        var json = new Option<bool>("--json") { Description = "As JSON, for programs." };
        var command = new Command("bench", "Measure the module's directory, this node's disk and the link, and say what limits.")
        {
            module, seconds, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(invocation, parsed.GetValue(module), harmless: false, "bench", cancellation);
            var time = TimeSpan.FromSeconds(parsed.GetValue(seconds));
            foreach (var name in names)
            {
                await RunAsync(invocation, name, time, parsed.GetValue(json), cancellation);
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror bench -m vm1             where vm1 runs; 15 s, a file of 128 MiB that goes away again
            hamirror bench -m vm1 --seconds 5 steadier figures
            """;
        root.Add(command);
    }

    private static async Task RunAsync(Invocation invocation, string name, TimeSpan time, bool json, CancellationToken cancellation)
    {
        var node = await invocation.Agent.GetAsync(ApiPath.Status, ApiJson.Default.NodeStatus, cancellation);
        var status = await invocation.Agent.GetAsync(ApiPath.Module(name), ApiJson.Default.ModuleStatus, cancellation);
        if (status is not { State: "PRIM" or "ALONE", Phase: "Ready" })
        {
            throw new RefusedException(
                ExitCode.Refused, $"Module {name} is {status.State} {status.Phase} on {status.Node}: it can only be measured where it serves.",
                "Run it on the node whose 'hamirror status' says PRIM Ready or ALONE Ready.");
        }

        var modules = await invocation.Agent.GetAsync(ApiPath.Modules, ApiJson.Default.ImmutableArrayModuleSummary, cancellation);
        var directory = modules.FirstOrDefault(summary => summary.Module == name)?.Directories.FirstOrDefault() ?? throw new RefusedException(
            ExitCode.Refused, $"Module {name} has no replicated directory.", "'hamirror module config' shows what its configuration says.");
        void Said(string what)
        {
            if (!json)
            {
                invocation.Screen.MarkupLine($"[grey]{Markup.Escape(name)}: {Markup.Escape(what)} ...[/]");
            }
        }

        var through = Through(directory, time, what => Said($"through the module: {what}"), cancellation);
        var (disk, note) = Disk(directory, time, what => Said($"this node's disk alone: {what}"), cancellation);
        Said("the link");
        LinkFigures? link = null;
        foreach (var lan in status.State == "PRIM" ? node.Lans : [])
        {
            var measured = await LinkFigures.MeasureAsync(lan.Name, lan.Address, lan.PeerAddress, cancellation);
            link = link?.RoundTripUs is null || measured.RoundTripUs < link.RoundTripUs ? measured : link;
        }

        var (latency, throughput) = Limit.Of(through, disk, link);
        var report = new BenchReport(name, status.Node, status.State, through, disk, note, link, latency, throughput);
        if (json)
        {
            invocation.Output.WriteLine(JsonSerializer.Serialize(report, BenchJson.Default.BenchReport));
        }
        else
        {
            BenchView.Write(invocation.Screen, report);
        }
    }

    private static FileFigures Through(string directory, TimeSpan time, Action<string> said, CancellationToken cancellation)
    {
        string path = Path.Combine(directory, FilePrefix + Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        try
        {
            foreach (var old in Directory.EnumerateFiles(directory, FilePrefix + "*"))
            {
                RemoveIfAbandoned(old);
            }

            if (new DriveInfo(directory).AvailableFreeSpace < Load.FileBytes * 2)
            {
                throw new RefusedException(
                    ExitCode.Refused, $"There is less than {Load.FileBytes >> 19} MiB of room in {directory}: the module would run out of space.",
                    "Make room there first.");
            }

            using var file = DirectFile.Make(path);
            try
            {
                return FileFigures.Measure(new Load(file, time, cancellation), said);
            }
            finally
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(ExitCode.Refused, $"The module's directory cannot be measured: {e.Message}", "Run it as root; 'hamirror log' shows a failing disk.");
        }
    }

    /// <summary>The process that made it is named by it.</summary>
    private static void RemoveIfAbandoned(string path)
    {
        if (!Directory.Exists("/proc/" + Path.GetFileName(path)[FilePrefix.Length..]))
        {
            File.Delete(path);
        }
    }

    /// <summary>The mount hides what lies under it; its parent is on the same file system, as a rule.</summary>
    private static (FileFigures? Figures, string? Note) Disk(string directory, TimeSpan time, Action<string> said, CancellationToken cancellation)
    {
        var parent = Path.GetDirectoryName(directory.TrimEnd('/')) ?? "/";
        try
        {
            var (here, there) = (new DriveInfo(directory), new DriveInfo(parent));
            if (here.TotalSize != there.TotalSize || Math.Abs(here.TotalFreeSpace - there.TotalFreeSpace) > here.TotalSize * SameFreeShare)
            {
                return (null, $"{parent} is on another disk than the module, so the disk could not be measured by itself.");
            }

            using var file = DirectFile.MakeUnnamed(parent);
            return (FileFigures.Measure(new Load(file, time, cancellation), said), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"The disk could not be measured by itself: {e.Message}");
        }
    }
}
