// The names of a verification: every directory is compared at the target, at its place in the stream.
// Invariant: a difference counts only when a second look finds it again: what is under way at the first one is done by then.
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Visits directories for a verification. Belongs to the pump's thread.</summary>
internal sealed class VerifyNames(SourceLink link, IResyncHost host, Action<FileKey, ResyncFile> found, Action<int, string, NameFinding> differs)
{
    /// <summary>Visits whose answers may be missing: the target compares while we look.</summary>
    private const int AskedMax = 64;

    /// <summary>A directory that still differs after so many repairs is left to the operator.</summary>
    private const int RepairsMax = 3;

    private readonly Queue<(int Root, string Path)> _queue = new();
    private readonly HashSet<(int Root, string Path)> _queued = [];
    private readonly HashSet<FileKey> _visited = [];
    private readonly Dictionary<ulong, (int Root, string Path)> _asked = [];
    private readonly Dictionary<(int Root, string Path), List<NameFinding>> _doubts = [];
    private readonly Dictionary<(int Root, string Path), int> _repairs = [];
    private readonly Queue<(int Root, string Path)> _toRepair = new();

    public long VisitCount { get; private set; }

    /// <summary>Everything was visited and answered, and repaired if it is to be.</summary>
    public bool IsDone => _queue.Count == 0 && _asked.Count == 0 && _toRepair.Count == 0;

    /// <summary>A directory could be visited now.</summary>
    public bool HasWork => _queue.Count > 0 && _asked.Count < AskedMax;

    public void Add(int root, string path)
    {
        if (_queued.Add((root, path)))
            _queue.Enqueue((root, path));
    }

    /// <summary>A directory differs still although it was repaired.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>The directory is made equal once nothing is under way.</summary>
    /// <returns>False: that was tried often enough.</returns>
    public bool Repair(int root, string path)
    {
        if (_repairs.GetValueOrDefault((root, path)) >= RepairsMax)
        {
            IsStuck = true;
            return false;
        }
        if (!_toRepair.Contains((root, path)))
            _toRepair.Enqueue((root, path));
        return true;
    }

    /// <summary>A live change of names: what moved is looked at where it is now, and so is what lies beneath it.</summary>
    public void Changed(NamespaceChange change)
    {
        if (change.Kind != ChangeKind.Rename)
            return;
        var waiting = _queue.ToArray();
        _queue.Clear();
        _queued.Clear();
        foreach (var (root, path) in waiting)
            Add(root, root == change.Root ? ResyncFiles.Moved(path, change) ?? path : path);
        Add(change.Root, change.Other);
    }

    /// <summary>Visits until the time is up.</summary>
    /// <exception cref="IOException">A directory cannot be read; the message is a sentence.</exception>
    public void Turn(long milliseconds)
    {
        var end = Environment.TickCount64 + milliseconds;
        while (_asked.Count < AskedMax && link.Stream.Room > 1024 && !link.IsFull && Environment.TickCount64 <= end
            && _queue.TryDequeue(out var next))
        {
            _queued.Remove(next);
            Visit(next.Root, next.Path, FrameType.VerifyDirectory);
        }
        // Sizes are told as well, and what was sent and is not yet done here would be cut off over there.
        while (_toRepair.Count > 0 && link.Stream.Room > 1024 && !link.IsFull && host.QuietenAll())
        {
            var (root, path) = _toRepair.Dequeue();
            _repairs[(root, path)] = _repairs.GetValueOrDefault((root, path)) + 1;
            Visit(root, path, FrameType.ResyncDirectory);
            Add(root, path);
        }
    }

    /// <summary>The target has compared a directory.</summary>
    /// <param name="repairs">What differs is made equal.</param>
    public void Result(ulong sequence, List<NameFinding> findings, bool repairs)
    {
        if (!_asked.Remove(sequence, out var place))
            return;
        if (findings.Count == 0)
        {
            _doubts.Remove(place);
            return;
        }
        if (!_doubts.TryGetValue(place, out var before))
        {
            _doubts.Add(place, findings);
            Add(place.Root, place.Path);
            return;
        }
        _doubts.Remove(place);
        var certain = findings.Intersect(before).ToList();
        if (!_repairs.ContainsKey(place))
            foreach (var finding in certain)
                differs(place.Root, DirectorySnapshot.Join(place.Path, finding.Name).TrimEnd('/'), finding);
        if (certain.Count > 0 && repairs)
            Repair(place.Root, place.Path);
        else if (certain.Count == 0)
            Add(place.Root, place.Path);
    }

    private void Visit(int root, string path, FrameType type)
    {
        if (DirectorySnapshot.Read(host.Roots[root], path) is not { } snapshot)
            return; // gone, or no directory: the target has followed
        var parts = DirectoryPart.Split(root, path, snapshot.Own, snapshot.Entries, out var culprit)
            ?? throw new IOException(
                $"{DirectorySnapshot.Join(path, culprit)} has a name or attributes that are too long to be replicated.");
        ulong sequence = 0;
        foreach (var (flags, payload) in parts)
            sequence = link.Send(type, flags, payload: payload);
        if (type == FrameType.VerifyDirectory)
        {
            VisitCount++;
            _asked.Add(sequence, (root, path));
        }
        var isFirst = _visited.Add(new FileKey(root, snapshot.Inode));
        for (var index = 0; index < snapshot.Entries.Count; index++)
        {
            var child = DirectorySnapshot.Join(path, snapshot.Entries[index].Name);
            var stat = snapshot.Stats[index];
            var key = new FileKey(root, stat.Inode);
            if (DirectorySnapshot.IsDirectory(stat) && (isFirst || !_visited.Contains(key) || type == FrameType.ResyncDirectory))
                Add(root, child);
            else if (DirectorySnapshot.IsRegular(stat))
                found(key, new ResyncFile(root, child, stat.Links > 1, stat.Blocks * 512));
        }
    }
}
