// Which number of the source means which file here.
// Invariant: a number keeps meaning the same file of the source, whatever names do: the descriptor sees to that, and while
// a resync may replace what stands behind a name, the names are followed too.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>The files that the source has bound.</summary>
internal sealed class TargetFiles(TargetSettings settings) : IDisposable
{
    private const int FileFlags = OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec;

    private readonly Dictionary<ulong, TargetFile> _files = [];
    private readonly Dictionary<(ulong Device, ulong Inode), TargetInode> _inodes = [];
    private TargetFile? _last;
    private ulong _lastNumber;

    public TargetFile Get(ulong number)
    {
        if (_last is not null && _lastNumber == number)
            return _last;
        if (!_files.TryGetValue(number, out _last))
            throw TargetException.Violation($"it refers to file {number}, which it never named.");
        _lastNumber = number;
        return _last;
    }

    /// <summary>The file of a number; null: none has it.</summary>
    public TargetFile? Find(ulong number) => _files.GetValueOrDefault(number);

    /// <param name="tolerant">A path that is not there binds nothing instead of ending the session.</param>
    public void Bind(ulong number, int root, string path, bool tolerant)
    {
        if (number == 0 || root >= settings.Roots.Length)
            throw TargetException.Violation($"it binds file {number} in root {root} of {settings.Roots.Length}.");
        Unbind(number);
        var descriptor = Open(root, path);
        if (descriptor < 0 && !(tolerant && descriptor is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP or -Errno.ENXIO))
            throw new TargetException($"'{path}' in {settings.Roots[root].Path} could not be opened on this node: "
                + $"{Errno.Describe(-descriptor)}. The replicas differ there; the link is tried again by itself.", replicaFailed: true);
        _files[number] = new TargetFile(settings.Roots[root], root, path, Math.Max(descriptor, -1), _inodes);
    }

    public void Unbind(ulong number)
    {
        if (_files.Remove(number, out var file))
            file.Release();
        _last = null;
    }

    /// <summary>The source has renamed; during a resync names that are missing here are followed too.</summary>
    public void Renamed(int root, string from, string to, bool exchange)
    {
        foreach (var file in _files.Values)
            if (file.RootIndex != root || file.IsNameless)
                continue;
            else if (IsAtOrBeneath(file.Path, from))
                file.Path = to + file.Path[from.Length..];
            else if (exchange && IsAtOrBeneath(file.Path, to))
                file.Path = from + file.Path[to.Length..];
            else if (file.Path == to)
                file.IsNameless = true;
    }

    public void Unlinked(int root, string path)
    {
        foreach (var file in _files.Values)
            if (file.RootIndex == root && file.Path == path)
                file.IsNameless = true;
    }

    /// <summary>A visit has put other files behind these names: numbers bound by them mean those now. Nothing may be under
    /// way.</summary>
    public void Replaced(HashSet<(int Root, string Path)> names)
    {
        foreach (var (number, file) in _files)
            if (!file.IsNameless && names.Contains((file.RootIndex, file.Path)))
            {
                // Another object: a barrier under way may be syncing by the descriptors of this one.
                _files[number] = new TargetFile(
                    settings.Roots[file.RootIndex], file.RootIndex, file.Path, Math.Max(-1, Open(file.RootIndex, file.Path)), _inodes);
                file.Release();
            }
        _last = null;
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Release();
        _files.Clear();
    }

    private static bool IsAtOrBeneath(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal)
        && (path.Length == directory.Length || path[directory.Length] == '/');

    private int Open(int root, string path)
    {
        var descriptor = Shim.Open(settings.Roots[root].Descriptor, path, FileFlags, 0);
        return descriptor == -Errno.EISDIR
            ? Shim.Open(settings.Roots[root].Descriptor, path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0)
            : descriptor;
    }
}
