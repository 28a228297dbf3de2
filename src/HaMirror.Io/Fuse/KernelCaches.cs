// What the kernel may remember of a mount, listed by the pump's thread and dropped by another one: the kernel waits for
// pages under read or write before it drops them, and only the pump can answer those requests.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>A list of nodes and names whose cached state is to be dropped.</summary>
public sealed class KernelCaches
{
    private readonly List<(ulong Directory, string Name)> names = [];
    private readonly List<ulong> nodes = [];

    internal KernelCaches(NodeTable table)
    {
        foreach (var node in table.All)
        {
            nodes.Add(node.Number);
            foreach (var (directory, name) in node.Names)
            {
                names.Add((directory.Number, name));
            }
        }
    }

    /// <summary>Has the kernel drop names, attributes, access lists and pages. Call it from a thread other than the
    /// pump's that nobody waits for: it takes as long as the pump holds requests back. Do not close the descriptor
    /// meanwhile.</summary>
    /// <param name="mount">The mount's descriptor of /dev/fuse.</param>
    /// <returns>0, or -errno when the mount has gone (-ENODEV, -ENOTCONN).</returns>
    public int Drop(int mount)
    {
        var result = 0;
        foreach (var (directory, name) in names)
        {
            result = Worse(result, Shim.FuseInvalidateEntry(mount, directory, name));
        }

        foreach (var node in nodes)
        {
            result = Worse(result, Shim.FuseInvalidate(mount, node));
        }

        return result;
    }

    // What the kernel does not know any more needs no dropping.
    private static int Worse(int before, int now) => now is < 0 and not -Errno.ENOENT ? now : before;
}
