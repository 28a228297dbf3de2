// FALLOCATE and LSEEK.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Allocation, holes and zeros.</summary>
internal sealed unsafe class RangeOperations(FuseFileSystem system)
{
    // FALLOC_FL_
    private const uint KeepSize = 0x1;
    private const uint PunchHole = 0x2;
    private const uint ZeroRange = 0x10;

    // The other whences never get here: the kernel knows the size itself.
    private const uint SeekData = 3;
    private const uint SeekHole = 4;

    internal FuseVerdict TakeAllocate(ref FuseRequest request)
    {
        ref var allocate = ref *(FuseWire.AllocateIn*)(request.Header + FuseWire.InHeaderBytes);
        request.Node = system.Handles.Find(allocate.Handle)?.Node;
        if (request.Node is null)
        {
            request.Refusal = Errno.EBADF;
        }
        else if (allocate.Mode is not (0 or KeepSize or (PunchHole | KeepSize) or ZeroRange or (ZeroRange | KeepSize)))
        {
            request.Refusal = Errno.EOPNOTSUPP;
        }

        request.Range = RangeChange.Allocate;
        request.AllocateMode = (int)allocate.Mode;
        request.Offset = allocate.Offset;
        request.Bytes = allocate.Length;
        return system.TakeChange(ref request);
    }

    internal int Allocate(ref FuseRequest request)
    {
        var node = request.Node!;
        if (system.IsDetached && node.ReplicatedPath is not null)
        {
            return DetachedOperations.Allocate(ref request, node);
        }

        var descriptor = node.Buffered(write: true);
        if (descriptor < 0)
        {
            return Errno.EBADF;
        }

        NativeStat before, after;
        var looked = Shim.StatAt(node.Descriptor, "", &before) == 0;
        var error = -Shim.Allocate(descriptor, request.AllocateMode, request.Offset, request.Bytes);

        // A file system that fills up on the way (ext4) leaves the file as long as it came.
        if (error != 0 && looked && Shim.StatAt(node.Descriptor, "", &after) == 0 && before.Size != after.Size)
        {
            request.Change = AttributeOperations.Describe(node, AttributeMask.Size);
        }

        // Unlike at writes, the kernel does not say whether the caller may keep the bits: only root may.
        if (error == 0 && request.In.Uid != 0 && Privileges.Drop(node, out error))
        {
            request.Change = AttributeOperations.Describe(node, AttributeMask.Mode);
        }

        return error;
    }

    internal int Seek(ref FuseRequest request)
    {
        var seek = system.Body.Take<FuseWire.SeekIn>();
        if (system.Handles.Find(seek.Handle)?.Node is not { } node)
        {
            return Errno.EBADF;
        }

        if (seek.Whence is not (SeekData or SeekHole))
        {
            return Errno.EINVAL;
        }

        if (system.IsDetached && node.ReplicatedPath is not null)
        {
            var failure = DetachedOperations.Seek(node, seek.Offset, seek.Whence, out var found);
            if (failure == 0)
            {
                request.Answer<FuseWire.SeekOut>()->Offset = found;
            }

            return failure;
        }

        var offset = Shim.Seek(node.Buffered(write: false), seek.Offset, (int)seek.Whence);
        if (offset >= 0)
        {
            request.Answer<FuseWire.SeekOut>()->Offset = (ulong)offset;
        }

        return (int)-Math.Min(offset, 0);
    }
}
