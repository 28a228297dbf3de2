// Each way of telling people has a queue and a worker of its own: a mail server that hangs delays no webhook. Bounded: the oldest
// messages go first when nothing gets through for long.
using System.Threading.Channels;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Notify;

/// <summary>Sends messages over one channel, one after the other, trying again for a while.</summary>
internal sealed class ChannelQueue : IDisposable
{
    private const int WaitingMax = 50;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2)];

    private readonly INotifyChannel _channel;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly Channel<Notification> _waiting = Channel.CreateBounded<Notification>(
        new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly CancellationTokenSource _end = new();
    private volatile ChannelStatus _status;

    public ChannelQueue(INotifyChannel channel, ILogger log, TimeProvider clock)
    {
        (_channel, _log, _clock) = (channel, log, clock);
        _status = new ChannelStatus(channel.Kind, channel.Target, null, null);
        _ = RunAsync();
    }

    public string Kind => _channel.Kind;

    public ChannelStatus Status => _status;

    public void Post(Notification notification) => _waiting.Writer.TryWrite(notification);

    /// <summary>Once, now, past the queue.</summary>
    /// <returns>Null, or why it did not arrive.</returns>
    public async Task<string?> SendAsync(Notification notification, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _end.Token);
        deadline.CancelAfter(SendTimeout);
        string? failure;
        try
        {
            await _channel.SendAsync(notification, deadline.Token);
            failure = null;
        }
        catch (NotifyException error)
        {
            failure = error.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            failure = $"No end within {SendTimeout.TotalSeconds:0} s.";
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            failure = error.Message; // A channel must not die of one message.
        }

        _status = failure is null
            ? _status with { LastSent = _clock.GetUtcNow(), LastError = null }
            : _status with { LastError = failure };
        return failure;
    }

    public void Dispose()
    {
        _end.Cancel();
        _waiting.Writer.TryComplete();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var notification in _waiting.Reader.ReadAllAsync(_end.Token)) await TryAsync(notification);
        }
        catch (OperationCanceledException)
        {
            // The agent ends, or the configuration has changed.
        }
    }

    private async Task TryAsync(Notification notification)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await SendAsync(notification, _end.Token) is not { } failure) return;
            _log.NotificationFailed(_channel.Kind + " to " + _channel.Target, failure);
            if (attempt == Pauses.Length) return;
            await Task.Delay(Pauses[attempt], _clock, _end.Token);
        }
    }
}
