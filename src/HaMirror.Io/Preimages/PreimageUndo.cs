// Makes a replica what a journal says that it was.
// Invariants: (1) every step says what is to be, never what is to change, so that it can be done again from the beginning
// after a crash anywhere in it; (2) a file that the replica still has is found by its inode and keeps it, whatever its names
// are now: until it has its own again it stands in a directory beside them, so that no removal can take its last name;
// (3) what is excluded from replication, or lies on another file system, is left alone.
using System.Globalization;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>Rolls a journal back.</summary>
internal sealed unsafe class PreimageUndo
{
    /// <summary>Name of the directory in each root where files wait for their names; gone when the undo has ended.</summary>
    private const string Staging = ".hamirror-undo";

    private const int PathFlags = OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const int FileFlags = OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec;
    private const int DirectoryFlags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const uint TypeMask = 0xF000;
    private const uint TypeSymlink = 0xA000;

    private readonly PreimageCatalog _catalog;
    private readonly JournalContent _journal;
    private readonly IReadOnlyList<TargetRoot> _roots;
    private readonly PreimageOrigin _origin;
    private readonly TargetTree _tree;

    /// <summary>Where each file that the replica still has stands now.</summary>
    private readonly Dictionary<FileKey, Standing> _found = [];

    /// <summary>What each file that was recreated has as its inode now.</summary>
    private readonly Dictionary<FileKey, ulong> _recreated = [];

    /// <summary>Called before each step; a test ends it there.</summary>
    public Action? Step { get; init; }

    private sealed record Standing(ulong Size, List<string> Names);

    public PreimageUndo(PreimageCatalog catalog, JournalContent journal, IReadOnlyList<TargetRoot> roots, PreimageOrigin origin)
    {
        (_catalog, _journal, _roots, _origin) = (catalog, journal, roots, origin);
        _tree = new TargetTree(new TargetSettings([.. roots], default, TimeSpan.Zero, []));
    }

