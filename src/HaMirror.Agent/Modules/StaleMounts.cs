using HaMirror.Agent.Logging;
using HaMirror.Io.Native;

namespace HaMirror.Agent.Modules;

/// <summary>Removes what an agent that died left behind: its mounts, and the processes that still hold files of them. Their
/// open files are dead for good, so nothing of value ends with them.</summary>
internal sealed class StaleMounts(ILogger<StaleMounts> log)
{
    private const int KindHaMirror = 1;

    /// <summary>An agent that died twice quickly may have left one mount over another.</summary>
    private const int LayersMax = 16;

    /// <returns>The paths that had a stale mount.</returns>
    public List<string> Remove(IEnumerable<string> paths)
    {
        var stale = new List<string>();
        foreach (var path in paths)
        {
            if (Shim.MountKind(path) == KindHaMirror) stale.Add(path);
            for (var layer = 0; layer < LayersMax && Shim.MountKind(path) == KindHaMirror; layer++)
            {
                // Before the detaching, after which their files have no path to be recognised by.
                var holders = Holders(path).ToList();
                var result = Shim.FuseUnmount(path, abort: 1);
                foreach (var process in holders) End(process, path);
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

    private static IEnumerable<int> Holders(string path) =>
        from directory in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(directory)
        where int.TryParse(name, out _)
        let process = int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)
        where process != Environment.ProcessId && Holds(directory, path)
        select process;

    /// <summary>Only links are read: looking at the files themselves could hang in the mount.</summary>
    private static bool Holds(string process, string path)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(process + "/fd").Append(process + "/cwd").Append(process + "/root")
                .Any(link => Lies(new FileInfo(link).LinkTarget, path))
                || File.ReadLines(process + "/maps").Any(line => line.IndexOf('/') is >= 0 and var at && Lies(line[at..], path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended meanwhile.
        }
    }

    private static bool Lies(string? file, string path) =>
        file is not null && (file == path || file.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal));

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
