// The names of a resync: makes one directory after the other equal to the source's.
// Invariants: (1) nothing outside the root, on another file system beneath it, or excluded from replication is removed or
// changed; (2) what is listed is made before what is not listed is removed, so a hard link finds its first name;
// (3) a regular file that had to be made, or is shorter than the source's, is reported as far as its content is missing, so that
// it follows; it gets its length only after that, so that it is found too short again after a crash in between.
using System.Collections.Immutable;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Applies <see cref="DirectoryPart"/>s.</summary>
/// <param name="who">Begins the sentence of a failure.</param>
/// <param name="remedy">Ends it.</param>
internal sealed unsafe class TargetTree(
    TargetSettings settings, string who = "The resync",
    string remedy = "Free space or repair the disk; the link is tried again by itself.")
{
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;
    private const uint TypeRegular = 0x8000;
    private const uint TypeSymlink = 0xA000;
    private const int PathFlags = OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
    private const int DirectoryFlags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;

    /// <summary>The names by which a file of the source with several names was met, and the way back.</summary>
    private readonly Dictionary<(int Root, ulong Inode), List<string>> _links = [];
    private readonly Dictionary<(int Root, string Path), ulong> _linkOf = [];
    private readonly Dictionary<(ulong Device, ulong Inode), (ulong SameInode, string Path)> _adopted = [];
    private readonly Dictionary<(ulong Device, ulong Inode), HashSet<string>> _made = [];
    private readonly HashSet<string> _listed = [];
    private DirectoryPart? _open;

    /// <summary>Regular files that were made, taken apart or found too short since this was last emptied, as far as their
    /// content is not the source's.</summary>
    public List<FileMarks> Missing { get; } = [];

    private readonly List<(int Root, string Path, EntryAttributes Attributes)> _short = [];

    /// <summary>Names that another file stands behind now; to be emptied like <see cref="Missing"/>.</summary>
    public HashSet<(int Root, string Path)> Replaced { get; } = [];

    /// <summary>Is told of everything that is about to be removed or cut; null: nobody is.</summary>
    public PreimageJournal? Preimages { get; set; }

    /// <summary>A directory's parts are not all here: nothing but the next may come.</summary>
    public bool IsInsideDirectory => _open is not null;

    /// <summary>Applies one frame's payload.</summary>
    public void Apply(DirectoryPart part, bool first, bool more)
    {
        if (part.Root >= settings.Roots.Length)
            throw TargetException.Violation($"a directory names root {part.Root} of {settings.Roots.Length}.");
        if (first != (_open is null) || (_open is { } open && (open.Root != part.Root || open.Path != part.Path)))
            throw TargetException.Violation($"the parts of directory '{part.Path}' do not follow each other.");
        if (first)
        {
            _open = part;
            _listed.Clear();
        }
        var directory = OpenDirectory(part.Root, part.Path);
        try
        {
            foreach (var entry in part.Entries)
            {
                _listed.Add(entry.Name);
                ApplyEntry(part, directory, entry);
            }
            if (!more)
                Finish(part, directory);
        }
        finally
        {
            _ = Shim.Close(directory);
        }
    }

    /// <summary>The resync has ended.</summary>
    public void Forget()
    {
        _links.Clear();
        _linkOf.Clear();
        _adopted.Clear();
        _made.Clear();
    }

    /// <summary>A name is no longer where a visit found it.</summary>
    public void Forget(int root, string path)
    {
        foreach (var (name, inode) in _linkOf)
            if (name.Root == root && (name.Path == path || name.Path.StartsWith(path + "/", StringComparison.Ordinal)))
                LeaveLink(root, name.Path, inode: 0);
    }

    private void AddLink((int Root, ulong Inode) key, string path)
    {
        if (!_linkOf.TryAdd((key.Root, path), key.Inode))
            return;
        if (!_links.TryGetValue(key, out var names))
            _links.Add(key, names = []);
        names.Add(path);
    }

    /// <summary>A name leads to a file of the source now: if it led to another one before, that one has left it.</summary>
    private void LeaveLink(int root, string path, ulong inode)
    {
        if (!_linkOf.TryGetValue((root, path), out var before) || before == inode)
            return;
        _linkOf.Remove((root, path));
        var names = _links[(root, before)];
        names.Remove(path);
        if (names.Count == 0)
            _links.Remove((root, before));
    }

    /// <summary>Removes a name and everything beneath it that is replicated.</summary>
    public void Remove(int root, string path)
    {
        var slash = path.LastIndexOf('/');
        var parent = Shim.Open(settings.Roots[root].Descriptor, slash < 0 ? "" : path[..slash], DirectoryFlags, 0);
        if (parent < 0)
            return;
        try
        {
            RemoveTree(root, parent, new ListedName([.. System.Text.Encoding.UTF8.GetBytes(path[(slash + 1)..]), 0]), path);
        }
        finally
        {
            _ = Shim.Close(parent);
        }
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory}/{name}";

    private int OpenDirectory(int root, string path)
    {
        var directory = Shim.Open(settings.Roots[root].Descriptor, path, DirectoryFlags, 0);
        if (directory is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP)
        {
            // A live change that came before the visit of a directory above: that visit sets the attributes later.
            MakeAbove(root, path);
            directory = Shim.Open(settings.Roots[root].Descriptor, path, DirectoryFlags, 0);
        }
        return Check(directory, root, path, "open");
    }

    private void MakeAbove(int root, string path)
    {
        for (var end = path.IndexOf('/'); ; end = path.IndexOf('/', end + 1))
        {
            var above = end < 0 ? path : path[..end];
            var opened = Shim.Open(settings.Roots[root].Descriptor, above, DirectoryFlags, 0);
            if (opened >= 0)
                _ = Shim.Close(opened);
            else
            {
                if (opened != -Errno.ENOENT)
                    Remove(root, above);
                var slash = above.LastIndexOf('/');
                var parent = Shim.Open(settings.Roots[root].Descriptor, slash < 0 ? "" : above[..slash], DirectoryFlags, 0);
                if (parent < 0)
                    return;
                _ = Shim.MakeDirectory(parent, above[(slash + 1)..], 0x1C0);
                _ = Shim.Close(parent);
            }
            if (end < 0)
                return;
        }
    }

    private void ApplyEntry(DirectoryPart part, int directory, DirectoryEntry entry)
    {
        var path = Join(part.Path, entry.Name);
        var type = entry.Attributes.Mode & TypeMask;
        if (!settings.Roots[part.Root].Filter.Replicates(path, type == TypeDirectory))
            return;
        NativeStat stat;
        var found = Shim.StatAt(directory, entry.Name, &stat) >= 0;
        if (found && !CanStay(directory, entry, stat, type))
        {
            Remove(part.Root, path);
            found = false;
        }
        LeaveLink(part.Root, path, entry.SameInode);
        // A name that was joined goes on, too: size and attributes may have changed since the first name was visited.
        found = (entry.SameInode != 0 && Join(part, directory, entry, path, found ? &stat : null)) || (found
            && !TakeApart(part, directory, entry, path, stat, type));
        if (!found)
            Make(part, directory, entry, path, type);
        var file = Check(Shim.Open(directory, entry.Name, PathFlags, 0), part.Root, path, "open");
        try
        {
            Check(Shim.StatAt(file, "", &stat), part.Root, path, "look at");
            if (type == TypeRegular && stat.Size > entry.Attributes.Size)
            {
                Preimages?.SaveCut(part.Root, file, entry.Attributes.Size);
                Check(Shim.Truncate(file, entry.Attributes.Size), part.Root, path, "set the size of");
            }
            if (type == TypeRegular && entry.Attributes.Size > 0)
                FindMissing(part.Root, path, stat, entry.Attributes.Size, isNew: !found);
            if (type == TypeRegular && stat.Size < entry.Attributes.Size)
                _short.Add((part.Root, path, entry.Attributes));
            if (stat.Links > 1 && type != TypeDirectory)
                _adopted[(stat.Device, stat.Inode)] = (entry.SameInode, path);
            SetAttributes(part.Root, path, file, stat, entry.Attributes);
        }
        finally
        {
            _ = Shim.Close(file);
        }
    }

    /// <summary>Gives files the length that they lack: what is missing of them was reported.</summary>
    public void Lengthen()
    {
        foreach (var (root, path, attributes) in _short)
        {
            var file = Check(Shim.Open(settings.Roots[root].Descriptor, path, PathFlags, 0), root, path, "open");
            try
            {
                NativeStat stat;
                Check(Shim.Truncate(file, attributes.Size), root, path, "set the size of");
                Check(Shim.StatAt(file, "", &stat), root, path, "look at");
                SetAttributes(root, path, file, stat, attributes);
            }
            finally
            {
                _ = Shim.Close(file);
            }
        }
        _short.Clear();
    }

    private void FindMissing(int root, string path, in NativeStat stat, ulong size, bool isNew)
    {
        var extents = new ExtentSet();
        // Under each further name as well: the first may be gone at the source before it reads this.
        var isMade = IsMade(stat, path, isNew);
        if (!isMade && stat.Size < size)
            extents.Add(stat.Size, size - stat.Size);
        if (isMade || !extents.IsEmpty)
            Missing.Add(new FileMarks(root, stat.Inode, path, isMade, extents));
    }

    /// <summary>Whether a file was made in this resync and its source has not been told of it under this name.</summary>
    private bool IsMade(in NativeStat stat, string path, bool isNew)
    {
        var key = (stat.Device, stat.Inode);
        if (isNew)
            _made[key] = [path];
        return isNew || (stat.Links > 1 && _made.TryGetValue(key, out var told) && told.Add(path));
    }

    /// <summary>Whether what stands there is of the same kind.</summary>
    private static bool CanStay(int directory, DirectoryEntry entry, in NativeStat stat, uint type)
    {
        if ((stat.Mode & TypeMask) != type)
            return false;
        if (type == TypeSymlink)
            return ReadLink(directory, entry.Name) == entry.LinkTarget;
        return type is TypeRegular or TypeDirectory
            || (stat.DeviceNodeMajor == entry.Attributes.DeviceMajor && stat.DeviceNodeMinor == entry.Attributes.DeviceMinor);
    }

    private static string? ReadLink(int directory, string name)
    {
        var link = Shim.Open(directory, name, PathFlags, 0);
        if (link < 0)
            return null;
        var target = stackalloc byte[WireProtocol.PathBytesMax];
        var bytes = Shim.ReadLink(link, target, WireProtocol.PathBytesMax);
        _ = Shim.Close(link);
        return bytes < 0 ? null : System.Text.Encoding.UTF8.GetString(target, (int)bytes);
    }

    /// <summary>A further name of a file that is here under another name that was met. False: there is none.</summary>
    private bool Join(DirectoryPart part, int directory, DirectoryEntry entry, string path, NativeStat* found)
    {
        var key = (part.Root, entry.SameInode);
        var joined = false;
        if (_links.TryGetValue(key, out var names))
            foreach (var other in names.ToArray())
                if (!joined && other != path)
                    joined = Join(part, directory, entry, path, found, other);
        AddLink(key, path);
        return joined;
    }

    private bool Join(DirectoryPart part, int directory, DirectoryEntry entry, string path, NativeStat* found, string other)
    {
        var file = Shim.Open(settings.Roots[part.Root].Descriptor, other, PathFlags, 0);
        if (file < 0)
        {
            LeaveLink(part.Root, other, inode: 0);
            return false;
        }
        NativeStat stat;
        var joined = Shim.StatAt(file, "", &stat) >= 0 && (stat.Mode & TypeMask) == (entry.Attributes.Mode & TypeMask);
        if (joined && (found is null || found->Inode != stat.Inode))
        {
            if (found is not null)
            {
                Preimages?.Leave(part.Root, directory, entry.Name);
                Check(Shim.Unlink(directory, entry.Name, 0), part.Root, path, "replace");
            }
            Check(Shim.Link(file, directory, entry.Name), part.Root, path, "link");
            _adopted[(stat.Device, stat.Inode)] = (entry.SameInode, other);
            Replaced.Add((part.Root, path));
        }
        _ = Shim.Close(file);
        if (!joined)
            LeaveLink(part.Root, other, inode: 0);
        return joined;
    }

    /// <summary>Whether a file with several names here, one of which already stands for another file of the source, has lost this
    /// one. What had several names at the source, and here has them still, is another's to a name that is the only one there:
    /// the file that had it may live on under the others.</summary>
    private bool TakeApart(DirectoryPart part, int directory, DirectoryEntry entry, string path, in NativeStat stat, uint type)
    {
        if (type == TypeDirectory || stat.Links <= 1 || !_adopted.TryGetValue((stat.Device, stat.Inode), out var owner)
            || (owner.SameInode == entry.SameInode && (owner.SameInode != 0 || owner.Path == path)))
            return false;
        Preimages?.Leave(part.Root, directory, entry.Name);
        Check(Shim.Unlink(directory, entry.Name, 0), part.Root, path, "take apart");
        return true;
    }

    private void Make(DirectoryPart part, int directory, DirectoryEntry entry, string path, uint type)
    {
        if (type == TypeRegular)
            Replaced.Add((part.Root, path));
        switch (type)
        {
            case TypeDirectory:
                Check(Shim.MakeDirectory(directory, entry.Name, 0x1C0), part.Root, path, "make the directory");
                break;
            case TypeSymlink:
                Check(Shim.SymbolicLink(entry.LinkTarget, directory, entry.Name), part.Root, path, "make the symlink");
                break;
            default:
                Check(Shim.MakeNode(directory, entry.Name, type | 0x180, entry.Attributes.DeviceMajor, entry.Attributes.DeviceMinor),
                    part.Root, path, "make");
                break;
        }
    }

    private void Finish(DirectoryPart part, int directory)
    {
        var names = new List<ListedName>();
        Check(DirectoryListing.Read(directory, names), part.Root, part.Path, "list");
        foreach (var name in names)
            if (!_listed.Contains(name.Text))
                RemoveTree(part.Root, directory, name, Join(part.Path, name.Text));
        NativeStat stat;
        Check(Shim.StatAt(directory, "", &stat), part.Root, part.Path, "look at");
        SetAttributes(part.Root, part.Path, directory, stat, _open!.Own!);
        _open = null;
        _listed.Clear();
    }

    private void RemoveTree(int root, int parent, ListedName name, string path)
    {
        fixed (byte* zero = name.Zero)
        {
            NativeStat stat, above;
            if (Shim.StatAt(parent, zero, &stat) < 0)
                return;
            Check(Shim.StatAt(parent, "", &above), root, path, "look at the directory of");
            var isDirectory = (stat.Mode & TypeMask) == TypeDirectory;
            if (stat.Device != above.Device || !settings.Roots[root].Filter.Replicates(path, isDirectory))
                return;
            if (isDirectory)
            {
                var directory = Check(Shim.Open(parent, zero, DirectoryFlags, 0), root, path, "open");
                try
                {
                    var names = new List<ListedName>();
                    var error = DirectoryListing.Read(directory, names);
                    foreach (var beneath in names)
                        RemoveTree(root, directory, beneath, Join(path, beneath.Text));
                    Check(error, root, path, "list");
                }
                finally
                {
                    _ = Shim.Close(directory);
                }
            }
            Preimages?.Leave(root, parent, zero);
            var removed = Shim.Unlink(parent, zero, isDirectory ? 1 : 0);
            // Not empty: it holds something excluded, and stays for that.
            if (removed is < 0 and not -Errno.ENOTEMPTY and not -Errno.ENOENT)
                Check(removed, root, path, "remove");
        }
    }

    /// <summary>Makes a file's attributes what they are to be.</summary>
    /// <param name="file">O_PATH will do.</param>
    public void SetAttributes(int root, string path, int file, in NativeStat stat, EntryAttributes wanted)
    {
        if (stat.Uid != wanted.Uid || stat.Gid != wanted.Gid)
            Check(Shim.ChangeOwner(file, wanted.Uid, wanted.Gid), root, path, "set the owner of");
        var isLink = (wanted.Mode & TypeMask) == TypeSymlink;
        if (!isLink)
        {
            ExtendedAttributes.Remove(file, wanted.Extended, sentence => Check(sentence, root, path, "remove an attribute of"));
            // Always: a change of owner clears set-id bits, and removing an ACL may change the group's bits.
            Check(Shim.ChangeMode(file, wanted.Mode & 0xFFF), root, path, "set the mode of");
            ExtendedAttributes.Set(file, wanted.Extended, sentence => Check(sentence, root, path, "set an attribute of"));
        }
        Check(TargetNames.SetTimes(file, wanted.AccessTime, wanted.ModifyTime), root, path, "set the times of");
    }

    private int Check(int result, int root, string path, string doing)
    {
        if (result >= 0)
            return result;
        throw new TargetException($"{who} could not {doing} '{path}' in {settings.Roots[root].Path} on this node: "
            + $"{Errno.Describe(-result)}. {remedy}", replicaFailed: true);
    }
}
