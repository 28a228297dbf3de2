// Measures a resync with and without an undo record, in turn, so that what else the machine does meets both alike.
// Invariants: (1) the difference is made anew, and durable, before each resync; (2) what is timed begins with the link and ends
// when the target has accepted that it is equal, so both disks have been flushed; (3) afterwards both files are compared.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using HaMirror.Core.Configuration;

namespace HaMirror.Pair;

/// <summary>Resyncs of one kind.</summary>
internal sealed class ResyncMeasurement(ResyncArguments arguments)
{
    private const int PartBytes = 1 << 20;
    private const int ExtentBytes = 4096;
    private const int SparseTimes = 100;
    private const int DifferentOneIn = 4;
    private const string FileName = "disk";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private string SourceDirectory => Path.Combine(arguments.Directory, "source");

    private string TargetDirectory => Path.Combine(arguments.Directory, "target");

    private string UndoDirectory => Path.Combine(arguments.Directory, "undo-state");

    /// <summary>Runs all rounds and prints what they took.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public async Task<string?> RunAsync()
    {
        Directory.CreateDirectory(SourceDirectory);
        Directory.CreateDirectory(TargetDirectory);
        var (plain, kept) = (new List<double>(), new List<double>());
        try
        {
            for (var round = 0; round <= arguments.Rounds; round++)
                foreach (var isKept in round % 2 == 0 ? [false, true] : new[] { true, false })
                {
                    Prepare(round * 2 + (isKept ? 1 : 0));
                    var (seconds, failure) = await ResyncAsync(isKept);
                    if (failure is not null)
                        return failure;
                    PairNode.Say(string.Create(CultureInfo.InvariantCulture,
                        $"round {round} {(isKept ? "undo record" : "plain      ")} {seconds:0.000} s {arguments.Bytes / seconds / 1e6:0} MB/s"));
                    if (round > 0) // the first one warms up
                        (isKept ? kept : plain).Add(seconds);
                }
        }
        finally
        {
            Directory.Delete(SourceDirectory, recursive: true);
            Directory.Delete(TargetDirectory, recursive: true);
            if (Directory.Exists(UndoDirectory))
                Directory.Delete(UndoDirectory, recursive: true);
        }
        var ratios = plain.Zip(kept, (without, with) => with / without).ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{arguments.Difference} {arguments.Bytes >> 20} MiB: plain {Median(plain):0.000} s ({arguments.Bytes / Median(plain) / 1e6:0} MB/s), "
            + $"undo record {Median(kept):0.000} s ({arguments.Bytes / Median(kept) / 1e6:0} MB/s), ratio of medians {Median(kept) / Median(plain):0.00}, "
            + $"rounds {string.Join(' ', ratios.Select(ratio => ratio.ToString("0.00", CultureInfo.InvariantCulture)))}"));
        return null;
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private void Prepare(int seed)
    {
        var random = new Random(seed);
        var part = new byte[PartBytes];
        if (Directory.Exists(UndoDirectory))
            Directory.Delete(UndoDirectory, recursive: true);
        var targetPath = Path.Combine(TargetDirectory, FileName);
        using var source = new FileStream(Path.Combine(SourceDirectory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0);
        if (arguments.Difference is Difference.Sparse or Difference.Absent)
            File.Delete(targetPath);
        using var target = arguments.Difference is Difference.Sparse or Difference.Absent
            ? null : new FileStream(targetPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0);
        var step = arguments.Difference == Difference.Sparse ? SparseTimes : 1;
        for (long at = 0; at < arguments.Bytes; at += PartBytes)
        {
            random.NextBytes(part);
            source.Position = at * step;
            source.Write(part);
            if (arguments.Difference == Difference.All)
                random.NextBytes(part);
            for (var extent = 0; arguments.Difference == Difference.Random && extent < PartBytes; extent += ExtentBytes)
                if (random.Next(DifferentOneIn) == 0)
                    random.NextBytes(part.AsSpan(extent, ExtentBytes));
            target?.Write(part);
        }
        if (step > 1)
            source.SetLength(arguments.Bytes * step);
        source.Flush(flushToDisk: true);
        target?.Flush(flushToDisk: true);
    }

    private async Task<(double Seconds, string? Failure)> ResyncAsync(bool isKept)
    {
        var loopback = new IPEndPoint(IPAddress.Loopback, 0);
        var patience = TimeSpan.FromSeconds(30);
        using var source = new PairNode(new Arguments(
            true, SourceDirectory, loopback, arguments.Encryption, AckMode.Received, patience, SourceDirectory + ".marks") { Streams = arguments.Streams });
        if (await source.StartAsync() is { } failure)
            return (0, failure);
        using var target = new PairNode(new Arguments(
            false, TargetDirectory, source.Listening!, arguments.Encryption, AckMode.Received, patience, TargetDirectory + ".marks")
        {
            UndoPath = isKept ? UndoDirectory : null,
        });
        var clock = Stopwatch.StartNew();
        if (await target.StartAsync() is { } refusal)
            return (0, refusal);
        var first = await Task.WhenAny(source.Paired.Task, source.Ended.Task, target.Ended.Task, Task.Delay(Patience));
        var seconds = clock.Elapsed.TotalSeconds;
        if (first != source.Paired.Task)
            return (0, first is Task<string> ended ? await ended : $"The resync has not ended within {Patience}.");
        return (seconds, null);
    }
}
