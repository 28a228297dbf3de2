using HaMirror.Agent.Logging;

namespace HaMirror.Agent.Hosting;

/// <summary>A part of the web side that works beside the modules for as long as the agent runs: one that fails, whatever with, begins
/// anew after a pause. It ends neither the agent nor a module (G8), nor is it missed until somebody restarts the agent.</summary>
internal abstract class LastingPart : BackgroundService
{
    /// <summary>A part that fails at once must not fill the log.</summary>
    internal static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(2);

    protected abstract ILogger Log { get; }

    /// <summary>Works until the agent ends, which the token says; may be called again after it has thrown.</summary>
    protected abstract Task WorkAsync(CancellationToken stopping);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WorkAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return; // The agent ends.
            }
            catch (Exception error)
            {
                Log.PartFailed(error, GetType().Name, RestartPause.TotalSeconds);
            }

            await Task.Delay(RestartPause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
