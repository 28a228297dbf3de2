// What abilities of the kernel are worth that HaMirror does not use, each beside what it does instead: why it does not.
// Splice and clones by a file system that throws away what it is told (floor/null.c), zero copy by a stream (floor/stream.c).
using System.Collections.Immutable;
using System.Diagnostics;

namespace HaMirror.Comparison.Figures;

/// <summary>Measures them.</summary>
internal sealed class FeatureFigures(TwoNodes nodes, int rounds, double seconds, TextWriter progress)
{
    public static readonly ImmutableArray<FigureGoal> Goals =
    [
        new("zero_copy_rate", "zero-copy send of plain send, rate of one stream", ""),
        new("zero_copy_cpu", "and CPU of its sender", ""),
        new("zero_copy_copied", "the kernel copied all the same (1: yes; it always does between two name spaces)", ""),
        new("splice_large", "512 KiB writes by splice and a pipe, of read into memory", ""),
        new("splice_large_cpu", "and CPU", ""),
        new("threads_large", "512 KiB writes, two threads on one descriptor, of one thread", ""),
        new("clones_large", "512 KiB writes, two threads with a clone, of one thread", ""),
        new("threads_small", "4k writes at depth 16, two threads on one descriptor, of one thread", ""),
        new("clones_small", "4k writes at depth 16, two threads with a clone, of one thread", ""),
        new("clones_small_cpu", "and CPU", ""),
        new("passthrough_d1", "4k reads at depth 1 by passthrough, of reads through the daemon", ""),
        new("passthrough_d16", "4k reads at depth 16 by passthrough, of reads through the daemon", ""),
    ];

    private const int FileMebibytes = 256;
    private const int StreamMebibytes = 4096;
    private static readonly string[] Ways = ["readv", "splice", "threads", "clones"];
    private int _port = 7700;

    public async Task RunAsync(FigureSet set, CancellationToken cancellation)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(nodes.A.Directory, "null")).FullName, "disk.img");
        await FioLoad.FillAsync(nodes.A, file, FileMebibytes, cancellation);
        var kept = await KeptFilesAsync(cancellation);
        for (var round = 0; round < rounds; round++)
        {
            progress.WriteLine($"round {round + 1} of {rounds}");
            var plain = await nodes.StreamAsync(zeroCopy: false, _port++, StreamMebibytes, cancellation);
            var without = await nodes.StreamAsync(zeroCopy: true, _port++, StreamMebibytes, cancellation);
            set.Add("zero_copy_rate", without.Rate / plain.Rate);
            set.Add("zero_copy_cpu", without.CpuPerGb / plain.CpuPerGb);
            set.Add("zero_copy_copied", without.Copied ? 1 : 0);
            var large = new Dictionary<string, (double Rate, double Cpu)>();
            var small = new Dictionary<string, (double Rate, double Cpu)>();
            foreach (var way in round % 2 == 0 ? Ways : [.. Ways.Reverse()])
            {
                (large[way], small[way]) = await NullAsync(way, file, set, cancellation);
            }

            set.Add("splice_large", large["splice"].Rate / large["readv"].Rate);
            set.Add("splice_large_cpu", large["splice"].Cpu / large["readv"].Cpu);
            set.Add("threads_large", large["threads"].Rate / large["readv"].Rate);
            set.Add("clones_large", large["clones"].Rate / large["readv"].Rate);
            set.Add("threads_small", small["threads"].Rate / small["readv"].Rate);
            set.Add("clones_small", small["clones"].Rate / small["readv"].Rate);
            set.Add("clones_small_cpu", small["clones"].Cpu / small["readv"].Cpu);
            await PassthroughAsync(kept, set, cancellation);
        }
    }

    private async Task<((double Rate, double Cpu) Large, (double Rate, double Cpu) Small)> NullAsync(
        string way, string file, FigureSet set, CancellationToken cancellation)
    {
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(nodes.A.Directory)!, "mnt", "null-" + way)).FullName;
        using var server = TwoNodes.Start(nodes.A, [nodes.Floor, "null", way, directory, file]);
        try
        {
            var shown = Path.Combine(directory, "disk.img");
            for (var clock = Stopwatch.StartNew(); !File.Exists(shown); await Task.Delay(20, cancellation))
            {
                if (server.HasExited || clock.Elapsed > TimeSpan.FromSeconds(10))
                {
                    throw new FormatException($"floor null {way} does not start: {await server.StandardError.ReadToEndAsync(cancellation)}");
                }
            }

            return (await MeasureAsync(server.Id, shown, ["rw=write", "bs=512k", "iodepth=4"], set, cancellation),
                await MeasureAsync(server.Id, shown, ["rw=randwrite", "bs=4k", "iodepth=16"], set, cancellation));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
            using var unmount = Process.Start("umount", ["-l", directory]);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task<(double Rate, double Cpu)> MeasureAsync(int server, string file, string[] load, FigureSet set, CancellationToken cancellation)
    {
        var before = CpuClock.Read(nodes.Proc, [server]);
        var clock = Stopwatch.StartNew();
        var result = await FioLoad.RunAsync(
            nodes.A,
            [
                "name=load", "filename=" + file, "ioengine=libaio", "time_based", "ramp_time=200ms", $"runtime={(int)(seconds * 1000)}ms",
                $"size={FileMebibytes}m", .. load,
            ], cancellation);
        var after = CpuClock.Read(nodes.Proc, [server]);
        set.AddForeign(CpuClock.Foreign(before, after) / clock.Elapsed.TotalSeconds);
        return (result.Iops, (after.Subject - before.Subject) / result.Operations);
    }

    /// <summary>A file that nobody may write to, on both nodes.</summary>
    private async Task<string> KeptFilesAsync(CancellationToken cancellation)
    {
        var here = Path.Combine(Directory.CreateDirectory(Path.Combine(nodes.A.Directory, "kept")).FullName, "base.img");
        await FioLoad.FillAsync(nodes.A, here, FileMebibytes, cancellation);
        File.Copy(here, Path.Combine(Directory.CreateDirectory(Path.Combine(nodes.B.Directory, "kept")).FullName, "base.img"), overwrite: true);
        File.SetUnixFileMode(here, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return here;
    }

    private async Task PassthroughAsync(string file, FigureSet set, CancellationToken cancellation)
    {
        var rates = new Dictionary<bool, (double One, double Many)>();
        foreach (var passes in new[] { false, true })
        {
            await using var run = await PairRun.StartAsync(nodes, "kept", _port++, 1, null, cancellation, passes ? ["--passthrough"] : []);
            await run.ReadyAsync(1, cancellation);
            var one = await MeasureAsync(run.Processes[0], file, ["rw=randread", "bs=4k", "iodepth=1"], set, cancellation);
            var many = await MeasureAsync(run.Processes[0], file, ["rw=randread", "bs=4k", "iodepth=16"], set, cancellation);
            rates[passes] = (one.Rate, many.Rate);
        }

        set.Add("passthrough_d1", rates[true].One / rates[false].One);
        set.Add("passthrough_d16", rates[true].Many / rates[false].Many);
    }
}
