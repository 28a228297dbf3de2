// Makes a salvage set's files whole: what the resync replaces is saved when it is replaced, the rest of those files beside it,
// so that a file can be written out as the loser had it however much the replica changes later.
// Invariant: nothing waits for this and nothing rests on it; where space or time is short the set keeps the replaced parts only.
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>Saves the rest of files that a set keeps parts of, on a thread of its own.</summary>
internal sealed class SalvageCompletion : IDisposable
{
    /// <summary>How often it is looked for files that have begun to change, in ms.</summary>
    private const int LookMs = 200;

    private readonly PreimageJournal _journal;
    private readonly IReadOnlyList<TargetRoot> _roots;
    private readonly Func<FileKey, PreimageFile, bool> _wanted;
    private readonly Action _ended;
    private readonly HashSet<FileKey> _done = [];
    private readonly ManualResetEventSlim _hurry = new();
    private readonly Thread _thread;
    private volatile bool _accepted;
    private volatile bool _stopped;

    /// <param name="wanted">Whether the loser's own writes are in a file; what only the other node has changed is no loss.</param>
    /// <param name="ended">Told when all is saved, or as much as there is room for, after <see cref="Accepted"/>.</param>
    public SalvageCompletion(
        PreimageJournal journal, IReadOnlyList<TargetRoot> roots, Func<FileKey, PreimageFile, bool> wanted, Action ended)
    {
        (_journal, _roots, _wanted, _ended) = (journal, roots, wanted, ended);
        _thread = new Thread(Run) { IsBackground = true, Name = "salvage" };
        _thread.Start();
    }

    /// <summary>The resync has ended: no further file begins to lose what only this node had.</summary>
    public void Accepted()
    {
        _journal.Soften();
        _accepted = true;
        _hurry.Set();
    }

    /// <summary>Stops, and waits until no file of the replica is open here any more.</summary>
    public void Dispose()
    {
        _stopped = true;
        _hurry.Set();
        _thread.Join();
        _hurry.Dispose();
    }

    private void Run()
    {
        while (!_stopped && !_journal.HasEnded)
        {
            var last = _accepted; // Looked at before: what was changed until then is found below.
            foreach (var (key, paths) in _journal.Unfinished(_wanted))
                if (!_stopped && _done.Add(key))
                    Complete(key, paths);
            if (last)
                break;
            _hurry.Wait(LookMs);
        }
        if (_accepted && !_stopped)
            _ended();
    }

    private void Complete(FileKey key, IReadOnlyList<string> paths)
    {
        foreach (var path in paths)
        {
            var file = Shim.Open(
                _roots[key.Root].Descriptor, path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0);
            if (file < 0)
                continue;
            if (Inode(file) == key.Inode)
            {
                while (!_stopped && _journal.Complete(key, file))
                {
                }
                _ = Shim.Close(file);
                return;
            }
            _ = Shim.Close(file);
        }
    }

    private static unsafe ulong Inode(int file)
    {
        NativeStat stat;
        return Shim.StatAt(file, "", &stat) < 0 ? 0 : stat.Inode;
    }
}
