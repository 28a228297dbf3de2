// How fast replicas become equal, beside what the link and the disk carry in the same round.
//
// Each round: one TCP stream between the nodes; node b's file written as fast as its disk takes it, which makes it differ; a resync of all of
// that; one of the now equal files; two first synchronisations, of a file of 1 GiB and of a sparse one of 100 GiB that holds as much; and a
// guest that writes while a resync runs, and after it. What is timed begins with the link and ends when the target has accepted that it is
// equal, so both disks are flushed. The data paths are compiled beforehand (TieredCompilation off): an agent is warm after its first minute.
using System.Collections.Immutable;

namespace HaMirror.Comparison.Figures;

/// <summary>Measures resyncs.</summary>
/// <param name="mebibytes">Of the file that differs and is equal.</param>
internal sealed class ResyncFigures(TwoNodes nodes, int mebibytes, int rounds, double guestSeconds, TextWriter progress)
{
    public static readonly ImmutableArray<FigureGoal> Goals =
    [
        new("link", "one TCP stream between the nodes", "MB/s"),
        new("disk", "the target's disk, 1 MiB writes", "MB/s"),
        new("differing", "resync of data that differs", "MB/s"),
        new("differing_of_slower", "of the slower of link and disk", "", AtLeast: 0.8),
        new("equal", "resync of equal data", "GiB/s", AtLeast: 2),
        new("full", "first synchronisation of 1 GiB", "s"),
        new("sparse", "first synchronisation of 100 GiB that hold 1 GiB", "s"),
        new("sparse_of_full", "of the time for 1 GiB", "", AtMost: 1.3),
        new("guest_p99", "guest's 4k writes without a resync, p99", "us"),
        new("guest_p99_meanwhile", "guest's 4k writes during a resync, p99", "us"),
        new("guest_p99_ratio", "of that without a resync", "", AtMost: 2),
    ];

    private const int SyncMebibytes = 1024;
    private const int SparseTimes = 100;
    private const int StreamMebibytes = 4096;
    private const int GuestMebibytes = 256;
    private static readonly Dictionary<string, string> Warm = new() { ["DOTNET_TieredCompilation"] = "0" };

    private int _port = 7600;

    public async Task RunAsync(FigureSet set, CancellationToken cancellation)
    {
        var (here, there) = (At(nodes.A, "resync"), At(nodes.B, "resync"));
        progress.WriteLine("filling the disks");
        await FioLoad.FillAsync(nodes.A, here, mebibytes, cancellation);
        await FioLoad.FillAsync(nodes.A, At(nodes.A, "full"), SyncMebibytes, cancellation);
        Directory.CreateDirectory(Path.Combine(nodes.B.Directory, "full"));
        await SparseAsync(cancellation);
        for (var round = 0; round < rounds; round++)
        {
            progress.WriteLine($"round {round + 1} of {rounds}");
            var link = (await nodes.StreamAsync(zeroCopy: false, _port++, StreamMebibytes, cancellation)).Rate;
            var disk = (await FioLoad.WriteAsync(nodes.B, there, mebibytes, cancellation)).MegabytesPerSecond;
            set.Add("link", link);
            set.Add("disk", disk);
            CheckDifferent(here, there);
            var bytes = (double)mebibytes * (1 << 20);
            var differing = bytes / await ResyncAsync("resync", set, cancellation) / 1e6;
            set.Add("differing", differing);
            set.Add("differing_of_slower", differing / Math.Min(link, disk));
            set.Add("equal", bytes / await ResyncAsync("resync", set, cancellation) / (1 << 30));
            var full = await FirstAsync("full", set, cancellation);
            var sparse = await FirstAsync("sparse", set, cancellation);
            set.Add("full", full);
            set.Add("sparse", sparse);
            set.Add("sparse_of_full", sparse / full);
            await GuestAsync(there, set, cancellation);
        }
    }

    /// <summary>Seconds of one resync.</summary>
    private async Task<double> ResyncAsync(string name, FigureSet set, CancellationToken cancellation)
    {
        await using var run = await PairRun.StartAsync(nodes, name, _port++, 1, Warm, cancellation);
        var before = CpuClock.Read(nodes.Proc, run.Processes);
        var begun = System.Diagnostics.Stopwatch.StartNew();
        await run.ReadyAsync(1, cancellation);
        set.AddForeign(CpuClock.Foreign(before, CpuClock.Read(nodes.Proc, run.Processes)) / begun.Elapsed.TotalSeconds);
        return run.FromLink[0];
    }

    private async Task<double> FirstAsync(string name, FigureSet set, CancellationToken cancellation)
    {
        File.Delete(At(nodes.B, name));
        return await ResyncAsync(name, set, cancellation);
    }

    private async Task GuestAsync(string there, FigureSet set, CancellationToken cancellation)
    {
        var guest = Path.Combine(nodes.A.Directory, "resync", "guest.img");
        if (!File.Exists(guest))
        {
            await FioLoad.FillAsync(nodes.A, guest, GuestMebibytes, cancellation);
        }

        await FioLoad.WriteAsync(nodes.B, there, mebibytes, cancellation);
        await using var run = await PairRun.StartAsync(nodes, "resync", _port++, 1, Warm, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation); // the link stands, and all differs
        var meanwhile = await FioLoad.GuestAsync(nodes.A, guest, guestSeconds, cancellation);
        var isOver = run.HasBecomeReady(1);
        await run.ReadyAsync(1, cancellation);
        var quiet = await FioLoad.GuestAsync(nodes.A, guest, guestSeconds, cancellation);
        if (isOver)
        {
            progress.WriteLine("  the resync was over before the guest's load: that round says nothing of both together; take a larger --size.");
            return;
        }

        set.Add("guest_p99", quiet.P99Us);
        set.Add("guest_p99_meanwhile", meanwhile.P99Us);
        set.Add("guest_p99_ratio", meanwhile.P99Us / quiet.P99Us);
    }

    private async Task SparseAsync(CancellationToken cancellation)
    {
        var path = At(nodes.A, "sparse");
        Directory.CreateDirectory(Path.Combine(nodes.B.Directory, "sparse"));
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            var part = new byte[1 << 20];
            var random = new Random(1);
            for (long at = 0; at < SyncMebibytes; at++)
            {
                random.NextBytes(part);
                file.Position = at * SparseTimes * part.Length;
                await file.WriteAsync(part, cancellation);
            }

            file.SetLength((long)SyncMebibytes * SparseTimes * part.Length);
            file.Flush(flushToDisk: true);
        }
    }

    private static void CheckDifferent(string here, string there)
    {
        using var first = File.OpenRead(here);
        using var second = File.OpenRead(there);
        var (own, other) = (new byte[1 << 20], new byte[1 << 20]);
        first.ReadExactly(own);
        second.ReadExactly(other);
        if (own.AsSpan().SequenceEqual(other))
        {
            throw new FormatException("The files were to differ and do not: there is nothing to measure.");
        }
    }

    private static string At(BenchNode node, string name)
    {
        var directory = Directory.CreateDirectory(Path.Combine(node.Directory, name));
        return Path.Combine(directory.FullName, "disk.img");
    }
}
