// Reads what fio 3 prints with --output-format=json.
using System.Globalization;
using System.Text.Json;

namespace HaMirror.Comparison;

/// <summary>The figures of one run, as fio has them.</summary>
/// <param name="Operations">Reads and writes done in the time that counts.</param>
internal sealed record FioOutput(
    long Operations, double Iops, double MegabytesPerSecond, double MeanUs, double P50Us, double P99Us, double P999Us)
{
    private const double NsPerUs = 1e3;
    private const double UsPerSecond = 1e6;
    private const double BytesPerMegabyte = 1e6;

    /// <summary>Percentiles that fio is asked for, in its notation.</summary>
    public const string Percentiles = "50:99:99.9";

    /// <summary>Reads it; fio's notes may stand before the JSON.</summary>
    /// <exception cref="FormatException">It holds no result, or an error; the message says which.</exception>
    public static FioOutput Parse(string text, Job job)
    {
        var begin = text.IndexOf('{', StringComparison.Ordinal);
        if (begin < 0)
        {
            throw new FormatException($"fio printed no result: {Tail(text)}");
        }

        using var document = ParseJson(text[begin..]);
        var result = document.RootElement.GetProperty("jobs")[0];
        if (result.GetProperty("error").GetInt32() is var error and not 0)
        {
            throw new FormatException($"fio ended with error {error}: {Tail(text[..begin])}");
        }

        var (read, write) = (result.GetProperty("read"), result.GetProperty("write"));
        var (reads, writes) = (read.GetProperty("total_ios").GetInt64(), write.GetProperty("total_ios").GetInt64());
        if (reads + writes == 0)
        {
            throw new FormatException("fio did not finish a single operation.");
        }

        var iops = read.GetProperty("iops").GetDouble() + write.GetProperty("iops").GetDouble();
        var bytes = read.GetProperty("bw_bytes").GetDouble() + write.GetProperty("bw_bytes").GetDouble();
        var latency = (job.IsFlushed ? result.GetProperty("sync") : reads > writes ? read : write).GetProperty("lat_ns");
        // A flushed write takes both calls, one after the other.
        var mean = job.IsFlushed ? UsPerSecond / iops : latency.GetProperty("mean").GetDouble() / NsPerUs;
        return new FioOutput(
            reads + writes, iops, bytes / BytesPerMegabyte, mean, Percentile(latency, 50), Percentile(latency, 99), Percentile(latency, 99.9));
    }

    private static double Percentile(JsonElement latency, double percent) =>
        latency.TryGetProperty("percentile", out var all)
        && all.TryGetProperty(percent.ToString("F6", CultureInfo.InvariantCulture), out var value)
            ? value.GetDouble() / NsPerUs
            : throw new FormatException($"fio printed no percentile {percent}: fio 3 is needed.");

    private static JsonDocument ParseJson(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            throw new FormatException($"fio printed half a result: {Tail(text)}");
        }
    }

    private static string Tail(string text) => text.Length == 0 ? "nothing." : text[^Math.Min(text.Length, 300)..].ReplaceLineEndings(" ").Trim();
}
