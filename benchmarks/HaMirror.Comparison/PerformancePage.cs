// docs/performance.md, made from the rows of one run and nothing else.
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace HaMirror.Comparison;

/// <summary>Writes tables for a reader.</summary>
internal static class PerformancePage
{
    private const string Ours = "hamirror", OursNone = "hamirror-none", OursTls = "hamirror-tls";
    private const double NoneOfSecond = 0.85, TlsOf4K = 0.75, TlsOf1M = 0.5, CpuOfFloor = 1.6, P99OfP50 = 2.5, P999OfP50 = 10;
    private const double NoisyCores = 0.12;

    /// <summary>The whole page.</summary>
    /// <param name="chart">File name of the drawing, beside the page.</param>
    public static string Write(ImmutableArray<Row> rows, string chart)
    {
        var first = rows[0];
        var text = new StringBuilder();
        text.Append(string.Create(CultureInfo.InvariantCulture, $"""
            <!-- Made by benchmarks/run.sh; do not edit: run it again. -->
            # Performance

            HaMirror beside what a synchronous mirror over FUSE and TCP costs at the least (the *floor*, `benchmarks/floor`), beside
            other mirrors in user space, and beside one local copy. Measured {first.Measured:yyyy-MM-dd HH:mm} UTC at commit
            {first.Commit}, on {first.Machine}, by `benchmarks/run.sh`: {first.Rounds} rounds of {first.Seconds:0.##} s, all subjects in turn within a round;
            medians, and ratios as medians of the rounds' own. Both nodes (network name spaces joined by a veth pair), their disks
            (ext4 on loop devices in memory, O_DIRECT) and the load share the machine: on two hosts of your own the wire's latency
            comes on top and the competition for the CPU goes. `hamirror bench -m MODULE` measures your own pair.

            {Noise(rows)}

            ![IOPS of each subject as a share of one local copy's]({chart})

            ## What HaMirror is to reach


            """).ReplaceLineEndings("\n"));
        text.Append(Goals(rows)).Append('\n').Append(Limits(rows)).Append('\n');
        text.Append("## All figures\n");
        foreach (var job in rows.GroupBy(row => row.Job))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {Job.Find(job.Key)?.Title ?? job.Key}\n\n");
            text.Append(Table(job));
        }

