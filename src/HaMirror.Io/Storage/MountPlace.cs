// What must be true of a replicated directory before it is mounted over. One sentence for each thing that is not.
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>Checks a place and opens it.</summary>
internal static unsafe class MountPlace
{
    /// <summary>What <see cref="Shim.MountKind(string)"/> says of a mount of HaMirror's.</summary>
    public const int ServedHere = 1;
    private const int ServedByOthers = 2;
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;

    /// <exception cref="IOException">The directory cannot be mirrored; the message is a sentence.</exception>
    public static MountPoint Open(int root, ReplicatedDirectory directory, ReplicationFilter filter)
    {
        switch (Shim.MountKind(directory.Path))
        {
            case ServedHere:
                throw new IOException(
                    $"{directory.Path} is already served by HaMirror: another module replicates it, or its mount was left behind (umount -l {directory.Path}).");
            case ServedByOthers:
                throw new IOException(
                    $"{directory.Path} is itself a mount point: replicate a directory inside it, or what it was mounted over would come back when HaMirror unmounts.");
        }
        if (MountInside(directory.Path) is { } inside)
        {
            throw new IOException(
                $"{inside} is a mount point inside {directory.Path}: what lies there would be missing on the peer. Unmount it, or mount it outside of {directory.Path}.");
        }
        // Counts for paths that a "!" expression does not match: directories stay, or nothing below could ever match.
        var descriptor = -1;
        var mount = MountPoint.Open(root, directory.Path, path =>
            filter.Replicates(path, false)
            || (filter.Replicates(path, true) && IsDirectory(descriptor, path)));
        descriptor = mount.Descriptor;
        try
        {
            foreach (var wanted in directory.ToCheck)
            {
                NativeStat stat;
                if (Shim.StatAt(descriptor, wanted, &stat) != 0)
                    throw new IOException(
                        $"{wanted} is missing in {directory.Path}, where tocheck of userconfig.xml expects it: is the right file system mounted there?");
            }
            return mount;
        }
        catch (IOException)
        {
            mount.Dispose();
            throw;
        }
    }

    /// <summary>The first mount point below the directory, or null. Whoever used it through our mount would get EXDEV, and
    /// nobody would know why. The kernel writes blanks and such in octal.</summary>
    private static string? MountInside(string path)
    {
        const int mountPointField = 4;
        var beneath = path.TrimEnd('/') + "/";
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var fields = line.Split(' ');
            if (fields.Length > mountPointField && Unescape(fields[mountPointField]) is var place
                && place.StartsWith(beneath, StringComparison.Ordinal))
            {
                return place;
            }
        }

        return null;
    }

    private static string Unescape(string text) => text
        .Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
        .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);

    private static bool IsDirectory(int root, string path)
    {
        NativeStat stat;
        return Shim.StatAt(root, path, &stat) == 0 && (stat.Mode & TypeMask) == TypeDirectory;
    }
}
