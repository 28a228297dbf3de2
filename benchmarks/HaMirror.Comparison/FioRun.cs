// One run of fio against one subject.
using System.Diagnostics;
using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>Runs fio.</summary>
/// <param name="seconds">That count; a ramp comes before them.</param>
/// <param name="mebibytes">Size of the file.</param>
/// <param name="everything">See <see cref="CpuClock.Read"/>.</param>
internal sealed class FioRun(double seconds, int mebibytes, string everything)
{
    private const double RampSeconds = 0.3;

    /// <summary>Beyond what it should take: a subject that hangs must not keep the others from being measured.</summary>
    private const double PatienceSeconds = 30;

    /// <exception cref="FormatException">It failed; the message says how.</exception>
    public async Task<Sample> RunAsync(Subject subject, Job job, CancellationToken cancellation)
    {
        using var fio = new Process { StartInfo = Command(subject, job) };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds((RampSeconds + seconds) * 3 + PatienceSeconds));
        var before = CpuClock.Read(everything, subject.Processes);
        var clock = Stopwatch.StartNew();
        fio.Start();
        var (text, complaints) = (fio.StandardOutput.ReadToEndAsync(CancellationToken.None), fio.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await fio.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            fio.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new FormatException($"fio was not through after {clock.Elapsed.TotalSeconds:0} s.");
        }

        var wall = clock.Elapsed.TotalSeconds;
        var after = CpuClock.Read(everything, subject.Processes);
        var output = FioOutput.Parse(await complaints + await text, job);
        // The operations of the ramp cost CPU too, and are not counted.
        var counted = seconds / (seconds + RampSeconds);
        return new Sample(
            output.Iops, output.MegabytesPerSecond, output.MeanUs, output.P50Us, output.P99Us, output.P999Us,
            subject.Processes.IsEmpty ? null : (after.Subject - before.Subject) * counted / output.Operations * 1e5,
            CpuClock.Foreign(before, after) / wall);
    }

    /// <summary>fio takes a fraction of a second for none at all.</summary>
    private static string Milliseconds(double seconds) => (seconds * 1000).ToString("F0", CultureInfo.InvariantCulture) + "ms";

    private ProcessStartInfo Command(Subject subject, Job job)
    {
        var start = new ProcessStartInfo("fio") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] common =
        [
            "output-format=json", "name=job", "time_based", $"runtime={Milliseconds(seconds)}", $"ramp_time={Milliseconds(RampSeconds)}", $"size={mebibytes}m", "norandommap", "randrepeat=0",
            "fallocate=none", $"percentile_list={FioOutput.Percentiles}", "lat_percentiles=1", "clat_percentiles=0",
        ];
        // Over NBD a flush is a flush: fio's engine has no fdatasync.
        string[] target = subject.Nbd is { } address
            ? ["ioengine=nbd", $"uri={address}"]
            : [$"ioengine={job.Engine}", "direct=1", $"filename={subject.File}"];
        var load = job.Load.Select(word => subject.Nbd is not null && word == "fdatasync=1" ? "fsync=1" : word);
        foreach (var word in common.Concat(load).Concat(target))
        {
            start.ArgumentList.Add("--" + word);
        }

        return start;
    }
}
