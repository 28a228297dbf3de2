// Which files' names a change will touch, found before it is executed.
// Invariant: what is said holds until the next change of names, so it is asked for again whenever the change is tried again.
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Fuse;

/// <summary>Looks at a change of names. Belongs to the pump's thread.</summary>
internal sealed unsafe class TouchedNames
{
    private const uint TypeMask = 0xF000;
    private const uint TypeRegular = 0x8000;
    private const uint TypeDirectory = 0x4000;

    private FuseFileSystem _system = null!;

    /// <summary>Files (and directories) of which all counts as touched.</summary>
    public List<FileKey> Whole { get; } = [];

    /// <summary>Names that something is put behind.</summary>
    public List<(FileKey Directory, string Name)> Taken { get; } = [];

    /// <summary>A name that a regular file loses, and the file.</summary>
    public (FileKey Directory, string Name, FileKey File)? Removed { get; private set; }

    /// <summary>Whether the change is of a kind that touches names of files.</summary>
    public static bool Concerns(FuseOpcode opcode) => opcode is FuseOpcode.Unlink or FuseOpcode.Rename or FuseOpcode.Rename2
        or FuseOpcode.Link or FuseOpcode.Create or FuseOpcode.MakeNode;

    public void Look(FuseFileSystem system, ref FuseRequest request)
    {
        _system = system;
        Whole.Clear();
        Taken.Clear();
        Removed = null;
        if (!system.Body.Load(request))
            return;
        switch (request.Opcode)
        {
            case FuseOpcode.Unlink:
                LookAtUnlink(request.In.Node);
                break;
            case FuseOpcode.Rename:
                LookAtRename(request.In.Node, system.Body.Take<FuseWire.RenameIn>().NewDirectory);
                break;
            case FuseOpcode.Rename2:
                LookAtRename(request.In.Node, system.Body.Take<FuseWire.Rename2In>().NewDirectory);
                break;
            case FuseOpcode.Link:
                if (system.Nodes.Find(system.Body.Take<FuseWire.LinkIn>().OldNode) is { IsRegular: true, ReplicatedPath: not null } old)
                    Whole.Add(old.Key);
                Take(request.In.Node);
                break;
            case FuseOpcode.Create:
                _ = system.Body.Take<FuseWire.CreateIn>();
                LookAtCreate(request.In.Node);
                break;
            default:
                _ = system.Body.Take<FuseWire.MakeNodeIn>();
                Take(request.In.Node);
                break;
        }
    }

    private void LookAtUnlink(ulong parent)
    {
        if (!Find(parent, out var directory, out var name, out var key, out var stat) || (stat.Mode & TypeMask) != TypeRegular)
            return;
        Removed = (directory.Key, name, key);
        // Whoever has it open goes on writing, and none of that is sent or marked.
        if (stat.Links == 1 && _system.Nodes.TryFindInode(key.Inode, out var node) && node.Opens > 0)
            Whole.Add(key);
    }

    private void LookAtRename(ulong from, ulong to)
    {
        if (!Find(from, out _, out _, out var moved, out var stat))
            return;
        if ((stat.Mode & TypeMask) is TypeRegular or TypeDirectory)
            Whole.Add(moved);
        if (Find(to, out var directory, out var name, out var other, out stat))
        {
            if ((stat.Mode & TypeMask) is TypeRegular or TypeDirectory && other != moved)
                Whole.Add(other);
        }
        if (directory is not null)
            Taken.Add((directory.Key, name));
    }

    /// <summary>What is there already is opened, perhaps emptied: then all that it held is touched.</summary>
    private void LookAtCreate(ulong parent)
    {
        if (Find(parent, out var directory, out var name, out var key, out var stat))
        {
            if ((stat.Mode & TypeMask) == TypeRegular && stat.Size > 0)
                Whole.Add(key);
        }
        else if (directory is not null)
        {
            Taken.Add((directory.Key, name));
        }
    }

    private void Take(ulong parent)
    {
        if (!Find(parent, out var directory, out var name, out _, out _) && directory is not null)
            Taken.Add((directory.Key, name));
    }

    /// <summary>Takes the next name out of the request.</summary>
    /// <returns>False: nothing replicated has it. <paramref name="directory"/> is null when nothing ever can.</returns>
    private bool Find(ulong parent, out FileNode directory, out string name, out FileKey key, out NativeStat stat)
    {
        stat = default;
        key = default;
        name = "";
        var found = _system.Nodes.Find(parent);
        directory = null!;
        if (_system.Body.TakeName(out var entry) != 0 || found?.ReplicatedChildPath(name = entry.Text.ToString()) is null)
            return false;
        directory = found;
        fixed (NativeStat* at = &stat)
            if (Shim.StatAt(found.Descriptor, entry.Bytes, at) != 0)
                return false;
        key = new FileKey(found.Key.Root, stat.Inode);
        return true;
    }
}
