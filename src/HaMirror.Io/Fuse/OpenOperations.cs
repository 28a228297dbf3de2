// Handles: OPEN, CREATE, RELEASE, and what READ, WRITE and FSYNC need before the pump does them.
// Offsets of O_APPEND writes come from the kernel, which alone knows the size of a file that it serves: no descriptor
// here is opened O_APPEND.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Open files.</summary>
internal sealed unsafe class OpenOperations(FuseFileSystem system)
{
    private const uint KeepCache = 1 << 1; // FOPEN_KEEP_CACHE
    private const uint DirectIo = 1 << 0; // FOPEN_DIRECT_IO
    private const uint ParallelDirectWrites = 1 << 6; // FOPEN_PARALLEL_DIRECT_WRITES
    private const uint PassedOn = 1 << 7; // FOPEN_PASSTHROUGH
    private const uint OpenKillsPrivileges = 1 << 0; // FUSE_OPEN_KILL_SUIDGID
    private const uint WriteFromCache = 1 << 0; // FUSE_WRITE_CACHE
    private const uint WriteKillsPrivileges = 1 << 2; // FUSE_WRITE_KILL_SUIDGID
    private const uint SyncDataOnly = 1 << 0; // FUSE_FSYNC_FDATASYNC

    internal FuseVerdict TakeRead(ref FuseRequest request)
    {
        ref var read = ref *(FuseWire.ReadIn*)(request.Header + FuseWire.InHeaderBytes);
        if (system.Handles.Find(read.Handle) is not { } handle || read.Size > request.DataCapacity)
        {
            return Refuse(ref request, Errno.EBADF);
        }

        Point(ref request, handle, read.Offset, read.Size, write: false, direct: handle.Direct);
        return request.Descriptor < 0 && !IsPassedOn(request) ? Refuse(ref request, Errno.EBADF) : FuseVerdict.Read;
    }

    internal FuseVerdict TakeWrite(ref FuseRequest request)
    {
        ref var write = ref *(FuseWire.WriteIn*)(request.Header + FuseWire.InHeaderBytes);
        if (!system.Writable)
        {
            return Refuse(ref request, Errno.EROFS);
        }

        if (system.Handles.Find(write.Handle) is not { } handle || write.Size > request.Length - Shim.FuseHeaderBytes)
        {
            return Refuse(ref request, Errno.EBADF);
        }

        var direct = handle.Direct && (write.WriteFlags & WriteFromCache) == 0;
        Point(ref request, handle, write.Offset, write.Size, write: true, direct);
        request.Durable = (write.Flags & OpenFlags.DataSync) != 0;
        request.Handle = request.Durable ? handle : null;
        request.DropsPrivileges = (write.WriteFlags & WriteKillsPrivileges) != 0 && Privileges.Any(handle.Node);
        return request.Descriptor < 0 && !IsPassedOn(request) ? Refuse(ref request, Errno.EBADF) : FuseVerdict.Write;
    }

    internal FuseVerdict TakeSync(ref FuseRequest request)
    {
        ref var sync = ref *(FuseWire.SyncIn*)(request.Header + FuseWire.InHeaderBytes);
        var handle = request.Opcode == FuseOpcode.Sync ? system.Handles.Find(sync.Handle) : null;
        var directory = request.Opcode == FuseOpcode.Sync ? null : system.DirectoryHandles.Find(sync.Handle);
        request.Handle = handle;
        request.Node = handle?.Node ?? directory?.Node;
        request.DataOnly = (sync.Flags & SyncDataOnly) != 0;
        request.Descriptor = directory?.Stream.Descriptor ?? handle?.Node.Buffered(handle.Writes) ?? -1;
        if (request.Descriptor < 0 && !IsPassedOn(request))
        {
            return Refuse(ref request, Errno.EBADF);
        }

        if (system.Writable)
        {
            return FuseVerdict.Flush;
        }

        // Writes made while it was writable may have been given up since: do not confirm them. EIO, because some
        // programs take EROFS to mean that there was nothing to be flushed.
        return handle is { Writes: true } ? Refuse(ref request, Errno.EIO) : FuseVerdict.Immediate;
    }

    internal FuseVerdict TakeOpen(ref FuseRequest request)
    {
        ref var open = ref *(FuseWire.OpenIn*)(request.Header + FuseWire.InHeaderBytes);
        request.Node = system.Nodes.Find(request.In.Node);
        if ((open.Flags & OpenFlags.Truncate) != 0)
        {
            request.Range = RangeChange.Truncate;
            request.Bytes = ulong.MaxValue;
            return system.TakeChange(ref request);
        }

        return (open.Flags & OpenFlags.AccessMask) != OpenFlags.ReadOnly && !system.Writable
            ? Refuse(ref request, Errno.EROFS)
            : FuseVerdict.Immediate;
    }

    internal int Open(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.OpenIn>();
        if (system.Nodes.Find(request.In.Node) is not { } node)
        {
            return Errno.ESTALE;
        }

        FuseWire.OpenOut open;
        var error = Open(ref request, node, arguments.Flags, arguments.OpenFlags, &open);
        if (error == 0)
        {
            *request.Answer<FuseWire.OpenOut>() = open;
        }

        return error;
    }

