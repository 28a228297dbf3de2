namespace HaMirror.Io.Checkers;

/// <summary>Looks at a resource at an interval, and once more at the moment when its action would be due.</summary>
public sealed class PollingChecker(
    CheckedResource resource, IProbe probe, TimeSpan interval, Action<CheckerReport> report, TimeProvider clock)
    : Checker(resource, report, clock)
{
    protected override async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var look = await probe.LookAsync(cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            Observe(look.Up, look.Detail);

            // A long interval must not make a failure wait longer than the handle time says.
            var pause = Resource.DueAt is { } due && due - Now < interval ? due - Now : interval;
            await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1), Clock, cancellation).ConfigureAwait(false);
        }
    }
}
