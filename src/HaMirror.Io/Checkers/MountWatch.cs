namespace HaMirror.Io.Checkers;

/// <summary>Sends a null request through a mount at an interval and says when one is not answered in time (G8).</summary>
/// <remarks>
/// The request blocks in the kernel for as long as the file system does, so it has a thread of its own, and another looks at
/// how long it takes. After <c>hung</c> was called the caller aborts the mount, which also frees the thread.
/// </remarks>
public sealed class MountWatch : IDisposable
{
    private readonly string _path;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _checkTime;
    private readonly Action<string> _hung;
    private readonly Action<string> _request;
    private readonly TimeProvider _clock;
    private readonly ManualResetEventSlim _end = new();
    private readonly ITimer _look;
    private long _asked; // timestamp of the request that waits; 0: none does
    private int _said;

    /// <param name="hung">Called once, with a sentence, from a thread of the pool.</param>
    public MountWatch(string path, TimeSpan interval, TimeSpan checkTime, Action<string> hung, TimeProvider clock)
        : this(path, interval, checkTime, hung, clock, NullRequest)
    {
    }

    internal MountWatch(
        string path, TimeSpan interval, TimeSpan checkTime, Action<string> hung, TimeProvider clock, Action<string> request)
    {
        (_path, _interval, _checkTime, _hung, _clock, _request) = (path, interval, checkTime, hung, clock, request);
        new Thread(Ask) { IsBackground = true, Name = $"mount watch {path}" }.Start();
        var pause = TimeSpan.FromMilliseconds(Math.Max(1, checkTime.TotalMilliseconds / 4));
        _look = clock.CreateTimer(_ => Look(), null, pause, pause);
    }

    public void Dispose()
    {
        _end.Set();
        _look.Dispose();
    }

    // statfs is never answered from a cache of the kernel: it always reaches the file system.
    private static void NullRequest(string path) => _ = new DriveInfo(path).AvailableFreeSpace;

    private void Ask()
    {
        do
        {
            Volatile.Write(ref _asked, Math.Max(1, _clock.GetTimestamp()));
            try
            {
                _request(_path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // ENOTCONN or EIO: the mount answers, namely that it is gone; a mount that is being taken down does too.
                if (!_end.IsSet)
                {
                    Say($"mount {_path} no longer works: {failure.Message}");
                }
            }

            Volatile.Write(ref _asked, 0);
        }
        while (!_end.Wait(_interval));
    }

    private void Look()
    {
        var asked = Volatile.Read(ref _asked);
        if (asked != 0 && !_end.IsSet && _clock.GetElapsedTime(asked) > _checkTime)
        {
            Say($"mount {_path} has not answered for {_checkTime.TotalSeconds:0.###} s");
        }
    }

    private void Say(string sentence)
    {
        if (Interlocked.Exchange(ref _said, 1) == 0)
        {
            _hung(sentence);
        }
    }
}
