// comparison measure|render|figures|mirror-job: what benchmarks/run.sh leaves to a program. See there for the meaning of the options.
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using HaMirror.Comparison;
using HaMirror.Comparison.Figures;

using var cancellation = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
try
{
    switch (args)
    {
        case ["measure", ..]:
            await MeasureAsync(new Options(args.AsSpan(1)), cancellation.Token);
            return 0;
        case ["render", ..]:
            Render(new Options(args.AsSpan(1)));
            return 0;
        case ["figures", var kind, ..]:
            await FiguresAsync(kind, new Options(args.AsSpan(2)), cancellation.Token);
            return 0;
        case ["mirror-job", var socket]:
            await MirrorJob.StartAsync(socket, cancellation.Token);
            return 0;
        default:
            Console.Error.WriteLine("comparison measure|render|figures|mirror-job: benchmarks/run.sh says how.");
            return 2;
    }
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("It was interrupted; nothing is written.");
    return 130;
}
catch (Exception failure) when (failure is FormatException or IOException or JsonException or System.Net.Sockets.SocketException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

void Cancel(PosixSignalContext context)
{
    context.Cancel = true;
    cancellation.Cancel();
}

static async Task MeasureAsync(Options options, CancellationToken cancellation)
{
    ImmutableArray<Subject> subjects = [.. File.ReadLines(options.Text("subjects")).Select(Subject.Parse)];
    var jobs = options.Find("jobs") is { } names
        ? [.. names.Split(',').Select(name => Job.Find(name) ?? throw new FormatException(
            $"There is no job '{name}': {string.Join(", ", Job.All.Select(job => job.Name))}."))]
        : Job.All;
    var (rounds, seconds) = ((int)options.Number("rounds"), options.Number("seconds"));
    var summary = new Summary(subjects, rounds, seconds, MachineName.Read(), options.Text("commit"), DateTimeOffset.UtcNow);
    var fio = new FioRun(seconds, (int)options.Number("mebibytes"), options.Text("proc"));
    await new Measurement(fio, subjects, jobs, rounds, Console.Error) { Repetitions = (int)options.Number("repetitions") }
        .RunAsync(summary, cancellation);
    var rows = summary.Rows();
    if (rows.IsEmpty)
    {
        throw new FormatException("Nothing could be measured.");
    }

    File.WriteAllText(options.Text("json"), JsonSerializer.Serialize(rows, RowJson.Default.ImmutableArrayRow));
    Console.Write(PerformancePage.Tables(rows));
}

static async Task FiguresAsync(string kind, Options options, CancellationToken cancellation)
{
    var nodes = TwoNodes.Parse(options);
    var (rounds, seconds) = ((int)options.Number("rounds"), options.Number("seconds"));
    var (goals, run) = kind switch
    {
        "resync" => (ResyncFigures.Goals, new ResyncFigures(nodes, (int)options.Number("mebibytes"), rounds, seconds * 2, Console.Error).RunAsync),
        "scale" => (ScaleFigures.Goals, new ScaleFigures(nodes, rounds, seconds, Console.Error).RunAsync),
        "features" => (FeatureFigures.Goals, (Func<FigureSet, CancellationToken, Task>)new FeatureFigures(nodes, rounds, seconds, Console.Error).RunAsync),
        _ => throw new FormatException($"There are no figures '{kind}'."),
    };
    var set = new FigureSet(kind, goals, options.Text("commit"));
    await run(set, cancellation);
    var rows = set.Rows();
    if (rows.IsEmpty)
    {
        throw new FormatException("Nothing could be measured.");
    }

    File.WriteAllText(options.Text("json"), JsonSerializer.Serialize(rows, FigureJson.Default.ImmutableArrayFigureRow));
    Console.Write(FigureTable.Write(rows));
}

static void Render(Options options)
{
    var rows = JsonSerializer.Deserialize(File.ReadAllText(options.Text("json")), RowJson.Default.ImmutableArrayRow);
    if (rows.IsDefaultOrEmpty)
    {
        throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{options.Text("json")} holds no rows."));
    }

    var (page, chart) = (options.Find("page"), options.Text("chart"));
    File.WriteAllText(chart, Chart.Draw(rows));
    if (page is not null)
    {
        File.WriteAllText(page, PerformancePage.Write(rows, Path.GetFileName(chart))
            + FigureTable.Section("Becoming equal", FiguresOf(options, "resync"))
            + FigureTable.Section("Growth, memory and pauses", FiguresOf(options, "scale"))
            + FigureTable.Section("What is not used of the kernel", FiguresOf(options, "features"))
            + FeatureReasons.Of(FiguresOf(options, "features")));
    }
}

// Nothing where that was never measured on this machine.
static ImmutableArray<FigureRow> FiguresOf(Options options, string kind) =>
    options.Find("figures") is { } directory && Path.Combine(directory, kind + ".json") is var file && File.Exists(file)
        ? JsonSerializer.Deserialize(File.ReadAllText(file), FigureJson.Default.ImmutableArrayFigureRow)
        : [];
