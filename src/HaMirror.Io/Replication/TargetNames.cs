// Changes of names and attributes at the target.
// Invariants: (1) no path leaves its root and no symlink is followed, which the shim's openat2 sees to; (2) attributes are
// set in the order owner, mode, size, times: a change of owner clears set-id bits, a change of size the times.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Applies <see cref="NamespaceChange"/>s.</summary>
internal sealed class TargetNames(TargetSettings settings, TargetTree tree, OwedZeros zeros)
{
    private const uint TypeMask = 0xF000;
    private const uint TypeSymlink = 0xA000;
    private const uint RenameExchange = 2;
    private const int PathFlags = OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec;

    /// <summary>UTIME_OMIT of utimensat(2).</summary>
    private const long OmitTime = (1L << 30) - 2;

    /// <summary>Is told of everything that is about to be removed, replaced or cut; null: nobody is.</summary>
    public PreimageJournal? Preimages { get; set; }

    /// <summary>Applies a change.</summary>
    /// <param name="tolerant">A resync runs: what the visit of the directory will repair anyway is no error.</param>
    public void Apply(NamespaceChange change, bool tolerant)
    {
        if (change.Root >= settings.Roots.Length)
            throw TargetException.Violation($"a change names root {change.Root} of {settings.Roots.Length}.");
        var error = Perform(change, tolerant);
        if (error == -Errno.EEXIST && tolerant && Makes(change.Kind))
        {
            // Something stale stands where the source has made something new: the source is right.
            tree.Remove(change.Root, change.Kind == ChangeKind.Link ? change.Other : change.Path);
            error = Perform(change, tolerant);
        }
        if (error >= 0 || (tolerant && IsRepaired(change.Kind, -error)))
            return;
        var root = settings.Roots[change.Root];
        throw new TargetException(
            $"{Describe(change)} failed in {root.Path} on this node: {Errno.Describe(-error)}. "
            + "The replicas differ there, or the disk is full or broken; the link is tried again by itself.", replicaFailed: true);
    }

    /// <summary>Sets owner, mode, size and times of an open file (O_PATH will do).</summary>
    public static int SetAttributes(int file, uint mode, NamespaceChange change)
    {
        var result = 0;
        if ((change.Mask & AttributeMask.Owner) != 0)
            result = Shim.ChangeOwner(file, change.Uid, change.Gid);
        if (result >= 0 && (change.Mask & AttributeMask.Mode) != 0 && (mode & TypeMask) != TypeSymlink)
            result = Shim.ChangeMode(file, change.Mode & 0xFFF);
        if (result >= 0 && (change.Mask & AttributeMask.Size) != 0)
            result = Shim.Truncate(file, change.Size);
        if (result >= 0 && (change.Mask & (AttributeMask.AccessTime | AttributeMask.ModifyTime)) != 0)
            result = SetTimes(
                file,
                (change.Mask & AttributeMask.AccessTime) != 0 ? change.AccessTime : null,
                (change.Mask & AttributeMask.ModifyTime) != 0 ? change.ModifyTime : null);
        return result;
    }

    /// <summary>Sets times given in nanoseconds since 1970; null leaves one as it is.</summary>
    public static int SetTimes(int file, long? access, long? modify)
    {
        var (accessSeconds, accessRest) = Split(access);
        var (modifySeconds, modifyRest) = Split(modify);
        return Shim.SetTimes(file, accessSeconds, accessRest, modifySeconds, modifyRest);
    }

