using HaMirror.Io.Native;

namespace HaMirror.Io.Tests.Preimages;

/// <summary>A journal's flush that waits, fails and is counted as a test wants it.</summary>
internal sealed class FlushGate : IDisposable
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private int _begun;
    private int _ended;

    /// <summary>Answered to each flush instead of flushing; 0: it is flushed.</summary>
    public int Error { get; set; }

    /// <summary>Flushes that were begun.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Flushes that have returned.</summary>
    public int Ended => Volatile.Read(ref _ended);

    public void Shut() => _open.Reset();

    public void Open() => _open.Set();

    public int Flush(int file)
    {
        Interlocked.Increment(ref _begun);
        _open.Wait();
        var result = Error != 0 ? Error : Shim.Sync(file, 1);
        Interlocked.Increment(ref _ended);
        return result;
    }

    public void Dispose()
    {
        Open();
        _open.Dispose();
    }
}
