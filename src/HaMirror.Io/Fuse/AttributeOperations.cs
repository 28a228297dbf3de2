// SETATTR. The steps are done one by one; what was done is replicated even when a later one fails.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Changes of mode, owner, size and times.</summary>
internal sealed unsafe class AttributeOperations(FuseFileSystem system)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // FATTR_
    private const uint Mode = 1 << 0;
    private const uint Uid = 1 << 1;
    private const uint Gid = 1 << 2;
    private const uint Size = 1 << 3;
    private const uint AccessTime = 1 << 4;
    private const uint ModifyTime = 1 << 5;
    private const uint AccessTimeNow = 1 << 7;
    private const uint ModifyTimeNow = 1 << 8;
    private const uint KillPrivileges = 1 << 11;

    /// <summary>A change that sets attributes of a node to what they are now; null when nothing is to be
    /// replicated.</summary>
    internal static NamespaceChange? Describe(FileNode node, AttributeMask mask)
    {
        NativeStat stat;
        if (mask == AttributeMask.None || node.ReplicatedPath is not { } path
            || Shim.StatAt(node.Descriptor, "", &stat) != 0)
        {
            return null;
        }

        return new NamespaceChange(ChangeKind.SetAttributes, node.Key.Root, path)
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

    internal FuseVerdict TakeSetAttributes(ref FuseRequest request)
    {
        ref var set = ref *(FuseWire.SetAttributesIn*)(request.Header + FuseWire.InHeaderBytes);
        request.Node = system.Nodes.Find(request.In.Node);
        if ((set.Valid & Size) != 0)
        {
            request.Range = RangeChange.Truncate;
            request.Offset = set.Size;
            request.Bytes = ulong.MaxValue - set.Size;
        }

        return system.TakeChange(ref request);
    }

    internal int SetAttributes(ref FuseRequest request)
    {
        var set = system.Body.Take<FuseWire.SetAttributesIn>();
        if (system.Nodes.Find(request.In.Node) is not { } node)
        {
            return Errno.ESTALE;
        }

        if (system.IsDetached && node.ReplicatedPath is not null)
        {
            var failure = DetachedOperations.SetAttributes(ref request, node, set);
            if (failure == 0)
            {
                EntryReply.Fill(request.Answer<FuseWire.AttributesOut>(), node.Detach().Stat, system.ValidSeconds);
            }

            return failure;
        }

        var mask = AttributeMask.None;
        var error = SetOwnerAndMode(node, set, ref mask);
        if (error == 0 && (set.Valid & Size) != 0)
        {
            error = Privileges.Truncate(ref request, node, set.Size, drop: (set.Valid & KillPrivileges) != 0);
            mask |= request.Change?.Mask ?? AttributeMask.None;
        }

        if (error == 0 && (set.Valid & (AccessTime | ModifyTime)) != 0)
        {
            error = SetTimes(node, set, ref mask);
        }

        request.Change = Describe(node, mask);
        NativeStat stat;
        if (error == 0)
        {
            error = -Shim.StatAt(node.Descriptor, "", &stat);
            EntryReply.Fill(request.Answer<FuseWire.AttributesOut>(), stat, system.ValidSeconds);
        }

        return error;
    }

    /// <summary>Before a write by somebody unprivileged.</summary>
    internal int DropPrivileges(ref FuseRequest request)
    {
        if (system.IsDetached && request.Node is { ReplicatedPath: not null } detached)
        {
            return DetachedOperations.DropPrivileges(ref request, detached);
        }

        if (request.Node is { } node && Privileges.Drop(node, out var error))
        {
            request.Change = Describe(node, AttributeMask.Mode);
            return error;
        }

        return 0;
    }

    internal static AttributeMask MaskOf(uint valid) =>
        ((valid & Mode) != 0 ? AttributeMask.Mode : AttributeMask.None)
        | ((valid & (Uid | Gid)) != 0 ? AttributeMask.Owner : AttributeMask.None)
        | ((valid & Size) != 0 ? AttributeMask.Size : AttributeMask.None)
        | ((valid & AccessTime) != 0 ? AttributeMask.AccessTime : AttributeMask.None)
        | ((valid & ModifyTime) != 0 ? AttributeMask.ModifyTime : AttributeMask.None);

    internal static (uint Uid, uint Gid) OwnerOf(in FuseWire.SetAttributesIn set, in NativeStat stat) =>
        ((set.Valid & Uid) != 0 ? set.Uid : stat.Uid, (set.Valid & Gid) != 0 ? set.Gid : stat.Gid);

    /// <summary>Sets the times that are asked for in what is known of a file.</summary>
    internal static void SetTimes(ref NativeStat stat, in FuseWire.SetAttributesIn set)
    {
        var now = DateTime.UtcNow - DateTime.UnixEpoch;
        var (seconds, nanoseconds) = ((long)now.TotalSeconds, (uint)(now.Ticks % TimeSpan.TicksPerSecond * 100));
        if ((set.Valid & AccessTime) != 0)
        {
            (stat.AccessSeconds, stat.AccessNanoseconds) =
                (set.Valid & AccessTimeNow) != 0 ? (seconds, nanoseconds) : ((long)set.AccessSeconds, set.AccessNanoseconds);
        }

        if ((set.Valid & ModifyTime) != 0)
        {
            (stat.ModifySeconds, stat.ModifyNanoseconds) =
                (set.Valid & ModifyTimeNow) != 0 ? (seconds, nanoseconds) : ((long)set.ModifySeconds, set.ModifyNanoseconds);
        }

        (stat.ChangeSeconds, stat.ChangeNanoseconds) = (seconds, nanoseconds);
    }

    private static int SetOwnerAndMode(FileNode node, in FuseWire.SetAttributesIn set, ref AttributeMask mask)
    {
        node.Unprivileged = false;
        if ((set.Valid & (Uid | Gid)) != 0)
        {
            var error = -Shim.ChangeOwner(node.Descriptor, (set.Valid & Uid) != 0 ? set.Uid : Shim.KeepId,
                (set.Valid & Gid) != 0 ? set.Gid : Shim.KeepId);
            if (error != 0)
            {
                return error;
            }

            // A change of owner drops set-user-ID and set-group-ID of a program: tell the resulting mode too, except of
            // a symbolic link, which has none to be set.
            mask |= AttributeMask.Owner
                | (node.Type == ModeBits.SymbolicLink ? AttributeMask.None : AttributeMask.Mode);
        }

        if ((set.Valid & Mode) != 0)
        {
            var error = -Shim.ChangeMode(node.Descriptor, set.Mode & ModeBits.Permissions);
            if (error != 0)
            {
                return error;
            }

            mask |= AttributeMask.Mode;
        }

        return 0;
    }

    private static int SetTimes(FileNode node, in FuseWire.SetAttributesIn set, ref AttributeMask mask)
    {
        var error = -Shim.SetTimes(node.Descriptor,
            (long)set.AccessSeconds, Nanoseconds(set.Valid, AccessTime, AccessTimeNow, set.AccessNanoseconds),
            (long)set.ModifySeconds, Nanoseconds(set.Valid, ModifyTime, ModifyTimeNow, set.ModifyNanoseconds));
        if (error == 0)
        {
            mask |= ((set.Valid & AccessTime) != 0 ? AttributeMask.AccessTime : AttributeMask.None)
                | ((set.Valid & ModifyTime) != 0 ? AttributeMask.ModifyTime : AttributeMask.None);
        }

        return error;
    }

    private static long Nanoseconds(uint valid, uint given, uint now, uint value) =>
        (valid & given) == 0 ? Shim.TimeOmit : (valid & now) != 0 ? Shim.TimeNow : value;
}
