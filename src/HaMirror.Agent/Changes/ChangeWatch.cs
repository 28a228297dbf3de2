// Ends changes that a crash, a cut or a running module has left open. Nobody waits for it.
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;

namespace HaMirror.Agent.Changes;

/// <summary>Looks at open changes every two seconds.</summary>
internal sealed class ChangeWatch(ChangeStore store, ChangeDesk desk, ChangeParticipant own, NodeService node, ILogger<ChangeWatch> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private string? _said;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                if (node.Membership is { } cluster) await LookAsync(cluster.NodeName);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The agent ends.
        }
    }

    private async Task LookAsync(string node)
    {
        try
        {
            foreach (var change in store.All.Where(change => !desk.IsUnderWay(change.Id))) await EndAsync(change, node);
            _said = null;
        }
        catch (Exception error) when (error is Refusal or IOException or UnauthorizedAccessException)
        {
            // Tried again soon; said once.
            if (_said == error.Message) return;
            _said = error.Message;
            log.ChangeWaits(error.Message);
        }
    }

    private async Task EndAsync(PlannedChange change, string node)
    {
        if (change.Coordinator == node)
        {
            if (change.Decided) await desk.FinishAsync(change);
            else await desk.UndoAsync(change);
            return;
        }

        if (change is { Decided: true, Done: false }) await own.CarryOutAsync(change);
        switch (await desk.AskOutcomeAsync(change))
        {
            case "decided":
                await own.CarryOutAsync(change);
                break;
            case "unknown":
                own.Forget(change); // Carried out and over, or never decided.
                break;
        }
    }
}
