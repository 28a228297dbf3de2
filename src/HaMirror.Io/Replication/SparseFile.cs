// Where a file has data and where it has holes, and how it is found again by name.
using HaMirror.Core.Extents;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Looks at regular files of a replica.</summary>
internal static unsafe class SparseFile
{
    /// <summary>Opens a file for reading if the name still leads to it.</summary>
    /// <returns>-1: the name leads to another file now, or nowhere.</returns>
    /// <exception cref="IOException">It cannot be opened; the message is a sentence.</exception>
    public static int Open(int root, string path, ulong inode, string purpose, out NativeStat stat)
    {
        stat = default;
        // Looked at before it is opened for reading: a FIFO that took the name would hold the thread for ever.
        var place = Shim.Open(root, path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (place is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP)
            return -1;
        Shim.Check(place, $"open {path} for {purpose}");
        try
        {
            fixed (NativeStat* at = &stat)
                Shim.Check(Shim.StatAt(place, "", at), $"look at {path}");
            return stat.Inode != inode || !DirectorySnapshot.IsRegular(stat)
                ? -1
                : Shim.Check(Shim.Reopen(place, OpenFlags.ReadOnly | OpenFlags.CloseOnExec), $"open {path} for {purpose}");
        }
        finally
        {
            _ = Shim.Close(place);
        }
    }

    /// <summary>Where data begins at or behind an offset, rounded down to an extent; the size when there is none.</summary>
    public static ulong Data(int descriptor, ulong offset, ulong size)
    {
        const int seekData = 3;
        var found = Shim.Seek(descriptor, offset, seekData);
        return found == -Errno.ENXIO ? size
            : found < 0 ? offset // a file system without holes
            : Math.Max(offset, ExtentSet.RoundDown((ulong)found));
    }

    /// <summary>Whether all of a range is a hole, or lies behind the end.</summary>
    public static bool IsHole(int descriptor, ulong offset, ulong bytes)
    {
        const int seekData = 3;
        var found = Shim.Seek(descriptor, offset, seekData);
        return found == -Errno.ENXIO || (found >= 0 && (ulong)found - offset >= bytes);
    }

    /// <summary>Where the hole begins behind an offset, rounded up to an extent; the end when there is none.</summary>
    public static ulong Hole(int descriptor, ulong offset, ulong end)
    {
        const int seekHole = 4;
        var found = Shim.Seek(descriptor, offset, seekHole);
        return found <= (long)offset ? end : ExtentSet.RoundUp((ulong)found);
    }
}
