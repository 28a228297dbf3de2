// Ends changes that a crash, a cut or a running module has left open. Nobody waits for it.
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;

namespace HaMirror.Agent.Changes;

/// <summary>Looks at open changes every two seconds.</summary>
internal sealed class ChangeWatch(ChangeStore store, ChangeDesk desk, ChangeParticipant own, NodeService node, ILogger<ChangeWatch> log) : LastingPart
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private string? _said;

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period);
        do
        {
            if (node.Membership is { } cluster) await LookAsync(cluster.NodeName, stopping);
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    /// <summary>One that cannot end now keeps no other from ending, and whatever is wrong with it does not end this watch: it is tried
    /// again soon, and said once.</summary>
    private async Task LookAsync(string node, CancellationToken stopping)
    {
        string? waits = null;
        try
        {
            foreach (var change in store.All.Where(change => !desk.IsUnderWay(change.Id))) waits = await TryEndAsync(change, node, stopping) ?? waits;
        }
        catch (IOException error)
        {
            waits = error.Message; // A damaged change; the message says which.
        }

        if (waits is not null && waits != _said) log.ChangeWaits(waits);
        _said = waits;
    }

    /// <returns>Null, or why it does not end now.</returns>
    private async Task<string?> TryEndAsync(PlannedChange change, string node, CancellationToken stopping)
    {
        try
        {
            await EndAsync(change, node);
            return null;
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            return error.Message;
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
