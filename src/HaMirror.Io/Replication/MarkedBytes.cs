// What a resync would look at, from the marks of this node. An estimate: files go on changing while it is made.
namespace HaMirror.Io.Replication;

/// <param name="Path">Relative to its replicated directory.</param>
/// <param name="Bytes">Marked; of a file marked whole: what it has allocated.</param>
public sealed record MarkedFile(int Root, string Path, ulong Bytes, bool IsWhole);

/// <summary>Sums over a replica.</summary>
/// <param name="Largest">The files with the most bytes, largest first.</param>
/// <param name="ExtentBytes">Of files of which only extents are marked.</param>
/// <param name="WholeBytes">Allocated by files that are marked whole.</param>
/// <param name="FileCount">Regular files with a mark.</param>
/// <param name="AllBytes">Allocated by all replicated files: what a comparison of everything reads.</param>
public sealed record MarkedBytes(
    IReadOnlyList<MarkedFile> Largest, int FileCount, ulong ExtentBytes, int WholeCount, ulong WholeBytes, int AllCount, ulong AllBytes)
{
    /// <summary>Enough for a person to read.</summary>
    private const int LargestMax = 20;

    /// <summary>Walks the replica.</summary>
    /// <exception cref="IOException">A directory cannot be read; the message is a sentence.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public static MarkedBytes Of(ReplicaView view, CancellationToken cancellation)
    {
        var files = new List<MarkedFile>();
        var seen = new HashSet<FileKey>();
        ulong allBytes = 0;
        for (var root = 0; root < view.Roots.Count; root++)
        {
            var queue = new Queue<(string Path, bool IsWhole)>([("", false)]);
            while (queue.TryDequeue(out var next))
            {
                cancellation.ThrowIfCancellationRequested();
                if (DirectorySnapshot.Read(view.Roots[root], next.Path) is not { } snapshot)
                    continue;
                var isWhole = next.IsWhole || IsWhole(view, new FileKey(root, snapshot.Inode));
                for (var index = 0; index < snapshot.Entries.Count; index++)
                {
                    var path = DirectorySnapshot.Join(next.Path, snapshot.Entries[index].Name);
                    var stat = snapshot.Stats[index];
                    if (DirectorySnapshot.IsDirectory(stat))
                        queue.Enqueue((path, isWhole));
                    else if (DirectorySnapshot.IsRegular(stat) && seen.Add(new FileKey(root, stat.Inode)))
                    {
                        var allocated = stat.Blocks * 512;
                        allBytes += allocated;
                        var mark = view.Marks.GetValueOrDefault(new FileKey(root, stat.Inode));
                        if (isWhole || mark is not null)
                            files.Add(isWhole || mark!.IsWhole
                                ? new MarkedFile(root, path, allocated, true)
                                : new MarkedFile(root, path, mark.Extents.Bytes, false));
                    }
                }
            }
        }
        return new MarkedBytes(
            [.. files.OrderByDescending(file => file.Bytes).Take(LargestMax)], files.Count,
            files.Aggregate(0UL, (sum, file) => sum + (file.IsWhole ? 0 : file.Bytes)), files.Count(file => file.IsWhole),
            files.Aggregate(0UL, (sum, file) => sum + (file.IsWhole ? file.Bytes : 0)), seen.Count, allBytes);
    }

    private static bool IsWhole(ReplicaView view, FileKey directory) =>
        view.Marks.GetValueOrDefault(directory) is { IsWhole: true };
}
