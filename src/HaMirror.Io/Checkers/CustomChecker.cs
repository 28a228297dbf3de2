using System.ComponentModel;
using System.Threading.Channels;
using HaMirror.Io.Hooks;

namespace HaMirror.Io.Checkers;

/// <summary>A program of the module that loops by itself and says <c>safekit set -r RESOURCE -v up|down</c>, which the agent
/// passes on to <see cref="Say"/> (reference, section 2.7).</summary>
/// <remarks>It is called with the module, the resource and its own arguments, and ended with all its children.</remarks>
public sealed class CustomChecker(
    CheckedResource resource,
    HookPlaces places,
    IReadOnlyDictionary<string, string> environment,
    string program,
    IReadOnlyList<string> arguments,
    Action<CheckerReport> report,
    TimeProvider clock)
    : Checker(resource, report, clock)
{
    /// <summary>A checker that ends by itself is started again after this long. Its resource keeps its state meanwhile: that
    /// nobody looks is neither a failure nor its end.</summary>
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan EndGrace = TimeSpan.FromMilliseconds(500);

    // Only the newest word counts.
    private readonly Channel<bool> _said = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>The program said that its resource is up or down.</summary>
    public void Say(bool up) => _said.Writer.TryWrite(up);

    protected override async Task RunAsync(CancellationToken cancellation)
    {
        var running = KeepRunningAsync(cancellation);
        try
        {
            while (true)
            {
                await HearAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the next word, or for the moment at which the action is due.</summary>
    private async Task HearAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (Resource.DueAt is { } due)
        {
            limit.CancelAfter(due > Now ? due - Now : TimeSpan.Zero);
        }

        try
        {
            var up = await _said.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
            Observe(up, $"checker {program} says {(up ? "up" : "down")}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Observe(false, $"checker {program} still says down");
        }
    }

    private async Task KeepRunningAsync(CancellationToken cancellation)
    {
        var path = Path.Combine(places.Bin, program);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using var child = ChildSession.Start(path, [places.Module, Resource.Name, .. arguments], environment, places.Bin, OutputFile());
                await child.Exited.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (child.Exited.IsCompleted)
                {
                    Explain($"checker {program} ended by itself with exit code {child.ExitCode}; it is started again");
                }

                await child.EndAsync(child.Exited.IsCompleted ? TimeSpan.Zero : EndGrace).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is Win32Exception or IOException or UnauthorizedAccessException)
            {
                Explain($"checker {path} could not be started: {failure.Message}");
            }

            await Task.Delay(RestartDelay, Clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Explain(string detail) => Report(new CheckerReport(Resource.Name, Resource.Up == true, null, detail));

    /// <summary>One file for all runs of a checker: it is begun anew with every start, for a checker loops for months.</summary>
    private string OutputFile()
    {
        Directory.CreateDirectory(places.Log);
        var file = $"{places.Log}/checker_{program}_{Resource.Name}.ulog";
        File.WriteAllBytes(file, []);
        return file;
    }
}
