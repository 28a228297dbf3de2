// Flushes of a module's disk that failed, and what the kernel remembers wrongly since.
// What Linux cannot write it counts as written: the pages stay in memory, clean, with content that the disk lacks, and the error
// is told once to each descriptor. A later flush that succeeds proves nothing, and a hash of such pages equals the peer's.
// Invariants: (1) after a failed flush the intent log settles nothing any more until the mounts are made anew; (2) a target
// session in whose time a flush failed reports nothing durable; (3) no session begins before those pages were dropped; (4) an agent
// that died has told nobody what it met: where it left an open intent log, its successor takes it that a flush had failed.
using System.Diagnostics;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>What a module's disk has proven. Any thread.</summary>
public sealed class DiskProof
{
    private const string DropFile = "/proc/sys/vm/drop_caches";

    /// <summary>The kernel visits every file system for it, and waits for one that is just being unmounted from a disk that hangs.</summary>
    private static readonly TimeSpan DropPatience = TimeSpan.FromSeconds(20);

    /// <summary>One thread of this process at a time waits for the kernel.</summary>
    private static readonly SemaphoreSlim Turn = new(1);

    private int _failures;
    private int _dropped;
    private int _earlier;

    /// <summary>Flushes that failed since the agent's start, and perhaps one before it.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <summary>A flush has failed, and the pages are still there.</summary>
    public bool HasUnproven => Failures != Volatile.Read(ref _dropped);

    /// <summary>Whether a flush that fails with this may have cost content.</summary>
    public static bool IsLoss(int error) => LocalFault.IsFault(error) || error is Errno.ENOSPC or Errno.EDQUOT;

    /// <summary>A flush failed.</summary>
    public void Failed() => Interlocked.Increment(ref _failures);

    /// <summary>Heeds what a flush answered.</summary>
    /// <returns><paramref name="result"/>: negative errno when it failed.</returns>
    public int Heed(int result)
    {
        if (result < 0 && IsLoss(-result))
            Failed();
        return result;
    }

    /// <summary>An agent has died before this one: as <see cref="Failed"/>, once.</summary>
    public void Succeeds()
    {
        if (Interlocked.Exchange(ref _earlier, 1) == 0)
            Failed();
    }

    /// <summary>After a flush failed: has the kernel drop all clean pages of this host, so that what is read is what the disk has.
    /// It has no narrower way that takes pages of files that nobody has open.</summary>
    /// <param name="dropped">A flush had failed since the last time.</param>
    /// <returns>Null, or why it cannot be, as a sentence.</returns>
    public string? DropPages(out bool dropped)
    {
        dropped = false;
        var failures = Failures;
        if (failures == Volatile.Read(ref _dropped))
            return null;
        try
        {
            if (!TryDrop(DropPatience))
                return $"A flush of the disk of this node has failed, and the kernel has not dropped what it keeps of its files since for "
                    + $"{DropPatience.TotalSeconds:0} s: some disk of this host does not answer. Look for it in the kernel's log (dmesg) and repair or remove it.";
            Volatile.Write(ref _dropped, failures);
            dropped = true;
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"A flush of the disk of this node has failed, and what the kernel keeps of its files since cannot be dropped ({failure.Message}): "
                + $"write 1 to {DropFile}, or restart this host.";
        }
    }

    /// <summary>Begins anew even where another one has just been under way: that one may have begun before the failure.</summary>
    private static bool TryDrop(TimeSpan patience)
    {
        var since = Stopwatch.StartNew();
        if (!Turn.Wait(patience))
            return false;
        var dropping = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    File.WriteAllText(DropFile, "1");
                }
                finally
                {
                    Turn.Release();
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var left = patience - since.Elapsed;
        if (Task.WaitAny([dropping], left > TimeSpan.Zero ? left : TimeSpan.Zero) < 0)
            return false;
        dropping.GetAwaiter().GetResult();
        return true;
    }
}
