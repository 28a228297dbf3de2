using HaMirror.Agent.Logging;
using HaMirror.Core.Machine;
using HaMirror.Io.Peer;

namespace HaMirror.Agent.Modules;

/// <summary>Dials the peer while it is wanted, one link at a time.</summary>
/// <remarks>A refusal or a lost link doubles the pause, from <see cref="PauseMin"/> to <see cref="PauseMax"/>; a link that
/// ended because this node could not apply (a full disk, say) may raise it to <see cref="PauseFailedMax"/>. A link that
/// stood for <see cref="StoodLong"/> starts anew.</remarks>
internal sealed class DialLoop(
    Func<PeerHello> hello, Func<int> port, Func<PeerHello, int, CancellationToken, Task<PeerDialOutcome>> dial,
    Action<PeerLink> attach, ModuleLog log) : IDisposable
{
    public static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan PauseFailedMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StoodLong = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private CancellationTokenSource? _cancel;
    private TaskCompletionSource? _linkEnded;
    private bool _targetFailed;
    private volatile string? _said;

    /// <summary>Why the last dialling made no link, as a sentence; null: it did, or none is wanted.</summary>
    public string? Refusal => _said;

    public void Set(bool on)
    {
        lock (_lock)
        {
            if (on == (_cancel is not null)) return;
            if (!on)
            {
                _cancel!.Cancel();
                _cancel = null;
                _said = null;
                return;
            }

            var cancel = new CancellationTokenSource();
            _cancel = cancel;
            _said = null;
            _ = Task.Run(() => RunAsync(cancel.Token), CancellationToken.None);
        }
    }

    /// <summary>The link that was dialled has ended.</summary>
    public void LinkEnded()
    {
        lock (_lock) _linkEnded?.TrySetResult();
    }

    /// <summary>This node could not apply what the peer sent: dialling at once would only fail again. Comes before
    /// <see cref="LinkEnded"/>.</summary>
    public void TargetFailed()
    {
        lock (_lock) _targetFailed = true;
    }

    public void Dispose() => Set(false);

    private async Task RunAsync(CancellationToken cancellation)
    {
        var pause = PauseMin;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var began = Environment.TickCount64;
                var max = await OnceAsync(cancellation);
                if (Environment.TickCount64 - began > StoodLong.TotalMilliseconds) pause = PauseMin;
                await Task.Delay(pause, cancellation);
                pause = pause * 2 < max ? pause * 2 : max;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Say(error.Message, cancellation);
                await Task.Delay(PauseMax, CancellationToken.None);
            }
        }
    }

    /// <summary>Dials once and, if that made a link, waits for its end.</summary>
    /// <returns>How long the pause may grow.</returns>
    private async Task<TimeSpan> OnceAsync(CancellationToken cancellation)
    {
        if (port() == 0) return PauseMin; // The peer's port is in its beats: none was heard yet.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _linkEnded = ended;
            _targetFailed = false;
        }

        var outcome = await dial(hello(), port(), cancellation);
        if (outcome.Link is not { } link)
        {
            Say(outcome.Refusal ?? "The peer did not answer.", cancellation);
            return PauseMax;
        }

        _said = null;
        attach(link);
        await ended.Task.WaitAsync(cancellation);
        lock (_lock) return _targetFailed ? PauseFailedMax : PauseMax;
    }

    private void Say(string sentence, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (cancellation.IsCancellationRequested) return; // No link is wanted any more.
            if (sentence == _said) return; // The same refusal every two seconds would bury the rest of the log.
            _said = sentence;
        }

        log.Add(SayLevel.Detail, $"No replication link yet: {sentence}");
    }
}
