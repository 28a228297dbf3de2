// Flushes that are the only thing under way. In line they spare a hop to a kernel thread and back, which on a fast disk
// takes longer than the flush; but meanwhile their thread serves nobody and answers no probe.
// Invariant: only a disk that has proven to be quick is waited for; after a slow flush the next ones take the ring.
using System.Diagnostics;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Decides for one thread whether a lone flush is done in line, and does it.</summary>
internal sealed class LoneFlush
{
    /// <summary>Flushes that take the ring after a slow one, before the disk is tried again.</summary>
    private const int DetourCount = 256;

    /// <summary>A flush that takes longer is slow.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(2);

    private int _detour;

    /// <summary>Whether the flush that is to be made now goes in line; to be asked once for each.</summary>
    public bool IsDirect()
    {
        if (_detour == 0)
            return true;
        _detour--;
        return false;
    }

    /// <summary>Makes the file durable.</summary>
    /// <returns>0 or -errno.</returns>
    public int Sync(int descriptor, bool dataOnly)
    {
        var start = Stopwatch.GetTimestamp();
        var result = Shim.Sync(descriptor, dataOnly ? 1 : 0);
        if (Stopwatch.GetElapsedTime(start) > Slow)
            _detour = DetourCount;
        return result;
    }
}