    internal int Create(ref FuseRequest request, NameOperations names)
    {
        var arguments = system.Body.Take<FuseWire.CreateIn>();
        if (system.Nodes.Find(request.In.Node) is not { } directory)
        {
            return Errno.ESTALE;
        }

        var error = system.Body.TakeName(directory, out var name);
        if (error != 0)
        {
            return error;
        }

        FuseWire.EntryOut entry;
        FileNode? node;
        var flags = arguments.Flags;
        var mode = (arguments.Mode & ModeBits.Permissions) | ModeBits.Regular;
        error = names.MakeNode(ref request, directory, name, mode, arguments.Umask, ChangeKind.Create, &entry,
            out node);
        if (error == Errno.EEXIST && (flags & OpenFlags.Exclusive) == 0)
        {
            error = system.Nodes.Resolve(directory, name, out node, out var stat);
            if (error == 0)
            {
                node!.Lookups++;
                EntryReply.Fill(&entry, node, stat, system.ValidSeconds);
            }
        }
        else
        {
            flags &= ~(uint)OpenFlags.Truncate;
        }

        if (error != 0)
        {
            return error;
        }

        FuseWire.OpenOut open;
        error = Open(ref request, node!, flags, arguments.OpenFlags, &open);
        if (error != 0)
        {
            system.Nodes.Forget(node!.Number, 1);
            return error;
        }

        var answer = request.Answer<FuseWire.CreateOut>();
        answer->Entry = entry;
        answer->Open = open;
        return 0;
    }

    internal int Release(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.ReleaseIn>();
        if (system.Handles.Remove(arguments.Handle) is not { } handle)
        {
            return Errno.EBADF;
        }

        if (--handle.Node.Opens == 0)
        {
            system.Passed.End(handle.Node);
            handle.Node.CloseDescriptors();
            system.Nodes.Drop(handle.Node);
        }

        return 0;
    }

    private int Open(ref FuseRequest request, FileNode node, uint flags, uint openFlags, FuseWire.OpenOut* answer)
    {
        if (!node.IsRegular)
        {
            return node.IsDirectory ? Errno.EISDIR : Errno.ENXIO;
        }

        var truncates = (flags & OpenFlags.Truncate) != 0;
        var writes = (flags & OpenFlags.AccessMask) != OpenFlags.ReadOnly;
        if ((writes || truncates) && !system.Writable)
        {
            return Errno.EROFS;
        }

        if ((writes || truncates) && node.PassedAs > 0)
        {
            return Errno.ETXTBSY;
        }

        var direct = (flags & OpenFlags.Direct) != 0;
        var error = node.OpenDescriptors(writes, direct);
        if (error == 0 && truncates)
        {
            error = system.IsDetached && node.ReplicatedPath is not null
                ? DetachedOperations.Truncate(ref request, node, 0)
                : Privileges.Truncate(ref request, node, 0, drop: (openFlags & OpenKillsPrivileges) != 0);
        }

        if (error != 0)
        {
            CloseUnused(node);
            return error;
        }

        var passed = writes ? 0 : system.Passed.Pass(node, mayBegin: system is { Writable: true, IsDetached: false });
        node.Opens++;
        *answer = new FuseWire.OpenOut
        {
            Handle = system.Handles.Add(new FileHandle { Node = node, Writes = writes, Direct = direct, LossesTold = node.Losses }),
            OpenFlags = passed > 0 ? PassedOn : CacheFlags(node, direct),
            Backing = passed,
        };
        return 0;
    }

    private static void CloseUnused(FileNode node)
    {
        if (node.Opens == 0)
        {
            node.CloseDescriptors();
        }
    }

    private uint CacheFlags(FileNode node, bool direct)
    {
        // Read-only: somebody else changes the content, so nothing may be served from pages.
        if (direct || !system.Writable)
        {
            node.CacheEra = 0;
            return direct && system.Uses.ParallelWrites ? DirectIo | ParallelDirectWrites : DirectIo;
        }

        // Pages of this era are right, unless direct writes may have gone past them (older kernels keep such pages).
        var keep = node.CacheEra == system.WritableEra;
        node.CacheEra = node.Direct(write: true) < 0 ? system.WritableEra : 0;
        return keep ? KeepCache : 0;
    }

    private void Point(ref FuseRequest request, FileHandle handle, ulong offset, uint bytes, bool write, bool direct)
    {
        var node = handle.Node;
        var descriptor = direct && ((offset | bytes) & (system.DirectAlignment - 1)) == 0 ? node.Direct(write) : -1;
        request.Node = node;
        request.Offset = offset;
        request.Bytes = bytes;
        request.Direct = descriptor >= 0;
        request.Descriptor = descriptor >= 0 ? descriptor : node.Buffered(write);
    }

    /// <summary>The peer stands in for the local disk, so no descriptor is needed.</summary>
    private bool IsPassedOn(in FuseRequest request) => system.IsDetached && request.Node?.ReplicatedPath is not null;

    private static FuseVerdict Refuse(ref FuseRequest request, int error)
    {
        request.Refusal = error;
        return FuseVerdict.Immediate;
    }
}
