// What a process has open, as far as it can be seen without touching any of it.
// Rule: only links of /proc are read. .NET's own enumeration looks at what each link leads to, which hangs on a file of a mount
// that hangs, whoever's it is; so the names come from getdents.
using System.Globalization;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Hooks;

/// <summary>Paths that processes hold.</summary>
public static class ProcessFiles
{
    /// <summary>Every process that has a file beneath a directory open, or lives there.</summary>
    /// <param name="directory">Absolute path.</param>
    public static IEnumerable<int> Holders(string directory) =>
        ProcessEntry.All().Select(entry => entry.Id).Where(process => Held(process).Any(path => Lies(path, directory)));

    /// <summary>Every process that maps a file beneath a directory. To look at a process's maps takes its lock: call it from a
    /// thread that nobody needs.</summary>
    /// <inheritdoc cref="Holders"/>
    public static IEnumerable<int> Mappers(string directory) =>
        ProcessEntry.All().Select(entry => entry.Id).Where(process => Mapped(process).Any(path => Lies(path, directory)));

    private static IEnumerable<string> Held(int process)
    {
        string[] links = [$"/proc/{process}/cwd", $"/proc/{process}/root", .. Numbers($"/proc/{process}/fd").Select(number => $"/proc/{process}/fd/{number}")];
        foreach (var link in links)
            if (Target(link) is { } target)
                yield return target;
    }

    private static List<string> Numbers(string directory)
    {
        var names = new List<ListedName>();
        var descriptor = Shim.Open(Shim.CurrentDirectory, directory, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
            return []; // It has ended.
        _ = DirectoryListing.Read(descriptor, names);
        _ = Shim.Close(descriptor);
        return [.. names.Select(name => name.Text).Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))];
    }

    private static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, or has closed it.
        }
    }

    private static string[] Mapped(int process)
    {
        try
        {
            return [.. File.ReadLines($"/proc/{process}/maps").Where(line => line.Contains('/', StringComparison.Ordinal)).Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return []; // It has ended.
        }
    }

    private static bool Lies(string file, string directory) =>
        file == directory || file.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal);
}
