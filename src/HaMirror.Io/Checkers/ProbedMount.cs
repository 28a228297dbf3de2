using HaMirror.Io.Native;

namespace HaMirror.Io.Checkers;

/// <summary>Asks a mount by a <see cref="MountProbe"/>, and starts another one when it was killed.</summary>
internal sealed class ProbedMount(string path) : IMountQuestion
{
    private readonly Lock _lock = new();
    private MountProbe? _probe;
    private bool _ended;

    /// <summary>The process that asks; null: none at present.</summary>
    public int? ProcessId => _probe?.ProcessId;

    public string? Prepare()
    {
        if (_probe is not null) return null;
        try
        {
            var probe = MountProbe.Start(path);
            lock (_lock)
            {
                _probe = probe;
                if (_ended) probe.Dispose();
            }

            return null;
        }
        catch (ShimException failure)
        {
            return $"mount {path} is not watched at present: {failure.Message}";
        }
    }

    public void Ask()
    {
        var answer = _probe!.Ask();
        if (answer is null) Forget();

        // EIO is what the file system beneath says, which is for the data path to judge: the mount itself has answered. One that is
        // gone or was aborted says ENOTCONN or ECONNABORTED.
        if (answer is > 0 and not Errno.EIO and var error) throw new IOException(Errno.Describe(error));
    }

    /// <summary>The one that asks comes back when the child has ended.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _probe?.Dispose();
        }
    }

    private void Forget()
    {
        lock (_lock)
        {
            _probe?.Dispose();
            _probe = null;
        }
    }
}
