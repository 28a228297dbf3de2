// Where the files lie whose data a resync has to look at: by inode, under the name that they have now.
using HaMirror.Core.Wire;

namespace HaMirror.Io.Replication;

/// <param name="IsLinked">It has had more than one name: when this one is gone, another may be left.</param>
/// <param name="AllocatedBytes">What is copied when it is marked whole.</param>
internal readonly record struct ResyncFile(int Root, string Path, bool IsLinked, ulong AllocatedBytes);

/// <summary>Files with marks, by key. Belongs to the pump's thread.</summary>
internal sealed class ResyncFiles
{
    private readonly Dictionary<FileKey, ResyncFile> _files = [];

    /// <summary>The names of files with several, as far as they were met; one that is gone may be among them.</summary>
    private readonly Dictionary<FileKey, HashSet<string>> _names = [];

    /// <summary>Renames and links since the names were equal, until no Marks can come any more that speak of before.</summary>
    private readonly List<NamespaceChange> _moves = [];

    public int Count => _files.Count;

    public IEnumerable<FileKey> Keys => _files.Keys;

    public bool TryGet(FileKey key, out ResyncFile file) => _files.TryGetValue(key, out file);

    public void Set(FileKey key, ResyncFile file)
    {
        _files[key] = file;
        if (file.IsLinked)
            AddName(key, file.Path);
    }

    public void Remove(FileKey key)
    {
        _files.Remove(key);
        _names.Remove(key);
    }

    /// <summary>Where a file with several names may be found when it has lost the one that is known.</summary>
    public IReadOnlyCollection<string> NamesOf(FileKey key) => _names.TryGetValue(key, out var names) ? [.. names] : [];

    private void AddName(FileKey key, string path)
    {
        if (!_names.TryGetValue(key, out var names))
            _names.Add(key, names = new HashSet<string>(StringComparer.Ordinal));
        names.Add(path);
    }

    public bool Contains(FileKey key) => _files.ContainsKey(key);

    public void Clear()
    {
        _files.Clear();
        _names.Clear();
        _moves.Clear();
    }

    /// <summary>Follows a change of names that was sent after the names were equal.</summary>
    public void Changed(NamespaceChange change)
    {
        if (change.Kind is not (ChangeKind.Rename or ChangeKind.Link))
            return;
        _moves.Add(change);
        if (change.Kind == ChangeKind.Rename)
            foreach (var (key, names) in _names)
                if (key.Root == change.Root)
                    foreach (var name in names.ToArray())
                        if (Moved(name, change) is { } moved)
                            names.Add(moved);
        // Replaces values, which an enumeration allows.
        foreach (var (key, file) in _files)
            if (file.Root != change.Root)
                continue;
            else if (change.Kind == ChangeKind.Link)
                Linked(key, file, change);
            else if (Moved(file.Path, change) is { } path)
                _files[key] = file with { Path = path };
    }

    private void Linked(FileKey key, ResyncFile file, NamespaceChange change)
    {
        if (file.Path != change.Path && !(_names.TryGetValue(key, out var known) && known.Contains(change.Path)))
            return;
        _files[key] = file with { IsLinked = true };
        AddName(key, file.Path);
        AddName(key, change.Other);
    }

    /// <summary>No Marks can come any more that were sent before a move was seen.</summary>
    public void ForgetMoves() => _moves.Clear();

    /// <summary>The names that a file may have now which had <paramref name="path"/> when the names were equal.</summary>
    public IReadOnlyCollection<string> Translate(int root, string path)
    {
        if (_moves.Count == 0)
            return [path];
        var names = new HashSet<string>(StringComparer.Ordinal) { path };
        foreach (var change in _moves)
            if (change.Root == root)
                foreach (var name in names.ToArray())
                    if (change.Kind == ChangeKind.Link)
                    {
                        if (name == change.Path)
                            names.Add(change.Other);
                    }
                    else if (Moved(name, change) is { } moved)
                    {
                        // The old name too: Marks of a later visit may speak of what took it since.
                        names.Add(moved);
                    }
        return names;
    }

    /// <returns>Where the path is after a rename; null: it is not concerned.</returns>
    internal static string? Moved(string path, NamespaceChange change)
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
