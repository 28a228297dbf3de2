// Whether a disk writes and reads back what was written, tried in a file that has no name and so is in nobody's way.
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>Tries the disks under directories.</summary>
internal static class DiskProbe
{
    /// <summary>More than one block of any file system.</summary>
    private const int ProbeBytes = 1 << 20;

    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public static async Task<string?> TryAsync(IReadOnlyList<(string Path, int Descriptor)> directories, TimeSpan patience)
    {
        foreach (var (path, descriptor) in directories)
        {
            // On a thread that nobody else needs: a disk that hangs keeps it.
            var probe = Task.Factory.StartNew(
                () => Try(path, descriptor), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            try
            {
                if (await probe.WaitAsync(patience).ConfigureAwait(false) is { } failure)
                    return failure;
            }
            catch (TimeoutException)
            {
                return $"The disk under {path} has not answered for {patience.TotalSeconds:0.#} s.";
            }
        }
        return null;
    }

    private static unsafe string? Try(string path, int directory)
    {
        var file = Shim.Open(directory, ".", OpenFlags.ReadWrite | OpenFlags.Temporary | OpenFlags.CloseOnExec, 0x180);
        if (file < 0)
            return Failed(path, "made in", file);
        try
        {
            using var written = new PageBlock(ProbeBytes);
            using var read = new PageBlock(ProbeBytes);
            var seed = (byte)Random.Shared.Next(256);
            for (var index = 0; index < ProbeBytes; index++)
                written.Address[index] = (byte)(index * 31 + seed);
            if (Shim.WriteAt(file, written.Address, ProbeBytes, 0) is < 0 and var unwritten)
                return Failed(path, "written to", unwritten);
            if (Shim.Sync(file, 0) is < 0 and var unsynced)
                return Failed(path, "made durable in", unsynced);
            // Past the cache of the kernel where the file system can.
            var direct = Shim.Reopen(file, OpenFlags.ReadOnly | OpenFlags.Direct | OpenFlags.CloseOnExec);
            var result = Shim.ReadAt(direct >= 0 ? direct : file, read.Address, ProbeBytes, 0);
            if (direct >= 0)
                _ = Shim.Close(direct);
            if (result < 0)
                return Failed(path, "read from", result);
            return result == ProbeBytes && new ReadOnlySpan<byte>(written.Address, ProbeBytes).SequenceEqual(new ReadOnlySpan<byte>(read.Address, ProbeBytes))
                ? null
                : $"The disk under {path} does not read back what was written to it.";
        }
        finally
        {
            _ = Shim.Close(file);
        }
    }

    private static string Failed(string path, string what, long error) =>
        $"A file to try the disk with could not be {what} {path}: {Errno.Describe((int)-error)}.";
}
