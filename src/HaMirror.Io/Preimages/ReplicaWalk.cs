using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>Looks at every directory of a replica, a parent before what lies in it.</summary>
internal static unsafe class ReplicaWalk
{
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;

    /// <param name="visit">Is given each directory whole; entries that are no directories have their inode on this node.</param>
    /// <exception cref="IOException">One cannot be read; the message is a sentence.</exception>
    public static void Visit(IReadOnlyList<TargetRoot> roots, Action<DirectoryPart> visit)
    {
        for (var root = 0; root < roots.Count; root++)
        {
            var of = roots[root];
            var place = new ResyncRoot(of.Descriptor, path => IsReplicated(of, path));
            NativeStat own;
            Shim.Check(Shim.StatAt(of.Descriptor, "", &own), $"look at {of.Path}");
            var waiting = new Stack<string>();
            waiting.Push("");
            while (waiting.TryPop(out var path))
                if (DirectorySnapshot.Read(place, path) is { } snapshot)
                    visit(Part(root, path, snapshot, own.Device, waiting));
        }
    }

    private static DirectoryPart Part(int root, string path, DirectorySnapshot snapshot, ulong device, Stack<string> waiting)
    {
        var entries = new List<DirectoryEntry>(snapshot.Entries.Count);
        for (var index = 0; index < snapshot.Entries.Count; index++)
        {
            var (entry, stat) = (snapshot.Entries[index], snapshot.Stats[index]);
            if (stat.Device != device)
                continue; // Mounted there: no part of the replica.
            var isDirectory = DirectorySnapshot.IsDirectory(stat);
            if (isDirectory)
                waiting.Push(DirectorySnapshot.Join(path, entry.Name));
            entries.Add(entry with { SameInode = isDirectory ? 0 : stat.Inode });
        }
        return new DirectoryPart(root, path, snapshot.Own, [.. entries]);
    }

    private static bool IsReplicated(TargetRoot root, string path)
    {
        if (root.Filter.Replicates(path, false))
            return true;
        NativeStat stat;
        return root.Filter.Replicates(path, true) && Shim.StatAt(root.Descriptor, path, &stat) == 0
            && (stat.Mode & TypeMask) == TypeDirectory;
    }
}
