// Where the files lie whose data a resync has to look at: by inode, under the name that they have now.
using HaMirror.Core.Wire;

namespace HaMirror.Io.Replication;

/// <param name="IsLinked">It had more than one name: when this one is gone, another may be left.</param>
/// <param name="AllocatedBytes">What is copied when it is marked whole.</param>
internal readonly record struct ResyncFile(int Root, string Path, bool IsLinked, ulong AllocatedBytes);

/// <summary>Files with marks, by key. Belongs to the pump's thread.</summary>
internal sealed class ResyncFiles
{
    private readonly Dictionary<FileKey, ResyncFile> _files = [];

    /// <summary>Renames since the names were equal, until no Marks can come any more that speak of before.</summary>
    private readonly List<NamespaceChange> _renames = [];

    public int Count => _files.Count;

    public IEnumerable<FileKey> Keys => _files.Keys;

    public bool TryGet(FileKey key, out ResyncFile file) => _files.TryGetValue(key, out file);

    public void Set(FileKey key, ResyncFile file) => _files[key] = file;

    public void Remove(FileKey key) => _files.Remove(key);

    public bool Contains(FileKey key) => _files.ContainsKey(key);

    public void Clear()
    {
        _files.Clear();
        _renames.Clear();
    }

    /// <summary>Follows a rename that was sent after the names were equal.</summary>
    public void Renamed(NamespaceChange change)
    {
        _renames.Add(change);
        foreach (var (key, file) in _files)
            if (file.Root == change.Root && Moved(file.Path, change) is { } path)
                _files[key] = file with { Path = path }; // replaces a value, which an enumeration allows
    }

    /// <summary>No Marks can come any more that were sent before a rename was seen.</summary>
    public void ForgetRenames() => _renames.Clear();

    /// <summary>The name that a file has now which had <paramref name="path"/> when the names were equal.</summary>
    public string Translate(int root, string path)
    {
        foreach (var change in _renames)
            if (change.Root == root)
                path = Moved(path, change) ?? path;
        return path;
    }

    private static string? Moved(string path, NamespaceChange change)
    {
        const uint exchange = 2; // RENAME_EXCHANGE
        return Moved(path, change.Path, change.Other)
            ?? ((change.Flags & exchange) != 0 ? Moved(path, change.Other, change.Path) : null);
    }

    private static string? Moved(string path, string from, string to) =>
        path == from ? to
        : path.Length > from.Length && path[from.Length] == '/' && path.StartsWith(from, StringComparison.Ordinal)
            ? to + path[from.Length..]
            : null;
}
