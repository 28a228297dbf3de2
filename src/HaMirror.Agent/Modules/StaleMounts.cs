using HaMirror.Agent.Logging;
using HaMirror.Io.Hooks;
using HaMirror.Io.Native;

namespace HaMirror.Agent.Modules;

/// <summary>Removes what an agent that died left behind: its mounts, and the processes that still hold files of them. Their
/// open files are dead for good, so nothing of value ends with them.</summary>
internal sealed class StaleMounts(ILogger<StaleMounts> log)
{
    private const int KindHaMirror = 1;

    /// <summary>An agent that died twice quickly may have left one mount over another.</summary>
    private const int LayersMax = 16;

    /// <summary>For a look at what all processes map.</summary>
    private static readonly TimeSpan MapsPatience = TimeSpan.FromSeconds(2);

    /// <returns>The paths that had a stale mount.</returns>
    public List<string> Remove(IEnumerable<string> paths)
    {
        var stale = new List<string>();
        foreach (var path in paths)
        {
            if (Shim.MountKind(path) == KindHaMirror) stale.Add(path);
            for (var layer = 0; layer < LayersMax && Shim.MountKind(path) == KindHaMirror; layer++)
            {
                // First, so that nobody hangs in it any more, the dead agent's own threads included.
                var result = Shim.FuseAbort(path);
                if (result == 0)
                {
                    // Before the detaching, after which their files have no path to be recognised by.
                    foreach (var process in Holders(path)) End(process, path);
                    result = Shim.FuseUnmount(path, abort: 1);
                }

                if (result < 0)
                {
                    log.StaleMountStays(path, Errno.Describe(-result));
                    break;
                }

                log.StaleMountRemoved(path);
            }
        }

        return stale;
    }

    private static IEnumerable<int> Holders(string path)
    {
        var open = ProcessFiles.Holders(path).ToArray();
        var maps = Task.Factory.StartNew(
            () => ProcessFiles.Mappers(path).ToArray(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int[] mapped = maps.Wait(MapsPatience) ? maps.Result : [];
        return open.Union(mapped).Where(process => process != Environment.ProcessId);
    }

    private void End(int id, string path)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            var name = process.ProcessName;
            process.Kill();
            log.StrayProcessEnded(id, name, path);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Ended by itself (or by the guard) between the look and the kill.
        }
    }
}
