// Set-user-ID and set-group-ID bits, which the kernel leaves to us to drop (HANDLE_KILLPRIV_V2): in return it does not
// ask for security.capability before every write. File capabilities need no care: the underlying file system drops them
// at every write and truncation, on both nodes.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>What a file loses when somebody unprivileged changes it.</summary>
internal static unsafe class Privileges
{
    /// <summary>Whether the file has any; remembered while the answer is no.</summary>
    internal static bool Any(FileNode node)
    {
        if (node.Unprivileged)
        {
            return false;
        }

        NativeStat stat;
        if (Shim.StatAt(node.Descriptor, "", &stat) != 0)
        {
            return false;
        }

        node.Unprivileged = ModeBits.WithoutPrivileges(stat.Mode) == stat.Mode;
        return !node.Unprivileged;
    }

    /// <summary>Drops them. True when there were any.</summary>
    internal static bool Drop(FileNode node, out int error)
    {
        error = 0;
        if (!Any(node))
        {
            return false;
        }

        NativeStat stat;
        error = -Shim.StatAt(node.Descriptor, "", &stat);
        if (error == 0)
        {
            error = -Shim.ChangeMode(node.Descriptor, ModeBits.WithoutPrivileges(stat.Mode) & ModeBits.Permissions);
        }

        return error == 0;
    }

    /// <summary>Sets a size, tells the request which range changed and what must be replicated.</summary>
    internal static int Truncate(ref FuseRequest request, FileNode node, ulong size, bool drop)
    {
        NativeStat before;
        var error = -Shim.StatAt(node.Descriptor, "", &before);
        if (error != 0)
        {
            return error;
        }

        var writer = node.Buffered(write: true);
        error = -Shim.Truncate(writer >= 0 ? writer : node.Descriptor, size);
        if (error != 0)
        {
            return error;
        }

        request.Node = node;
        request.Range = RangeChange.Truncate;
        request.Offset = size;
        request.Bytes = before.Size > size ? before.Size - size : 0;
        var dropped = drop && Drop(node, out error);
        request.Change = AttributeOperations.Describe(node,
            AttributeMask.Size | (dropped ? AttributeMask.Mode : AttributeMask.None));
        return error;
    }
}
