// What the process costs, asked for by a signal: benchmarks/run.sh --scale takes differences of two answers.
// Invariant: looking allocates nothing while no collection has happened, because allocations are among what is looked at.
using System.Globalization;
using HaMirror.Io.Storage;

namespace HaMirror.Pair;

/// <summary>Counts collections and their pauses.</summary>
internal sealed class ProcessFigures : IDisposable
{
    private const int IntervalMs = 20;

    private readonly IReadOnlyList<MirrorStorage> _storages;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private volatile bool _ends;
    private double _longestMs;
    private int _collections;

    public ProcessFigures(IReadOnlyList<MirrorStorage> storages)
    {
        _storages = storages;
        _thread = new Thread(Watch) { IsBackground = true, Name = "figures" };
        _thread.Start();
    }

    /// <summary>One line: since the last one, the longest pause in ms; since the start, all others. Memory in KiB.</summary>
    public string Tell()
    {
        lock (_lock)
        {
            var longest = _longestMs;
            _longestMs = 0;
            return string.Create(CultureInfo.InvariantCulture,
                $$"""FIGURES {"allocated":{{GC.GetTotalAllocatedBytes(precise: true)}},"writes":{{_storages.Sum(storage => storage.Status.AnsweredWrites)}},"collections":{{_collections}},"longest_pause_ms":{{longest:0.000}},"pauses_ms":{{GC.GetTotalPauseDuration().TotalMilliseconds:0.000}},"resident_kib":{{Field("/proc/self/status", "VmRSS:")}},"own_kib":{{Field("/proc/self/smaps_rollup", "Private_Dirty:")}}}""");
        }
    }

    public void Dispose()
    {
        _ends = true;
        _thread.Join();
    }

    private static long Field(string file, string name)
    {
        foreach (var line in File.ReadLines(file))
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
        return 0;
    }

    private void Watch()
    {
        for (long seen = 0; !_ends; Thread.Sleep(IntervalMs))
        {
            var count = GC.CollectionCount(0);
            if (count == _collections)
                continue;
            lock (_lock)
            {
                _collections = count;
                foreach (var kind in new[] { GCKind.Ephemeral, GCKind.FullBlocking, GCKind.Background })
                {
                    var info = GC.GetGCMemoryInfo(kind);
                    if (info.Index <= seen)
                        continue;
                    foreach (var pause in info.PauseDurations)
                        _longestMs = Math.Max(_longestMs, pause.TotalMilliseconds);
                }
                seen = GC.GetGCMemoryInfo(GCKind.Any).Index;
            }
        }
    }
}
