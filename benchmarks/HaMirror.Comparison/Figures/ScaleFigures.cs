// What many modules cost, and what one process costs by itself.
//
// Modules: the same load, 50 clients with a file and one 4 KiB write each, over one module with all files and over fifty with one; all modules
// of a node live in one process, as in the agent. Each client either goes on as fast as it can, or writes so many a second: half of
// what all of them reached with one module.
using System.Collections.Immutable;
using System.Globalization;

namespace HaMirror.Comparison.Figures;

/// <summary>Measures growth, memory and pauses.</summary>
internal sealed class ScaleFigures(TwoNodes nodes, int rounds, double seconds, TextWriter progress)
{
    public static readonly ImmutableArray<FigureGoal> Goals =
    [
        new("one_iops", "50 clients over 1 module", "IOPS"),
        new("many_iops", "50 clients over 50 modules", "IOPS"),
        new("many_of_one", "of that over 1 module, each as fast as it can", ""),
        new("steady_of_asked", "50 modules at half of 1 module's load, of what was asked", "", AtLeast: 0.85),
        new("steady_p50_ratio", "p50 over 50 modules of that over 1, at half of its load", ""),
        new("steady_cpu_ratio", "CPU over 50 modules of that over 1, at half of its load", ""),
        new("module_mib_source", "memory of an idle module, PRIM", "MiB", AtMost: 3),
        new("module_mib_target", "memory of an idle module, SECOND", "MiB", AtMost: 3),
        new("huge_ready", "sparse image of 1 TiB, from mounting to ready on both nodes", "s", AtMost: 1),
        new("longest_pause", "longest pause of the garbage collector under load", "ms", AtMost: 20),
        new("allocated_per_write", "managed bytes allocated for a write, 1 module, both nodes", "", AtMost: 0.5),
        new("allocated_per_write_many", "the same over 50 modules, what each does once a second included", ""),
        new("pause_concurrent", "longest pause, concurrent collector", "ms"),
        new("pause_blocking", "longest pause, blocking collector", "ms"),
        new("pause_server", "longest pause, server collector", "ms"),
        new("resident_concurrent", "memory of both processes with 50 modules, concurrent collector", "MiB"),
        new("resident_blocking", "memory of both processes with 50 modules, blocking collector", "MiB"),
        new("resident_server", "memory of both processes with 50 modules, server collector", "MiB"),
        new("iops_blocking", "IOPS over 50 modules, blocking collector of concurrent", ""),
        new("iops_server", "IOPS over 50 modules, server collector of concurrent", ""),
    ];

    private const int Many = 50;
    private const int FileMebibytes = 8;
    private const double IdleSeconds = 3;
    private const double KibPerMib = 1024;

    /// <summary>As the agent is built, and what it could be built as.</summary>
    private static readonly ImmutableArray<(string Name, Dictionary<string, string> Settings)> Collectors =
    [
        ("concurrent", new() { ["DOTNET_gcConcurrent"] = "1", ["DOTNET_gcServer"] = "0" }),
        ("blocking", new() { ["DOTNET_gcConcurrent"] = "0", ["DOTNET_gcServer"] = "0" }),
        ("server", new() { ["DOTNET_gcConcurrent"] = "1", ["DOTNET_gcServer"] = "1" }),
    ];

    private int _port = 8000;

    /// <summary>What one process of 1 or 50 modules showed.</summary>
    private sealed record Look(
        double Iops, FioResult Steady, double SteadyAsked, double SteadyCpu, double SourceKib, double TargetKib, double LongestPauseMs, double AllocatedPerWrite);

    public async Task RunAsync(FigureSet set, CancellationToken cancellation)
    {
        progress.WriteLine("filling the disks");
        foreach (var modules in new[] { 1, Many })
        {
            await FillAsync(modules, cancellation);
        }

        for (var round = 0; round < rounds; round++)
        {
            progress.WriteLine($"round {round + 1} of {rounds}");
            set.Add("huge_ready", await HugeAsync(cancellation));
            var one = await LookAsync(1, Collectors[0].Settings, null, set, cancellation);
            var many = new Dictionary<string, Look>();
            foreach (var (name, settings) in round % 2 == 0 ? Collectors : [.. Collectors.Reverse()])
            {
                many[name] = await LookAsync(Many, settings, one.Iops / 2, set, cancellation);
            }

            Add(set, one, many);
        }
    }

    private static void Add(FigureSet set, Look one, Dictionary<string, Look> many)
    {
        var usual = many[Collectors[0].Name];
        set.Add("one_iops", one.Iops);
        set.Add("many_iops", usual.Iops);
        set.Add("many_of_one", usual.Iops / one.Iops);
        set.Add("steady_of_asked", usual.Steady.Iops / usual.SteadyAsked);
        set.Add("steady_p50_ratio", usual.Steady.P50Us / one.Steady.P50Us);
        set.Add("steady_cpu_ratio", usual.SteadyCpu / usual.Steady.Operations / (one.SteadyCpu / one.Steady.Operations));
        set.Add("module_mib_source", (usual.SourceKib - one.SourceKib) / (Many - 1) / KibPerMib);
        set.Add("module_mib_target", (usual.TargetKib - one.TargetKib) / (Many - 1) / KibPerMib);
        set.Add("longest_pause", Math.Max(one.LongestPauseMs, usual.LongestPauseMs));
        set.Add("allocated_per_write", Math.Max(one.AllocatedPerWrite, 0));
        set.Add("allocated_per_write_many", Math.Max(usual.AllocatedPerWrite, 0));
        foreach (var (name, look) in many)
        {
            set.Add("pause_" + name, look.LongestPauseMs);
            set.Add("resident_" + name, (look.SourceKib + look.TargetKib) / KibPerMib);
            if (name != Collectors[0].Name)
            {
                set.Add("iops_" + name, look.Iops / usual.Iops);
            }
        }
    }

