namespace HaMirror.Io.Checkers;

/// <summary>Something that watches one resource for as long as it lives.</summary>
public abstract class Checker : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private Task _work = Task.CompletedTask;

    protected Checker(CheckedResource resource, Action<CheckerReport> report, TimeProvider clock)
    {
        Resource = resource;
        Report = report;
        Clock = clock;
    }

    public CheckedResource Resource { get; }

    protected Action<CheckerReport> Report { get; }

    protected TimeProvider Clock { get; }

    /// <summary>Begins to watch.</summary>
    public void Start() => _work = Task.Run(() => RunAsync(_end.Token));

    /// <summary>Ends watching; nothing is reported afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        try
        {
            await _work.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is how a checker ends.
        }

        _end.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task RunAsync(CancellationToken cancellation);

    /// <summary>Monotonic time.</summary>
    protected TimeSpan Now => Clock.GetElapsedTime(0, Clock.GetTimestamp());

    protected void Observe(bool up, string detail)
    {
        if (Resource.Observe(up, Now, detail) is { } report)
        {
            Report(report);
        }
    }
}