    private static (long Seconds, long Nanoseconds) Split(long? time)
    {
        if (time is not { } nanoseconds)
            return (0, OmitTime);
        var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000L);
        return rest < 0 ? (seconds - 1, rest + 1_000_000_000L) : (seconds, rest);
    }

    private int Perform(NamespaceChange change, bool tolerant) => change.Kind switch
    {
        ChangeKind.Create => InParent(change, change.Path, (parent, name) => Create(parent, name, change)),
        ChangeKind.Mkdir => InParent(change, change.Path, (parent, name) =>
            Shim.MakeDirectory(parent, name, 0x1C0) is < 0 and var error ? error : Finish(parent, name, change)),
        ChangeKind.Mknod => InParent(change, change.Path, (parent, name) =>
            Shim.MakeNode(parent, name, (change.Mode & TypeMask) | 0x180, change.DeviceMajor, change.DeviceMinor) is < 0 and var error
                ? error
                : Finish(parent, name, change)),
        ChangeKind.Symlink => InParent(change, change.Path, (parent, name) =>
            Shim.SymbolicLink(change.Other, parent, name) is < 0 and var error ? error : Finish(parent, name, change)),
        ChangeKind.Link => Link(change),
        ChangeKind.Unlink => InParent(change, change.Path, (parent, name) =>
        {
            Preimages?.Leave(change.Root, parent, name);
            return Shim.Unlink(parent, name, 0);
        }),
        ChangeKind.Rmdir => InParent(change, change.Path, (parent, name) => Shim.Unlink(parent, name, 1)),
        ChangeKind.Rename => InParent(change, change.Path, (from, name) =>
            InParent(change, change.Other, (to, other) =>
            {
                if ((change.Flags & RenameExchange) == 0)
                    Preimages?.Leave(change.Root, to, other);
                return Shim.Rename(from, name, to, other, change.Flags);
            })),
        ChangeKind.SetAttributes => OnFile(change, (file, mode) => SetAttributes(file, mode, change, tolerant)),
        ChangeKind.SetXattr => OnFile(change, (file, _) => SetXattr(file, change)),
        _ => OnFile(change, (file, _) => ReplicatedAttribute.Counts(change.Name) ? Shim.RemoveAttribute(file, change.Name) : 0),
    };

    private int SetAttributes(int file, uint mode, NamespaceChange change, bool tolerant)
    {
        if ((change.Mask & AttributeMask.Size) == 0)
            return SetAttributes(file, mode, change);
        if (tolerant && zeros.TryCut(KeyOf(change.Root, file), file, change.Path, change.Size))
            return SetAttributes(file, mode, change with { Mask = change.Mask & ~AttributeMask.Size });
        Preimages?.SaveCut(change.Root, file, change.Size);
        return SetAttributes(file, mode, change);
    }

    private static unsafe FileKey KeyOf(int root, int file)
    {
        NativeStat stat;
        return new FileKey(root, Shim.StatAt(file, "", &stat) < 0 ? 0 : stat.Inode);
    }

    private static int Create(int parent, string name, NamespaceChange change)
    {
        var file = Shim.Open(parent, name,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0x180);
        if (file < 0)
            return file;
        var result = SetAttributes(file, change.Mode, change);
        _ = Shim.Close(file);
        return result;
    }

    private static int Finish(int parent, string name, NamespaceChange change)
    {
        if (change.Mask == AttributeMask.None)
            return 0;
        var file = Shim.Open(parent, name, PathFlags, 0);
        if (file < 0)
            return file;
        var result = SetAttributes(file, change.Kind == ChangeKind.Symlink ? TypeSymlink : change.Mode, change);
        _ = Shim.Close(file);
        return result;
    }

    private int Link(NamespaceChange change)
    {
        var file = Shim.Open(settings.Roots[change.Root].Descriptor, change.Path, PathFlags, 0);
        if (file < 0)
            return file;
        var result = InParent(change, change.Other, (parent, name) => Shim.Link(file, parent, name));
        _ = Shim.Close(file);
        return result;
    }

    private static unsafe int SetXattr(int file, NamespaceChange change)
    {
        if (!ReplicatedAttribute.Counts(change.Name))
            return 0;
        // Without XATTR_CREATE and XATTR_REPLACE: they were the source's business, here only the outcome counts.
        fixed (byte* value = change.Value.Span)
            return Shim.SetAttribute(file, change.Name, value, (ulong)change.Value.Length, 0);
    }

    private int InParent(NamespaceChange change, string path, Func<int, string, int> act)
    {
        var slash = path.LastIndexOf('/');
        var parent = Shim.Open(settings.Roots[change.Root].Descriptor, slash < 0 ? "" : path[..slash],
            OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (parent < 0)
            return parent;
        try
        {
            return act(parent, path[(slash + 1)..]);
        }
        finally
        {
            _ = Shim.Close(parent);
        }
    }

    private unsafe int OnFile(NamespaceChange change, Func<int, uint, int> act)
    {
        var file = Shim.Open(settings.Roots[change.Root].Descriptor, change.Path, PathFlags, 0);
        if (file < 0)
            return file;
        try
        {
            NativeStat stat;
            var result = Shim.StatAt(file, "", &stat);
            return result < 0 ? result : act(file, stat.Mode);
        }
        finally
        {
            _ = Shim.Close(file);
        }
    }

    private static bool Makes(ChangeKind kind) =>
        kind is ChangeKind.Create or ChangeKind.Mkdir or ChangeKind.Mknod or ChangeKind.Symlink or ChangeKind.Link;

    /// <summary>Errors that mean "not visited yet" (PROTOCOL.md, Tolerance); a full or broken disk is none.</summary>
    private static bool IsRepaired(ChangeKind kind, int error) => error switch
    {
        Errno.ENOENT or Errno.ENOTDIR or Errno.EEXIST or Errno.ENOTEMPTY or Errno.EISDIR or Errno.EXDEV or Errno.ELOOP => true,
        Errno.ENODATA => kind == ChangeKind.RemoveXattr,
        Errno.EINVAL => kind is ChangeKind.Rename or ChangeKind.SetAttributes,
        _ => false,
    };

    private static string Describe(NamespaceChange change) => change.Kind switch
    {
        ChangeKind.Rename or ChangeKind.Link => $"{change.Kind} of '{change.Path}' to '{change.Other}'",
        ChangeKind.SetXattr or ChangeKind.RemoveXattr => $"{change.Kind} {change.Name} of '{change.Path}'",
        _ => $"{change.Kind} of '{change.Path}'",
    };
}
