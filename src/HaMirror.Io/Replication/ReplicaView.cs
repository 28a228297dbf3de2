// A look at a replica that takes its time, off the data path: the directories beneath the mounts, held by descriptors of its
// own, and the marks as they were at one moment.
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Directories and marks of a replica. The directories go on changing while somebody serves them.</summary>
public sealed class ReplicaView : IDisposable
{
    private readonly List<ResyncRoot> _roots = [];

    /// <param name="directories">In the configuration's order.</param>
    /// <param name="open">Opens one of them for reading, or returns -errno.</param>
    /// <param name="marks">As they are now.</param>
    /// <exception cref="IOException">A directory cannot be opened; the message is a sentence.</exception>
    internal ReplicaView(
        IReadOnlyList<ReplicatedDirectory> directories, Func<int, int> open, IReadOnlyDictionary<FileKey, FileMark> marks)
    {
        Marks = marks;
        try
        {
            for (var root = 0; root < directories.Count; root++)
            {
                var descriptor = Shim.Check(open(root), $"open {directories[root].Path}");
                var filter = new ReplicationFilter(directories[root]);
                _roots.Add(new ResyncRoot(descriptor, path => Replicates(filter, descriptor, path)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A copy of a replica, without marks.</summary>
    /// <param name="directories">As the module has them: what they exclude is left out.</param>
    /// <param name="places">Where each of them lies.</param>
    /// <exception cref="IOException">One cannot be opened; the message is a sentence.</exception>
    public static ReplicaView Of(IReadOnlyList<ReplicatedDirectory> directories, IReadOnlyList<string> places) => new(
        directories,
        root => Shim.Open(Shim.CurrentDirectory, places[root], OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0),
        new Dictionary<FileKey, FileMark>());

    internal IReadOnlyList<ResyncRoot> Roots => _roots;

    internal IReadOnlyDictionary<FileKey, FileMark> Marks { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var root in _roots)
            _ = Shim.Close(root.Descriptor);
        _roots.Clear();
    }

    private static unsafe bool Replicates(ReplicationFilter filter, int root, string path)
    {
        NativeStat stat;
        return filter.Replicates(path, Shim.StatAt(root, path, &stat) == 0 && DirectorySnapshot.IsDirectory(stat));
    }
}
