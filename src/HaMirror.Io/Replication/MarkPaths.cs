// Marks hang on inodes; the peer knows paths. Before this node becomes a target its own marks are looked up by name once.
using HaMirror.Core.Wire;

namespace HaMirror.Io.Replication;

/// <summary>Finds the names of marked files.</summary>
internal static class MarkPaths
{
    /// <summary>Every mark under the name that its file has now, and under each when it has several: at the source those may be
    /// different files. Marks of files without a replicated name are left out.</summary>
    /// <exception cref="IOException">A directory cannot be read; the message is a sentence.</exception>
    public static List<FileMarks> Collect(MarkSet marks, IReadOnlyList<ResyncRoot> roots)
    {
        var found = new List<FileMarks>();
        var left = marks.All.Keys.ToHashSet();
        for (var root = 0; root < roots.Count && left.Count > 0; root++)
        {
            var queue = new Queue<string>([""]);
            while (left.Count > 0 && queue.TryDequeue(out var path))
                if (DirectorySnapshot.Read(roots[root], path) is { } snapshot)
                {
                    Take(new FileKey(root, snapshot.Inode), path, isLinked: false);
                    for (var index = 0; index < snapshot.Entries.Count; index++)
                    {
                        var child = DirectorySnapshot.Join(path, snapshot.Entries[index].Name);
                        if (DirectorySnapshot.IsDirectory(snapshot.Stats[index]))
                            queue.Enqueue(child);
                        else
                            Take(new FileKey(root, snapshot.Stats[index].Inode), child, isLinked: snapshot.Stats[index].Links > 1);
                    }
                }
        }
        return found;

        void Take(FileKey key, string path, bool isLinked)
        {
            if ((isLinked || left.Remove(key)) && marks.Find(key) is { } mark)
                found.Add(new FileMarks(key.Root, key.Inode, path, mark.IsWhole, mark.Extents));
        }
    }
}
