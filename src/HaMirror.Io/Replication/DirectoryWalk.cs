// The first half of a resync: every directory once, and again whatever changed behind the walk's back.
// Invariants: a visit is one look between two changes, and its frames stand at that place in the stream; a directory is in
// the queue when it was never visited, or changed since; so an empty queue means that all names and attributes are equal
// at the target once it has applied the stream up to here.
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Visits directories, root first. Belongs to the pump's thread.</summary>
/// <param name="met">Files that a plan of everything has marked already.</param>
internal sealed class DirectoryWalk(
    SourceLink link, ResyncPlan plan, MarkSet marks, ResyncFiles files, IReadOnlyList<ResyncRoot> roots, HashSet<FileKey> met)
{
    /// <summary>So few left are visited in one go, or a guest that keeps changing names would outrun the walk.</summary>
    private const int LastFew = 64;

    /// <summary>More bytes than this waiting to be sent: the walk pauses.</summary>
    private const long WaitingBytesMax = 8 << 20;

    private readonly Queue<(int Root, string Path)> _queue = new();
    private readonly Dictionary<(int Root, string Path), bool> _queued = [];
    private readonly HashSet<FileKey> _visited = [];

    public long VisitCount { get; private set; }

    /// <summary>Entries of directories that were visited for the first time, and once more.</summary>
    public long FirstEntries { get; private set; }

    public long AgainEntries { get; private set; }

    public bool IsEmpty => _queue.Count == 0;

    /// <summary>Puts a directory into the queue.</summary>
    /// <param name="deep">With all beneath it, visited or not.</param>
    public void Add(int root, string path, bool deep)
    {
        if (_queued.TryGetValue((root, path), out var known))
        {
            _queued[(root, path)] = known || deep;
            return;
        }
        _queued.Add((root, path), deep);
        _queue.Enqueue((root, path));
    }

    /// <summary>A live change of names or attributes: what it touched is visited again.</summary>
    public void Changed(NamespaceChange change)
    {
        Add(change.Root, Parent(change.Path), false);
        if (change.Kind is not (ChangeKind.Rename or ChangeKind.Link))
            return;
        Add(change.Root, Parent(change.Other), false);
        if (change.Kind != ChangeKind.Rename)
            return;
        // A directory that moved takes its subtree along; one that is none is no directory to visit, and is skipped.
        Add(change.Root, change.Other, true);
        Add(change.Root, change.Path, true);
    }

    /// <summary>Visits until the time is up.</summary>
    /// <returns>True when nothing is left.</returns>
    /// <exception cref="IOException">A directory cannot be read; the message is a sentence.</exception>
    public bool Turn(long milliseconds)
    {
        var end = Environment.TickCount64 + milliseconds;
        while (_queue.TryPeek(out var next))
        {
            if (link.Stream.Room < 1024 || link.Stream.WaitingBytes > WaitingBytesMax
                || (_queue.Count > LastFew && Environment.TickCount64 > end))
                return false;
            _queue.Dequeue();
            _queued.Remove(next, out var deep);
            Visit(next.Root, next.Path, deep);
        }
        return true;
    }

    private void Visit(int root, string path, bool deep)
    {
        if (DirectorySnapshot.Read(roots[root], path) is not { } snapshot)
            return;
        VisitCount++;
        var parts = DirectoryPart.Split(root, path, snapshot.Own, snapshot.Entries, out var culprit)
            ?? throw new IOException(
                $"{DirectorySnapshot.Join(path, culprit)} has a name or attributes that are too long to be replicated.");
        foreach (var (flags, payload) in parts)
            link.Send(FrameType.ResyncDirectory, flags, payload: payload);
        Crash.At(CrashPoint.DirectoryListed);
        var key = new FileKey(root, snapshot.Inode);
        var whole = marks.Find(key) is { IsWhole: true };
        if (_visited.Add(key))
            FirstEntries += snapshot.Entries.Count + 1;
        else
            AgainEntries += snapshot.Entries.Count + 1;
        for (var index = 0; index < snapshot.Entries.Count; index++)
            Entry(root, DirectorySnapshot.Join(path, snapshot.Entries[index].Name), snapshot.Stats[index], whole, deep || whole);
        marks.ResolveWhole(key, 0);
    }

    private void Entry(int root, string path, in NativeStat stat, bool whole, bool deep)
    {
        var key = new FileKey(root, stat.Inode);
        if (DirectorySnapshot.IsDirectory(stat))
        {
            if (whole)
                marks.MarkWhole(key);
            if (deep || !_visited.Contains(key))
                Add(root, path, deep);
            return;
        }
        if (!DirectorySnapshot.IsRegular(stat))
            return;
        var first = met.Add(key);
        if (whole || (first && plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll))
            marks.MarkWhole(key);
        if (marks.Find(key) is not null)
            files.Set(key, new ResyncFile(root, path, stat.Links > 1, stat.Blocks * 512));
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var at and >= 0 ? path[..at] : "";
}
