using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace HaMirror.Comparison.Figures;

/// <summary>What a load of fio measured, all its jobs together.</summary>
internal sealed record FioResult(double Iops, double MegabytesPerSecond, double P50Us, double P99Us, long Operations);

/// <summary>Loads that the figures need beside those of <see cref="Job"/>.</summary>
internal static class FioLoad
{
    private const double NsPerUs = 1e3;

    /// <exception cref="FormatException">fio failed.</exception>
    public static async Task<FioResult> RunAsync(BenchNode node, IEnumerable<string> words, CancellationToken cancellation)
    {
        string[] all =
        [
            "fio", "--output-format=json", "--direct=1", "--norandommap", "--randrepeat=0", "--allrandrepeat=0", "--fallocate=none", "--group_reporting",
            "--lat_percentiles=1", "--clat_percentiles=0", "--percentile_list=50:99", "--thread", .. words.Select(word => "--" + word),
        ];
        var text = await TwoNodes.RunAsync(node, all, cancellation);
        using var document = JsonDocument.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..]);
        var job = document.RootElement.GetProperty("jobs")[0];
        var (read, write) = (job.GetProperty("read"), job.GetProperty("write"));
        var main = read.GetProperty("total_ios").GetInt64() > write.GetProperty("total_ios").GetInt64() ? read : write;
        double At(double percent) => main.GetProperty("lat_ns").TryGetProperty("percentile", out var all)
            && all.TryGetProperty(percent.ToString("F6", CultureInfo.InvariantCulture), out var value) ? value.GetDouble() / NsPerUs : 0;
        return new FioResult(
            main.GetProperty("iops").GetDouble(), main.GetProperty("bw_bytes").GetDouble() / 1e6, At(50), At(99), main.GetProperty("total_ios").GetInt64());
    }

    /// <summary>Writes a whole file anew, with other bytes than any other writing.</summary>
    public static Task<FioResult> FillAsync(BenchNode node, string path, int mebibytes, CancellationToken cancellation) => RunAsync(
        node,
        [
            "name=fill", "filename=" + path, "rw=write", "bs=1m", "ioengine=libaio", "iodepth=4", "end_fsync=1", "refill_buffers", "buffer_compress_percentage=0",
            "size=" + mebibytes.ToString(CultureInfo.InvariantCulture) + "m",
        ], cancellation);

    /// <summary>Writes a whole file as fast as its disk does, the same MiB again and again.</summary>
    public static Task<FioResult> WriteAsync(BenchNode node, string path, int mebibytes, CancellationToken cancellation) => RunAsync(
        node,
        [
            "name=disk", "filename=" + path, "rw=write", "bs=1m", "ioengine=libaio", "iodepth=4", "end_fsync=1",
            "size=" + mebibytes.ToString(CultureInfo.InvariantCulture) + "m",
        ], cancellation);

    /// <summary>Random 4 KiB writes, one at a time: a guest that waits for each.</summary>
    public static Task<FioResult> GuestAsync(BenchNode node, string path, double seconds, CancellationToken cancellation) => RunAsync(
        node,
        [
            "name=guest", "filename=" + path, "rw=randwrite", "bs=4k", "ioengine=psync", "time_based", "ramp_time=300ms",
            "runtime=" + ((int)(seconds * 1000)).ToString(CultureInfo.InvariantCulture) + "ms",
            "size=" + new FileInfo(path).Length.ToString(CultureInfo.InvariantCulture),
        ], cancellation);
}