    /// <summary>Does it; durable when it returns.</summary>
    /// <exception cref="IOException">The message is a sentence. It may be run again.</exception>
    public void Run()
    {
        try
        {
            Find();
            for (var root = 0; root < _roots.Count; root++)
            {
                Stage(root);
                foreach (var directory in _catalog.Directories.Where(directory => directory.Root == root))
                    MakeNames(directory);
                RemoveStaging(root);
                // A directory's times last, and deeper ones first: every change in it has set them.
                foreach (var directory in _catalog.Directories.Where(directory => directory.Root == root).Reverse())
                    SetAttributes(root, directory.Path, directory.Own!);
            }
            foreach (var root in _roots)
                Shim.Check(TargetSync.Sync(root), $"make {root.Path} durable");
            Step?.Invoke();
            // Each has its own name again, on stable storage, and is found by that should this be done once more.
            foreach (var root in _roots)
                KeptFiles.Remove(root, _origin);
        }
        catch (TargetException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private void Find()
    {
        ReplicaWalk.Visit(_roots, part =>
        {
            foreach (var entry in part.Entries)
            {
                var key = new FileKey(part.Root, entry.SameInode);
                if (!PreimageCatalog.IsDirectory(entry.Attributes.Mode) && part.Path != Staging)
                    Found(key, entry.Attributes.Size, DirectorySnapshot.Join(part.Path, entry.Name));
            }
        });
        for (var root = 0; root < _roots.Count; root++)
        {
            FindStaged(root);
            FindKept(root);
        }
        foreach (var (key, file) in _catalog.Files)
            if (file is { IsRegular: true, IsGone: false } && !_found.ContainsKey(key))
                throw new IOException(
                    $"'{file.Paths[0]}' in {_roots[key.Root].Path} cannot be brought back: somebody else has removed it since the resync began, and "
                    + "nothing was changed. Start this node with 'hamirror start' and let the peer's data be copied.");
    }

    /// <summary>What the resync removed and kept.</summary>
    private void FindKept(int root)
    {
        foreach (var (inode, path) in KeptFiles.In(_roots[root], _origin))
        {
            NativeStat stat;
            if (Shim.StatAt(_roots[root].Descriptor, path, &stat) >= 0 && stat.Inode == inode)
                Found(new FileKey(root, inode), stat.Size, path);
        }
    }

    /// <summary>What an undo that was broken off has left where files wait.</summary>
    private void FindStaged(int root)
    {
        var staging = Shim.Open(_roots[root].Descriptor, Staging, DirectoryFlags, 0);
        if (staging < 0)
            return;
        var names = new List<ListedName>();
        var error = DirectoryListing.Read(staging, names);
        foreach (var name in names)
        {
            NativeStat stat;
            if (Shim.StatAt(staging, name.Text, &stat) >= 0 && name.Text == stat.Inode.ToString(CultureInfo.InvariantCulture))
                Found(new FileKey(root, stat.Inode), stat.Size, $"{Staging}/{name.Text}");
        }
        _ = Shim.Close(staging);
        Shim.Check(error, $"list {Staging} in {_roots[root].Path}");
    }

    private void Found(FileKey key, ulong size, string path)
    {
        if (_catalog.Find(key) is null)
            return;
        if (!_found.TryGetValue(key, out var standing))
            _found.Add(key, standing = new Standing(size, []));
        standing.Names.Add(path);
    }

    /// <summary>Not by the tree's own removal: that leaves alone what is not replicated.</summary>
    private void RemoveStaging(int root)
    {
        Step?.Invoke();
        var top = _roots[root].Descriptor;
        var staging = Shim.Check(Shim.Open(top, Staging, DirectoryFlags, 0), $"open {Staging} in {_roots[root].Path}");
        var names = new List<ListedName>();
        var error = DirectoryListing.Read(staging, names);
        foreach (var name in names)
            error = Math.Min(error, Shim.Unlink(staging, name.Text, 0));
        _ = Shim.Close(staging);
        Shim.Check(error, $"empty {Staging} in {_roots[root].Path}");
        Shim.Check(Shim.Unlink(top, Staging, 1), $"remove {Staging} in {_roots[root].Path}");
    }

    /// <summary>Gives every file that is not what it was its content, and a name that lasts until it has its own.</summary>
    private void Stage(int root)
    {
        var top = _roots[root].Descriptor;
        var made = Shim.MakeDirectory(top, Staging, 0x1C0);
        if (made != -Errno.EEXIST)
            Shim.Check(made, $"make {Staging} in {_roots[root].Path}");
        var staging = Shim.Check(Shim.Open(top, Staging, DirectoryFlags, 0), $"open {Staging} in {_roots[root].Path}");
        try
        {
            foreach (var (key, file) in _catalog.Files)
                if (key.Root == root)
                    Stage(staging, key, file);
        }
        finally
        {
            _ = Shim.Close(staging);
        }
    }

    private void Stage(int staging, FileKey key, PreimageFile file)
    {
        Step?.Invoke();
        var name = key.Inode.ToString(CultureInfo.InvariantCulture);
        var root = _roots[key.Root];
        var shown = $"'{file.Paths[0]}' in {root.Path}";
        if (file.IsGone || !_found.TryGetValue(key, out var now))
        {
            Recreate(staging, name, key, file, shown);
            return;
        }
        if (file.Ranges.Count == 0 && now.Size == file.Size && now.Names.Count == file.Paths.Count && now.Names.All(file.Paths.Contains))
            return;
        var held = Shim.Check(Shim.Open(root.Descriptor, now.Names[0], PathFlags, 0), $"open {shown}");
        var linked = Shim.Link(held, staging, name);
        _ = Shim.Close(held);
        if (linked != -Errno.EEXIST)
            Shim.Check(linked, $"keep {shown}");
        if (file.IsRegular)
            Restore(Shim.Check(Shim.Open(staging, name, FileFlags, 0), $"open {shown}"), file, shown);
    }

    private void Recreate(int staging, string name, FileKey key, PreimageFile file, string shown)
    {
        _ = Shim.Unlink(staging, name, 0); // Of an undo that was broken off.
        var wanted = file.Entry.Attributes;
        var type = wanted.Mode & TypeMask;
        Shim.Check(type == TypeSymlink
            ? Shim.SymbolicLink(file.Entry.LinkTarget, staging, name)
            : Shim.MakeNode(staging, name, type | 0x180, wanted.DeviceMajor, wanted.DeviceMinor), $"make {shown} again");
        NativeStat stat;
        Shim.Check(Shim.StatAt(staging, name, &stat), $"look at {shown}");
        _recreated[key] = stat.Inode;
        if (file.IsRegular)
            Restore(Shim.Check(Shim.Open(staging, name, FileFlags, 0), $"open {shown}"), file, shown);
    }

    /// <summary>Gives a file its content, and closes it.</summary>
    private void Restore(int opened, PreimageFile file, string shown)
    {
        try
        {
            Step?.Invoke();
            NativeStat stat;
            Shim.Check(Shim.StatAt(opened, "", &stat), $"look at {shown}");
            if (stat.Size != file.Size)
                Shim.Check(Shim.Truncate(opened, file.Size), $"set the size of {shown}");
            foreach (var range in file.Ranges)
                if (!file.IsGone || range.Kind != PreimageKind.Hole)
                    _journal.Restore(range, opened, shown);
        }
        finally
        {
            _ = Shim.Close(opened);
        }
    }

    private void MakeNames(DirectoryPart directory)
    {
        var root = _roots[directory.Root];
        if (directory.Path.Length > 0)
            MakeDirectory(directory.Root, directory.Path);
        var opened = Shim.Check(Shim.Open(root.Descriptor, directory.Path, DirectoryFlags, 0), $"open '{directory.Path}' in {root.Path}");
        try
        {
            var listed = directory.Entries.Select(entry => entry.Name).ToHashSet();
            var names = new List<ListedName>();
            Shim.Check(DirectoryListing.Read(opened, names), $"list '{directory.Path}' in {root.Path}");
            foreach (var name in names)
                if (!listed.Contains(name.Text) && !(directory.Path.Length == 0 && name.Text == Staging))
                    _tree.Remove(directory.Root, DirectorySnapshot.Join(directory.Path, name.Text));
            foreach (var entry in directory.Entries)
                if (!PreimageCatalog.IsDirectory(entry.Attributes.Mode))
                    MakeEntry(directory, opened, entry);
        }
        finally
        {
            _ = Shim.Close(opened);
        }
    }

    private void MakeDirectory(int root, string path)
    {
        NativeStat stat;
        if (Shim.StatAt(_roots[root].Descriptor, path, &stat) >= 0)
        {
            if (PreimageCatalog.IsDirectory(stat.Mode))
                return;
            _tree.Remove(root, path);
        }
        var slash = path.LastIndexOf('/');
        var parent = Shim.Check(
            Shim.Open(_roots[root].Descriptor, slash < 0 ? "" : path[..slash], DirectoryFlags, 0), $"open the directory of '{path}'");
        var made = Shim.MakeDirectory(parent, path[(slash + 1)..], 0x1C0);
        _ = Shim.Close(parent);
        Shim.Check(made, $"make '{path}' in {_roots[root].Path}");
    }

    private void MakeEntry(DirectoryPart directory, int opened, DirectoryEntry entry)
    {
        Step?.Invoke();
        var path = DirectorySnapshot.Join(directory.Path, entry.Name);
        var key = new FileKey(directory.Root, entry.SameInode);
        NativeStat stat;
        var found = Shim.StatAt(opened, entry.Name, &stat) >= 0;
        if (!found || stat.Inode != _recreated.GetValueOrDefault(key, key.Inode))
        {
            if (found)
                _tree.Remove(directory.Root, path);
            Link(_roots[key.Root].Descriptor, $"{Staging}/{key.Inode.ToString(CultureInfo.InvariantCulture)}", opened, entry.Name,
                $"'{path}' in {_roots[key.Root].Path}");
        }
        SetAttributes(directory.Root, path, entry.Attributes);
    }

    private static void Link(int root, string from, int directory, string name, string shown)
    {
        var held = Shim.Check(Shim.Open(root, from, PathFlags, 0), $"find {shown}");
        var linked = Shim.Link(held, directory, name);
        _ = Shim.Close(held);
        Shim.Check(linked, $"name {shown}");
    }

    private void SetAttributes(int root, string path, EntryAttributes attributes)
    {
        var file = Shim.Check(Shim.Open(_roots[root].Descriptor, path, path.Length == 0 ? DirectoryFlags : PathFlags, 0), $"open '{path}'");
        try
        {
            NativeStat stat;
            Shim.Check(Shim.StatAt(file, "", &stat), $"look at '{path}'");
            _tree.SetAttributes(root, path, file, stat, attributes);
        }
        finally
        {
            _ = Shim.Close(file);
        }
    }
}