    /// <param name="steady">Writes a second of all clients together; null: half of what they reach here.</param>
    private async Task<Look> LookAsync(
        int modules, Dictionary<string, string> settings, double? steady, FigureSet set, CancellationToken cancellation)
    {
        await using var run = await PairRun.StartAsync(nodes, Name(modules), Port(modules), modules, settings, cancellation);
        await run.ReadyAsync(modules, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(IdleSeconds), cancellation);
        var idle = await run.FiguresAsync(cancellation);
        await Task.Delay(TimeSpan.FromSeconds(IdleSeconds), cancellation);
        var rested = await run.FiguresAsync(cancellation);
        var allocatedIdle = Allocated(rested) - Allocated(idle);
        await ClientsAsync(modules, null, cancellation); // warm: what is compiled late, and buffers that are made once
        var before = await run.FiguresAsync(cancellation);
        var clock = CpuClock.Read(nodes.Proc, run.Processes);
        var begun = System.Diagnostics.Stopwatch.StartNew();
        var free = await ClientsAsync(modules, null, cancellation);
        var elapsed = begun.Elapsed.TotalSeconds;
        set.AddForeign(CpuClock.Foreign(clock, CpuClock.Read(nodes.Proc, run.Processes)) / elapsed);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation); // the status that counts writes is made five times a second
        var after = await run.FiguresAsync(cancellation);
        elapsed = begun.Elapsed.TotalSeconds;
        var writes = after.Source.Writes - before.Source.Writes;
        var asked = steady ?? free.Iops / 2;
        var used = CpuClock.Read(nodes.Proc, run.Processes).Subject;
        var slow = await ClientsAsync(modules, asked, cancellation);
        used = CpuClock.Read(nodes.Proc, run.Processes).Subject - used;
        return new Look(
            free.Iops, slow, asked, used, rested.Source.ResidentKib, rested.Target.ResidentKib,
            Math.Max(after.Source.LongestPauseMs, after.Target.LongestPauseMs),
            (Allocated(after) - Allocated(before) - allocatedIdle * elapsed / IdleSeconds) / writes);
    }

    private static double Allocated((ProcessFigures Source, ProcessFigures Target) figures) => figures.Source.Allocated + figures.Target.Allocated;

    private Task<FioResult> ClientsAsync(int modules, double? perSecond, CancellationToken cancellation)
    {
        var words = new List<string>
        {
            "rw=randwrite", "bs=4k", "ioengine=psync", "time_based", "ramp_time=300ms", $"runtime={Text((int)(seconds * 1000))}ms", $"size={Text(FileMebibytes)}m",
        };
        if (perSecond is { } rate)
        {
            words.Add($"rate_iops={Text(Math.Max(1, (int)(rate / Many)))}");
        }

        foreach (var file in Files(nodes.A, modules))
        {
            words.Add("name=client");
            words.Add("filename=" + file);
        }

        return FioLoad.RunAsync(nodes.A, words, cancellation);
    }

    private async Task FillAsync(int modules, CancellationToken cancellation)
    {
        foreach (var (here, there) in Files(nodes.A, modules).Zip(Files(nodes.B, modules)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(here)!);
            Directory.CreateDirectory(Path.GetDirectoryName(there)!);
            var bytes = new byte[FileMebibytes << 20];
            Random.Shared.NextBytes(bytes);
            await File.WriteAllBytesAsync(here, bytes, cancellation);
            await File.WriteAllBytesAsync(there, bytes, cancellation);
        }
    }

    private async Task<double> HugeAsync(CancellationToken cancellation)
    {
        const long tebibyte = 1L << 40;
        foreach (var node in new[] { nodes.A, nodes.B })
        {
            var directory = Directory.CreateDirectory(Path.Combine(node.Directory, "huge"));
            await using var file = new FileStream(Path.Combine(directory.FullName, "disk.img"), FileMode.OpenOrCreate);
            file.SetLength(tebibyte);
        }

        await using var run = await PairRun.StartAsync(nodes, "huge", _port++, 1, null, cancellation);
        await run.ReadyAsync(1, cancellation);
        return run.FromLink[0] + run.MountSeconds;
    }

    private static IEnumerable<string> Files(BenchNode node, int modules) => Enumerable.Range(0, Many).Select(file => Path.Combine(
        node.Directory, Name(modules), modules == 1 ? "" : Text(file), $"{Text(file)}.img"));

    private static string Name(int modules) => "scale-" + Text(modules);

    private int Port(int modules) => (_port += modules) - modules;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
