namespace HaMirror.Io.Checkers;

/// <summary>Sends a null request through a mount at an interval and says when one is not answered in time (G8).</summary>
/// <remarks>
/// The request blocks for as long as the file system does, so it has a thread of its own, and another looks at how long it
/// takes. It is made by a process of its own: a thread of this one that waits in a mount that it serves could not even be killed.
/// After <c>hung</c> was called the caller aborts the mount, which also frees the thread.
/// </remarks>
public sealed class MountWatch : IDisposable
{
    private readonly string _path;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _checkTime;
    private readonly Action<string> _hung;
    private readonly Action<string> _unwatched;
    private readonly IMountQuestion _question;
    private readonly TimeProvider _clock;
    private readonly ManualResetEventSlim _end = new();
    private readonly ITimer _look;
    private long _asked; // timestamp of the request that waits; 0: none does
    private int _said;

    /// <param name="hung">Called once, with a sentence, from a thread of the pool.</param>
    /// <param name="unwatched">Told, at the first of several times in a row, why nothing can be asked.</param>
    public MountWatch(string path, TimeSpan interval, TimeSpan checkTime, Action<string> hung, Action<string> unwatched, TimeProvider clock)
        : this(path, interval, checkTime, hung, unwatched, clock, new ProbedMount(path))
    {
    }

    internal MountWatch(
        string path, TimeSpan interval, TimeSpan checkTime, Action<string> hung, Action<string> unwatched, TimeProvider clock,
        IMountQuestion question)
    {
        (_path, _interval, _checkTime, _hung, _unwatched, _clock, _question) =
            (path, interval, checkTime, hung, unwatched, clock, question);
        new Thread(Ask) { IsBackground = true, Name = $"mount watch {path}" }.Start();
        var pause = TimeSpan.FromMilliseconds(Math.Max(1, checkTime.TotalMilliseconds / 4));
        _look = clock.CreateTimer(_ => Look(), null, pause, pause);
    }

    public void Dispose()
    {
        _end.Set();
        _look.Dispose();
        _question.Dispose();
    }

    private void Ask()
    {
        var isUnwatched = false;
        do
        {
            var reason = _question.Prepare();
            if (reason is null)
                AskOnce();
            else if (!isUnwatched)
                _unwatched(reason);
            isUnwatched = reason is not null;
        }
        while (!_end.Wait(_interval));
    }

    private void AskOnce()
    {
        Volatile.Write(ref _asked, Math.Max(1, _clock.GetTimestamp()));
        try
        {
            _question.Ask();
        }
        catch (IOException failure)
        {
            // ENOTCONN or EIO: the mount answers, namely that it is gone; a mount that is being taken down does too.
            if (!_end.IsSet)
            {
                Say($"mount {_path} no longer works: {failure.Message}");
            }
        }

        Volatile.Write(ref _asked, 0);
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
