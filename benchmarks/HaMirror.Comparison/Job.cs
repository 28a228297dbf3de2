// What is measured: the jobs of fio, and what HaMirror has to reach in each.
using System.Collections.Immutable;

namespace HaMirror.Comparison;

/// <summary>One load.</summary>
/// <param name="Name">In tables and JSON.</param>
/// <param name="Title">For a reader.</param>
/// <param name="Load">Arguments of fio without their dashes, but for the engine.</param>
/// <param name="Engine">fio's engine for a file; over NBD it is fio's own.</param>
/// <param name="OfFloor">HaMirror without TLS reaches at least this share of the floor's IOPS. Null: nothing is asked.</param>
/// <param name="OfBestPeer">And this many times the best peer's.</param>
/// <param name="OfUnlogged">And this share of its own without the intent log, over a file that is larger than the hot set.</param>
internal sealed record Job(
    string Name, string Title, ImmutableArray<string> Load, string Engine, double? OfFloor, double? OfBestPeer, double? OfUnlogged = null)
{
    /// <summary>In the order of the tables.</summary>
    public static readonly ImmutableArray<Job> All =
    [
        new("randwrite-4k-d1", "4k random write, depth 1", ["rw=randwrite", "bs=4k", "iodepth=1"], "libaio", 0.85, 1.5),
        new("randwrite-4k-d16", "4k random write, depth 16", ["rw=randwrite", "bs=4k", "iodepth=16"], "libaio", 0.80, 3.2, 0.85),
        new("randwrite-4k-fdatasync", "4k random write + fdatasync", ["rw=randwrite", "bs=4k", "iodepth=1", "fdatasync=1"],
            "psync", 0.85, 1.6),
        new("write-1m-d4", "1 MiB sequential write, depth 4", ["rw=write", "bs=1m", "iodepth=4"], "libaio", 0.85, 2.4, 0.97),
        new("randread-4k-d1", "4k random read, depth 1", ["rw=randread", "bs=4k", "iodepth=1"], "libaio", 0.90, 1.2),
        new("randread-4k-d16", "4k random read, depth 16", ["rw=randread", "bs=4k", "iodepth=16"], "libaio", 0.90, 1.7),
        new("randrw-4k-70-30-d16", "4k random, 70 % reads, depth 16",
            ["rw=randrw", "rwmixread=70", "bs=4k", "iodepth=16"], "libaio", 0.85, 2.2),
        new("randwrite-4k-16-threads", "4k random write, 16 threads",
            ["rw=randwrite", "bs=4k", "iodepth=1", "numjobs=16", "thread=1", "group_reporting=1"], "psync", null, null),
    ];

    /// <summary>Its latencies are the flush's: fio does not add those of a write and of its flush.</summary>
    public bool IsFlushed => Load.Contains("fdatasync=1");

    /// <summary>Null: there is no such job.</summary>
    public static Job? Find(string name) => All.FirstOrDefault(job => job.Name == name);
}
