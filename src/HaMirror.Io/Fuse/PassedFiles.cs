// Files that the kernel reads by itself (FUSE_PASSTHROUGH, Linux 6.9): opened for reading only, by everybody who has them open.
// Why nobody may write to one meanwhile: the kernel refuses (EIO) each other way of having an inode open, and a handle that is passed on for
// writing would write past the mirror, at the latest through a shared mapping. So only what nobody is expected to write is passed on:
// a file without any permission to write (base images, ISO images are kept so), and whoever may write to it all the same, root, is told
// ETXTBSY until its readers have closed it.
// Why not by default: while the local disk is detached the peer reads for it, but not for a file that is passed on.
// Invariant: a node has a number exactly while all its open handles are passed on.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Passes files on to the kernel. Belongs to the pump's thread.</summary>
internal sealed unsafe class PassedFiles
{
    private const uint AnyMayWrite = 0b010_010_010;

    /// <summary>The mount's descriptor; -1: there is none.</summary>
    internal int Device { get; set; } = -1;

    /// <summary>The kernel has it and it is wanted.</summary>
    internal bool IsAgreed { get; set; }

    /// <summary>Files that are passed on now.</summary>
    internal int Count { get; private set; }

    /// <summary>For a handle that is about to be opened for reading.</summary>
    /// <param name="mayBegin">A file that is not passed on yet may be.</param>
    /// <returns>The number to answer with; 0: it is read through the daemon.</returns>
    internal int Pass(FileNode node, bool mayBegin)
    {
        if (node.PassedAs > 0 || !mayBegin || !IsAgreed || node.Opens > 0 || Device < 0)
        {
            return node.PassedAs;
        }

        NativeStat stat;
        if (Shim.StatAt(node.Descriptor, "", &stat) != 0 || (stat.Mode & AnyMayWrite) != 0)
        {
            return 0;
        }

        var number = Shim.FuseBackingOpen(Device, node.Buffered(write: false));
        if (number <= 0)
        {
            return 0; // the file lies on a stacked file system: as if the kernel had no such thing
        }

        Count++;
        return node.PassedAs = number;
    }

    /// <summary>The last handle is closed.</summary>
    internal void End(FileNode node)
    {
        if (node.PassedAs == 0)
        {
            return;
        }

        if (Device >= 0)
        {
            _ = Shim.FuseBackingClose(Device, node.PassedAs); // a mount that has gone has taken it along
        }

        node.PassedAs = 0;
        Count--;
    }
}
