// Replaces a file so that a power cut leaves the old one or the new one, whole.
// Order: (1) write beside it, (2) fsync, (3) rename over it, (4) fsync the directory. Only after (4) is it said to be done.
using HaMirror.Io.Native;
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Io.Records;

/// <summary>Atomic, durable replacement of a small file, 0600.</summary>
public static class AtomicFile
{
    /// <exception cref="IOException">The disk is full or broken; the message is a sentence that names the file.</exception>
    public static void Replace(string path, params ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        var directory = Path.GetDirectoryName(path)!;
        var beside = path + ".new";
        try
        {
            AgentFiles.Ensure(directory);
            using (var file = new FileStream(beside, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = AgentFiles.FileMode,
                BufferSize = 0,
            }))
            {
                foreach (var part in parts)
                    file.Write(part.Span);
                Sync(file.SafeFileHandle, beside);
            }
            File.Move(beside, path, overwrite: true);
            SyncDirectory(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} could not be written: {failure.Message} "
                + "Free space on that file system or repair it.", failure);
        }
    }

    /// <summary>Makes a file durable. FileStream.Flush(flushToDisk: true) of .NET 10 would do it too, but says nothing when the disk
    /// refuses (EIO): a record would be relied on that a power cut takes back.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    internal static void Sync(SafeFileHandle file, string path) =>
        Shim.Check(Shim.Sync((int)file.DangerousGetHandle(), 0), $"make {path} durable");

    /// <summary>Makes the names in a directory durable.</summary>
    public static void SyncDirectory(string directory)
    {
        var descriptor = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, directory, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0),
            $"open the directory {directory}");
        try
        {
            Shim.Check(Shim.Sync(descriptor, 0), $"make the directory {directory} durable");
        }
        finally
        {
            _ = Shim.Close(descriptor);
        }
    }
}
