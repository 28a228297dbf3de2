// Operations that make, remove and move names. New inodes are made as the caller (owner, inherited group, quota), their
// resulting attributes read back and told to the peer.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>SYMLINK, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK, and the making half of CREATE.</summary>
internal sealed unsafe class NameOperations(FuseFileSystem system)
{
    // RENAME_
    private const uint NoReplace = 1;
    private const uint Exchange = 2;

    internal int MakeNode(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.MakeNodeIn>();
        return Make(ref request, arguments.Mode, arguments.Umask, arguments.DeviceNode,
            ModeBits.IsRegular(arguments.Mode) ? ChangeKind.Create : ChangeKind.Mknod);
    }

    internal int MakeDirectory(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.MakeDirectoryIn>();
        var mode = (arguments.Mode & ModeBits.Permissions) | ModeBits.Directory;
        return Make(ref request, mode, arguments.Umask, 0, ChangeKind.Mkdir);
    }

    internal int SymbolicLink(ref FuseRequest request) =>
        Make(ref request, ModeBits.SymbolicLink | ModeBits.Access, 0, 0, ChangeKind.Symlink);

    /// <summary>Makes a file for CREATE.</summary>
    internal int MakeNode(ref FuseRequest request, FileNode directory, in EntryName name, uint mode, uint umask,
        ChangeKind kind, FuseWire.EntryOut* entry, out FileNode? node) =>
        Make(ref request, directory, name, null, mode, umask, 0, kind, entry, out node);

    internal int Unlink(ref FuseRequest request, bool isDirectory)
    {
        var error = Target(request.In.Node, out var directory, out var name);
        if (error != 0)
        {
            return error;
        }

        var text = name.Text.ToString();
        var change = Describe(isDirectory ? ChangeKind.Rmdir : ChangeKind.Unlink, directory!, text);
        error = -Shim.Unlink(directory!.Descriptor, name.Bytes, isDirectory ? 1 : 0);
        if (error != 0)
        {
            return error;
        }

        request.Change = change;
        if (system.Nodes.RemoveName(directory, text) is { } node)
        {
            system.Nodes.NameLost(node);
        }

        return 0;
    }

    internal int Rename(ref FuseRequest request, bool withFlags)
    {
        ulong target;
        var flags = 0u;
        if (withFlags)
        {
            var arguments = system.Body.Take<FuseWire.Rename2In>();
            (target, flags) = (arguments.NewDirectory, arguments.Flags);
        }
        else
        {
            target = system.Body.Take<FuseWire.RenameIn>().NewDirectory;
        }

        var error = Target(request.In.Node, out var from, out var oldName);
        if (error != 0)
        {
            return error;
        }

        error = Target(target, out var to, out var newName);
        if (error == 0 && flags is not (0 or NoReplace or Exchange))
        {
            error = Errno.EINVAL; // RENAME_WHITEOUT is for overlays, which need more than this mount gives
        }

        return error != 0 ? error : Rename(ref request, from!, oldName, to!, newName, flags);
    }

    internal int Link(ref FuseRequest request)
    {
        var old = system.Nodes.Find(system.Body.Take<FuseWire.LinkIn>().OldNode);
        var error = Target(request.In.Node, out var directory, out var name);
        if (error != 0 || old is null)
        {
            return error != 0 ? error : Errno.ESTALE;
        }

        var text = name.Text.ToString();
        var change = Describe(ChangeKind.Link, directory!, text);
        var source = old.ReplicatedPath;
        if ((change is null) != (source is null))
        {
            return Errno.EXDEV; // one inode cannot be mirrored under one name and kept to this node under another
        }

        error = -Shim.Link(old.Descriptor, directory!.Descriptor, name.Bytes);
        if (error != 0)
        {
            return error;
        }

        request.Change = change is null ? null : change with { Path = source!, Other = change.Path };
        return Enter(ref request, directory, name, request.Answer<FuseWire.EntryOut>(), out _, out _);
    }

    private int Make(ref FuseRequest request, uint mode, uint umask, uint device, ChangeKind kind)
    {
        var error = Target(request.In.Node, out var directory, out var name);
        if (error != 0)
        {
            return error;
        }

        var target = kind == ChangeKind.Symlink ? system.Body.TakeText(out _) : null;
        FuseWire.EntryOut entry;
        error = Make(ref request, directory!, name, target, mode, umask, device, kind, &entry, out _);
        if (error == 0)
        {
            *request.Answer<FuseWire.EntryOut>() = entry;
        }

        return error;
    }

