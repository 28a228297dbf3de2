using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>What fallocate(2) would do, for file systems that cannot: the same bytes read back, only space differs.</summary>
internal static unsafe class ZeroRange
{
    private const int KeepSize = 1;
    private const int PunchHole = 2;
    private const int Zero = 16;

    /// <param name="scratch">Room to read a part of the file.</param>
    /// <returns>0 or -errno; -EOPNOTSUPP for a mode that moves bytes.</returns>
    public static int Allocate(int file, int mode, ulong offset, ulong bytes, Span<byte> scratch)
    {
        if ((mode & ~(KeepSize | PunchHole | Zero)) != 0)
            return -Errno.EOPNOTSUPP;
        NativeStat stat;
        var looked = Shim.StatAt(file, "", &stat);
        if (looked < 0)
            return looked;
        var end = Math.Min(offset + bytes, stat.Size);
        if ((mode & (PunchHole | Zero)) != 0)
            for (var at = offset; at < end;)
            {
                var part = Math.Min(end - at, (ulong)scratch.Length);
                if (Clear(file, at, part, scratch) is < 0 and var error)
                    return error;
                at += part;
            }
        return (mode & KeepSize) == 0 && offset + bytes > stat.Size ? Shim.Truncate(file, offset + bytes) : 0;
    }

    private static int Clear(int file, ulong offset, ulong bytes, Span<byte> scratch)
    {
        fixed (byte* at = scratch)
        {
            var read = Shim.ReadAt(file, at, bytes, offset);
            if (read < 0)
                return (int)read;
            if (Shim.IsZero(at, (ulong)read) != 0)
                return 0;
            scratch[..(int)read].Clear();
            return (int)Math.Min(0, Shim.WriteAt(file, at, (ulong)read, offset));
        }
    }
}
