using HaMirror.Agent.Hosting;
using HaMirror.Io.Native;

namespace HaMirror.Agent.Modules;

/// <summary>Keeps the agent out of the mounts that it serves: a thread of it that waits in one cannot be ended when that
/// hangs.</summary>
internal static class OwnMounts
{
    private const int KindHaMirror = 1;

    /// <exception cref="Refusal">The path is or lies in a directory that this node serves.</exception>
    public static void RefuseInside(string path)
    {
        // The shortest first, so that no step goes through a mount.
        for (var end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (Shim.MountKind(part) == KindHaMirror)
                throw new Refusal(Refusal.Conflict, $"{path} lies in {part}, which HaMirror serves.", "Name a directory outside of it.");
            if (end < 0) return;
        }
    }
}
