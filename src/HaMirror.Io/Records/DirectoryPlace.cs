// Replaces a whole directory so that whoever looks finds the old one or the new one, and a power cut leaves one of them.
using HaMirror.Io.Native;

namespace HaMirror.Io.Records;

/// <summary>Atomic replacement of a directory by one that was made beside it.</summary>
public static class DirectoryPlace
{
    private const uint Exchange = 2; // RENAME_EXCHANGE of renameat2(2).

    /// <summary>Puts <paramref name="next"/> where <paramref name="target"/> is; what was there is removed afterwards.</summary>
    /// <exception cref="IOException">The file system refuses; the message is a sentence.</exception>
    public static void Put(string next, string target)
    {
        try
        {
            if (Directory.Exists(target))
            {
                Shim.Check(Shim.Rename(Shim.CurrentDirectory, next, Shim.CurrentDirectory, target, Exchange), $"put {next} in the place of {target}");
                AtomicFile.SyncDirectory(Path.GetDirectoryName(target)!);
                Directory.Delete(next, recursive: true);
            }
            else
            {
                Directory.Move(next, target);
            }

            AtomicFile.SyncDirectory(Path.GetDirectoryName(target)!);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ShimException)
        {
            throw new IOException($"{target} could not be replaced: {failure.Message} Free space on that file system or repair it.", failure);
        }
    }
}
