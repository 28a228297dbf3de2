// SETATTR, FALLOCATE and LSEEK while the local disk is detached: nothing of it is asked, the peer is told.
// The line is drawn here (docs/design.md, section 11): files and their attributes need nothing of the local disk; names do.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Changes of attributes and ranges that only the peer carries out. Each returns 0 or a positive errno.</summary>
internal static class DetachedOperations
{
    private const uint KeepSize = 0x1; // FALLOC_FL_KEEP_SIZE
    private const uint SeekData = 3;
    private const long NanosecondsPerSecond = 1_000_000_000;

    internal static int SetAttributes(ref FuseRequest request, FileNode node, in FuseWire.SetAttributesIn set)
    {
        var mask = AttributeOperations.MaskOf(set.Valid);
        if (node.ReplicatedPath is null || node.Detach() is not { IsKnown: true } known)
            return Errno.EIO;
        ref var stat = ref known.Stat;
        if ((mask & AttributeMask.Mode) != 0)
            stat.Mode = (stat.Mode & ModeBits.TypeMask) | (set.Mode & ModeBits.Permissions);
        if ((mask & AttributeMask.Owner) != 0)
        {
            (stat.Uid, stat.Gid) = AttributeOperations.OwnerOf(set, stat);
            // As the kernel does at a change of owner.
            if (node.IsRegular && (mask & AttributeMask.Mode) == 0)
                stat.Mode = (stat.Mode & ModeBits.TypeMask) | (ModeBits.WithoutPrivileges(stat.Mode) & ModeBits.Permissions);
            mask |= node.Type == ModeBits.SymbolicLink ? AttributeMask.None : AttributeMask.Mode;
        }
        if ((mask & AttributeMask.Size) != 0)
            Truncate(ref request, node, set.Size);
        AttributeOperations.SetTimes(ref stat, set);
        request.Change = Describe(node, mask);
        return 0;
    }

    /// <summary>Sets a size, as <see cref="Privileges.Truncate"/> does with a disk.</summary>
    internal static int Truncate(ref FuseRequest request, FileNode node, ulong size)
    {
        if (node.ReplicatedPath is null || node.Detach() is not { IsKnown: true } known)
            return Errno.EIO;
        request.Node = node;
        request.Range = RangeChange.Truncate;
        request.Offset = size;
        request.Bytes = known.Stat.Size > size ? known.Stat.Size - size : 0;
        known.Stat.Size = size;
        known.Changed();
        request.Change = Describe(node, AttributeMask.Size);
        return 0;
    }

    internal static int Allocate(ref FuseRequest request, FileNode node)
    {
        if (node.ReplicatedPath is null || node.Detach() is not { IsKnown: true } known)
            return Errno.EIO;
        if ((request.AllocateMode & KeepSize) == 0)
            known.Reaches(request.Offset + request.Bytes);
        return 0;
    }

    /// <summary>What is a hole at the peer is not known: everything counts as data, which is always true enough.</summary>
    internal static int Seek(FileNode node, ulong offset, uint whence, out ulong found)
    {
        var size = node.Detach().Stat.Size;
        found = whence == SeekData ? offset : size;
        return offset >= size ? Errno.ENXIO : 0;
    }

    /// <summary>Set-user-ID and set-group-ID go, because somebody unprivileged writes.</summary>
    internal static int DropPrivileges(ref FuseRequest request, FileNode node)
    {
        if (node.Detach() is not { IsKnown: true } known)
            return Errno.EIO;
        known.Stat.Mode = (known.Stat.Mode & ModeBits.TypeMask) | (ModeBits.WithoutPrivileges(known.Stat.Mode) & ModeBits.Permissions);
        request.Change = Describe(node, AttributeMask.Mode);
        return 0;
    }

    private static NamespaceChange Describe(FileNode node, AttributeMask mask)
    {
        ref var stat = ref node.Detach().Stat;
        return new NamespaceChange(ChangeKind.SetAttributes, node.Key.Root, node.ReplicatedPath!)
        {
            Mask = mask,
            Mode = stat.Mode,
            Uid = stat.Uid,
            Gid = stat.Gid,
            Size = stat.Size,
            AccessTime = (stat.AccessSeconds * NanosecondsPerSecond) + stat.AccessNanoseconds,
            ModifyTime = (stat.ModifySeconds * NanosecondsPerSecond) + stat.ModifyNanoseconds,
        };
    }
}
