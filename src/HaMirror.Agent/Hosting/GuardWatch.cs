using System.Collections.Immutable;
using HaMirror.Agent.Logging;
using HaMirror.Io.Native;

namespace HaMirror.Agent.Hosting;

/// <summary>Keeps a guard running and tells it which mounts stand. A guard that dies is replaced at once: without one, a
/// crash of the agent would leave VMs running on dead mounts while the peer starts its own.</summary>
internal sealed class GuardWatch : IDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly ServingMounts _serving;
    private readonly ILogger<GuardWatch> _log;
    private readonly Lock _lock = new();
    private GuardProcess? _guard;
    private ImmutableHashSet<string> _told = [];
    private bool _disposed;

    public GuardWatch(ServingMounts serving, ILogger<GuardWatch> log)
    {
        (_serving, _log) = (serving, log);
        serving.Changed = Tell;
    }

    /// <exception cref="ShimException">The guard cannot be started: nothing may serve without it.</exception>
    public void Start()
    {
        lock (_lock)
        {
            _guard = GuardProcess.Start(Died);
            _told = [];
        }

        Tell(_serving.All);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _guard?.Dispose();
            _guard = null;
        }
    }

    private void Tell(ImmutableArray<string> paths)
    {
        lock (_lock)
        {
            if (_guard is not { } guard) return;
            var now = paths.ToImmutableHashSet(StringComparer.Ordinal);
            foreach (var path in _told.Except(now)) guard.Remove(path);
            foreach (var path in now.Except(_told)) guard.Add(path);
            _told = now;
        }
    }

    /// <summary>Called on the dead guard's own thread, which ends with this.</summary>
    private void Died()
    {
        _log.GuardEnded("it was killed or crashed");
        _ = Task.Run(RestartAsync);
    }

    private async Task RestartAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                if (_disposed) return;
                _guard?.Dispose();
                _guard = null;
            }

            try
            {
                Start();
                return;
            }
            catch (ShimException error)
            {
                _log.GuardEnded(error.Message);
            }

            await Task.Delay(RestartPause);
        }
    }
}
