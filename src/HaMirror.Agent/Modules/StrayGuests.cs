using HaMirror.Agent.Logging;
using HaMirror.Io.Libvirt;

namespace HaMirror.Agent.Modules;

/// <summary>Ends VMs that an earlier agent of this node started and that outlived their mounts. They cannot be its own any
/// more: their disks are gone, and the peer may run the same VM by now.</summary>
/// <remarks>Only directories that this node was to serve are looked at: a VM that an operator runs on a directory before its
/// module was ever started is left alone.</remarks>
internal sealed class StrayGuests(ILogger<StrayGuests> log)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public async Task DestroyAsync(IReadOnlyCollection<string> directories)
    {
        if (directories.Count == 0) return;
        try
        {
            using var libvirt = await LibvirtConnection.OpenAsync(Timeout);
            foreach (var directory in directories)
            {
                foreach (var domain in await libvirt.FindUsingAsync(directory))
                {
                    if (await libvirt.DestroyAsync(domain.Uuid)) log.StrayGuestDestroyed(domain.Name, directory);
                }
            }
        }
        catch (LibvirtException error)
        {
            log.GuestsUnknown(error.Message); // A node without libvirt runs no VM; one whose libvirt hangs says so.
        }
    }
}