        return text.Append(Explanation).ToString();
    }

    /// <summary>For a terminal: the figures of each job.</summary>
    public static string Tables(ImmutableArray<Row> rows)
    {
        var text = new StringBuilder();
        foreach (var job in rows.GroupBy(row => row.Job))
        {
            text.Append(CultureInfo.InvariantCulture, $"{Job.Find(job.Key)?.Title ?? job.Key}\n{Table(job)}\n");
        }

        return text.Append(Goals(rows)).Append('\n').Append(Limits(rows)).Append('\n').Append(Noise(rows)).Append('\n').ToString();
    }

    private const string Explanation = """

        `floor` repeats the better of the floor's two modes. CPU is that of the subject's processes on both nodes, in seconds per
        100,000 operations. Of the flushed job the latencies are those of the flush alone. `hamirror` is `async="second"` without
        TLS; `-none` is `async="none"`, `-tls` has TLS. `glusterfs` is replica 2 with O_DIRECT down to the bricks,
        `glusterfs-buffered` without; `qemu-quorum` is a quorum of two written through QEMU's FUSE export, `qemu-quorum-nbd` the same
        over NBD, `qemu-mirror-nbd` a mirror job with write-blocking.

        """;

    private static string Noise(ImmutableArray<Row> rows)
    {
        var cores = Summary.Median(rows.Select(row => row.ForeignCores));
        var cell = cores.ToString("F2", CultureInfo.InvariantCulture);
        return IsNoisy(rows)
            ? $"**The machine was not quiet:** other programs used {cell} cores in the median run. Trust ratios, and those only roughly."
            : $"Other programs used {cell} cores in the median run.";
    }

    private static bool IsNoisy(ImmutableArray<Row> rows) => Summary.Median(rows.Select(row => row.ForeignCores)) > NoisyCores;

    /// <summary>Beside other programs a figure proves nothing, whichever side of a goal it falls on.</summary>
    private static string Verdict(bool reached, bool noisy) => noisy ? "unsure" : reached ? "reached" : "missed";

    private static string Table(IEnumerable<Row> rows)
    {
        var table = new TextTable("subject", "IOPS", "MB/s", "mean us", "p50 us", "p99 us", "p99.9 us", "CPU s/100k", "of local", "of floor", "of best peer");
        foreach (var row in rows)
        {
            table.Add(
                row.Subject, Figure.Count(row.Iops), Figure.Count(row.MbS), Figure.Time(row.MeanUs), Figure.Time(row.P50Us),
                Figure.Time(row.P99Us), Figure.Time(row.P999Us), Figure.Cpu(row.CpuSPer100K), Figure.Ratio(row.OfLocal),
                Figure.Ratio(row.OfFloor), Figure.Ratio(row.OfBestPeer));
        }

        return table.ToString();
    }

    private static string Goals(ImmutableArray<Row> rows)
    {
        var table = new TextTable("job", "of the floor", "rounds", "wanted", "times the best peer", "wanted ", "");
        foreach (var job in Job.All)
        {
            if (job.OfFloor is not { } floor || job.OfBestPeer is not { } peer || Find(rows, job.Name, Ours) is not { } row)
            {
                continue;
            }

            var reached = row.OfFloor >= floor && row.OfBestPeer >= peer;
            table.Add(
                job.Title, Figure.Ratio(row.OfFloor),
                row.Spread is [var least, var most] ? $"{Figure.Ratio(least)}-{Figure.Ratio(most)}" : Figure.None, Figure.Ratio(floor),
                Figure.Ratio(row.OfBestPeer), Figure.Ratio(peer),
                row.OfFloor is null || row.OfBestPeer is null ? "not measured" : Verdict(reached, IsNoisy(rows)));
        }

        return table.ToString();
    }

    /// <summary>What is asked of HaMirror beside itself: the other mode, TLS, CPU, tails.</summary>
    private static string Limits(ImmutableArray<Row> rows)
    {
        var table = new TextTable("figure", "measured", "wanted", "");
        var noisy = IsNoisy(rows);
        foreach (var job in Job.All.Where(job => job.OfFloor is not null))
        {
            var ours = Find(rows, job.Name, Ours);
            AtLeast(table, $"`async=\"none\"` of `\"second\"`, {job.Title}", Find(rows, job.Name, OursNone)?.Iops / ours?.Iops, NoneOfSecond, noisy);
            AtLeast(table, $"TLS on of off, {job.Title}", Find(rows, job.Name, OursTls)?.Iops / ours?.Iops, job.Name == "write-1m-d4" ? TlsOf1M : TlsOf4K, noisy);
        }

        foreach (var job in Job.All.Where(job => job.OfUnlogged is not null))
        {
            AtLeast(table, $"with the intent log of without, {job.Title}", Find(rows, job.Name, Ours)?.OfUnlogged, job.OfUnlogged!.Value, noisy);
        }

        AtMost(
            table, "CPU of the floor's, 4k random write, depth 16",
            Find(rows, "randwrite-4k-d16", Ours)?.CpuSPer100K / Find(rows, "randwrite-4k-d16", Summary.Floor)?.CpuSPer100K, CpuOfFloor, noisy);
        var lone = Find(rows, "randwrite-4k-d1", Ours);
        AtMost(table, "p99 of p50, 4k random write, depth 1", lone?.P99Us / lone?.P50Us, P99OfP50, noisy);
        AtMost(table, "p99.9 of p50, 4k random write, depth 1", lone?.P999Us / lone?.P50Us, P999OfP50, noisy);
        return table.ToString();
    }

    private static void AtLeast(TextTable table, string what, double? value, double wanted, bool noisy) =>
        Add(table, what, value, "at least ", wanted, Verdict(value >= wanted, noisy));

    private static void AtMost(TextTable table, string what, double? value, double wanted, bool noisy) =>
        Add(table, what, value, "at most ", wanted, Verdict(value <= wanted, noisy));

    private static void Add(TextTable table, string what, double? value, string word, double wanted, string verdict)
    {
        if (value is { } measured && double.IsFinite(measured))
        {
            table.Add(what, Figure.Ratio(value), word + Figure.Ratio(wanted), verdict);
        }
    }

    private static Row? Find(ImmutableArray<Row> rows, string job, string subject) =>
        rows.FirstOrDefault(row => row.Job == job && row.Subject == subject);
}
