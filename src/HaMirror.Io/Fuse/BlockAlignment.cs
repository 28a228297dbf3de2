// What direct I/O on a file system must be aligned to: the logical block size of its device, from sysfs.
using System.Globalization;

namespace HaMirror.Io.Fuse;

/// <summary>Alignment of direct I/O.</summary>
internal static class BlockAlignment
{
    /// <summary>Right for every device there is; assumed where the file system does not lie on one block
    /// device.</summary>
    private const uint Safe = 4096;

    /// <param name="device">st_dev</param>
    /// <returns>Bytes; a power of two.</returns>
    internal static uint OfDevice(ulong device)
    {
        var major = ((device >> 8) & 0xfff) | ((device >> 32) & ~0xffful);
        var minor = (device & 0xff) | ((device >> 12) & ~0xfful & 0xffffffff);
        var place = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{major}:{minor}");

        // A partition has no queue of its own, its disk's is one level up.
        foreach (var file in (string[])[place + "/queue/logical_block_size", place + "/../queue/logical_block_size"])
        {
            if (File.Exists(file) && uint.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None,
                CultureInfo.InvariantCulture, out var bytes) && bytes is >= 512 and <= Safe)
            {
                return bytes;
            }
        }

        return Safe;
    }
}
