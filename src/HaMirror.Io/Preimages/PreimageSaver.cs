// Saves what is about to be replaced on a thread of its own: the session receives meanwhile, and what needs nothing saved goes on.
// Invariants: (1) ranges are saved in the order in which they were asked for; (2) the asker keeps a range's file open until Done
// has reached its ticket, or this is disposed.
using System.Collections.Concurrent;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>A range of a file that is about to change.</summary>
/// <param name="Ticket">1, 2, 3 ...</param>
/// <param name="File">Open for reading.</param>
/// <param name="End">Behind the range.</param>
internal readonly record struct PreimageRequest(ulong Ticket, FileKey Key, int File, ulong Offset, ulong End);

/// <summary>The thread that saves ranges.</summary>
/// <param name="save">Saves one, and says whether somebody may wait for just that.</param>
/// <param name="told">Called once <see cref="Done"/> has its ticket, where <paramref name="save"/> said so.</param>
internal sealed class PreimageSaver(Func<PreimageRequest, bool> save, Action told) : IDisposable
{
    private readonly BlockingCollection<PreimageRequest> _requests = [];
    private Thread? _thread;
    private ulong _asked;
    private ulong _done;
    private volatile bool _isStopped;

    /// <summary>The last ticket that was dealt with. Any thread.</summary>
    public ulong Done => Volatile.Read(ref _done);

    /// <summary>Has a range saved. One thread.</summary>
    /// <returns>Its ticket.</returns>
    public ulong Ask(FileKey key, int file, ulong offset, ulong end)
    {
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "preimages" };
            _thread.Start();
        }
        _requests.Add(new PreimageRequest(++_asked, key, file, offset, end));
        return _asked;
    }

    /// <summary>Ends once the range that is being saved is; nothing more is. The thread that asks.</summary>
    public void Dispose()
    {
        if (_isStopped)
            return;
        _isStopped = true;
        _requests.CompleteAdding();
        _thread?.Join();
        _requests.Dispose();
    }

    private void Run()
    {
        foreach (var request in _requests.GetConsumingEnumerable())
        {
            if (_isStopped)
                return;
            var isAwaited = save(request);
            Volatile.Write(ref _done, request.Ticket);
            if (isAwaited)
                told();
        }
    }
}