    private int Make(ref FuseRequest request, FileNode directory, in EntryName name, byte* target, uint mode,
        uint umask, uint device, ChangeKind kind, FuseWire.EntryOut* entry, out FileNode? node)
    {
        node = null;
        var inherits = kind != ChangeKind.Symlink && HasDefaultAcl(directory);
        mode &= inherits ? ~0u : ~(umask & ModeBits.Access);
        var error = -Shim.ActAs(request.In.Uid, request.In.Gid);
        if (error == 0)
        {
            error = -(kind switch
            {
                ChangeKind.Symlink => Shim.SymbolicLink(target, directory.Descriptor, name.Bytes),
                ChangeKind.Mkdir => Shim.MakeDirectory(directory.Descriptor, name.Bytes, mode & ModeBits.Permissions),
                _ => Shim.MakeNode(directory.Descriptor, name.Bytes, mode, EntryReply.MajorOf(device),
                    EntryReply.MinorOf(device)),
            });
        }

        Shim.Check(Shim.ActAs(0, 0), "act as root again after making a file for a caller");
        error = error != 0 ? error : Enter(ref request, directory, name, entry, out node, out _);
        if (error != 0)
        {
            return error;
        }

        if (kind != ChangeKind.Symlink && !inherits)
        {
            Unmask(node!, mode, entry);
        }

        request.Change = Describe(kind, directory, name.Text.ToString()) is { } change
            ? change with
            {
                Other = target is null ? "" : System.Text.Encoding.UTF8.GetString(
                    System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(target)),
                Mask = kind == ChangeKind.Symlink ? AttributeMask.Owner : AttributeMask.Owner | AttributeMask.Mode,
                Mode = entry->Attributes.Mode,
                Uid = entry->Attributes.Uid,
                Gid = entry->Attributes.Gid,
                DeviceMajor = EntryReply.MajorOf(device),
                DeviceMinor = EntryReply.MinorOf(device),
            }
            : null;
        return 0;
    }

    // This process's own umask has been applied on top of the caller's: give back what it took.
    private static void Unmask(FileNode node, uint mode, FuseWire.EntryOut* entry)
    {
        var made = entry->Attributes.Mode;
        var meant = (made & ~ModeBits.Access) | (mode & ModeBits.Access);
        if (made != meant && Shim.ChangeMode(node.Descriptor, meant & ModeBits.Permissions) == 0)
        {
            entry->Attributes.Mode = meant;
        }
    }

    // The umask counts only where no default ACL does, see acl(5).
    private static bool HasDefaultAcl(FileNode directory)
    {
        fixed (byte* name = "system.posix_acl_default"u8)
        {
            return Shim.GetAttribute(directory.Descriptor, name, null, 0) > 0;
        }
    }

    private int Rename(ref FuseRequest request, FileNode from, in EntryName oldName, FileNode to, in EntryName newName,
        uint flags)
    {
        var (oldText, newText) = (oldName.Text.ToString(), newName.Text.ToString());
        var change = Describe(ChangeKind.Rename, from, oldText);
        var target = Describe(ChangeKind.Rename, to, newText);
        if ((change is null) != (target is null))
        {
            return Errno.EXDEV; // mv(1) then copies, so that the peer gets the content (or loses it)
        }

        var error = -Shim.Rename(from.Descriptor, oldName.Bytes, to.Descriptor, newName.Bytes, flags);
        if (error != 0)
        {
            return error;
        }

        system.Nodes.Move(from, oldText, to, newText, flags == Exchange);
        request.Change = change is null ? null : change with { Other = target!.Path, Flags = flags };
        return 0;
    }

    // Takes a new entry in, as a look-up does.
    private int Enter(ref FuseRequest request, FileNode directory, in EntryName name, FuseWire.EntryOut* entry,
        out FileNode? node, out NativeStat stat)
    {
        var error = system.Nodes.Resolve(directory, name, out node, out stat);
        if (error == 0)
        {
            node!.Lookups++;
            EntryReply.Fill(entry, node, stat, system.ValidSeconds);
            return 0;
        }

        // No descriptor left for it: what nobody can refer to must not stay.
        request.Change = null;
        _ = Shim.Unlink(directory.Descriptor, name.Bytes, 0) == 0
            || Shim.Unlink(directory.Descriptor, name.Bytes, 1) == 0;
        return error;
    }

    private static NamespaceChange? Describe(ChangeKind kind, FileNode directory, string name) =>
        directory.ReplicatedChildPath(name) is { } path ? new NamespaceChange(kind, directory.Key.Root, path) : null;

    private int Target(ulong number, out FileNode? directory, out EntryName name)
    {
        directory = system.Nodes.Find(number);
        name = default;
        return directory is null ? Errno.ESTALE : system.Body.TakeName(directory, out name);
    }
}
