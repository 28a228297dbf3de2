// Names of which it is not known that both disks have them as they are here.
//   Made     A file that was made here: after a crash its name may lead to nothing, or to an older file, and its number to
//            another one. Its first change makes all of it hot.
//   Removed  A name that was given up: after a crash here the old file may be back under it, while the peer has what took the
//            name since. Whoever takes it makes all of the old file hot first; a name that nobody takes costs nothing.
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>Made files and removed names. Belongs to the pump's thread.</summary>
internal sealed class UnsettledNames
{
    private readonly Dictionary<FileKey, long> _made = [];
    private readonly Dictionary<(FileKey Directory, string Name), (FileKey File, long Period)> _removed = [];

    public void Made(FileKey key, long period) => _made[key] = period;

    public bool IsMade(FileKey key) => _made.Count > 0 && _made.ContainsKey(key);

    /// <summary>All of it is hot.</summary>
    public void Forget(FileKey key) => _made.Remove(key);

    public void Removed(FileKey directory, string name, FileKey file, long period) => _removed[(directory, name)] = (file, period);

    public bool TryFindRemoved(FileKey directory, string name, out FileKey file)
    {
        file = default;
        if (_removed.Count == 0 || !_removed.TryGetValue((directory, name), out var removed))
            return false;
        file = removed.File;
        return true;
    }

    /// <summary>Both disks have what was there up to this period. A file that is marked whole is not at the peer.</summary>
    public void Settled(long period, MarkSet marks)
    {
        foreach (var (key, made) in _made)
            if (made <= period && marks.Find(key) is not { IsWhole: true })
                _made.Remove(key);
        foreach (var (name, removed) in _removed)
            if (removed.Period <= period)
                _removed.Remove(name);
    }

    public void Clear()
    {
        _made.Clear();
        _removed.Clear();
    }
}
