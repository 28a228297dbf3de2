// Changes of both nodes at once or not at all. This node coordinates what it is asked for:
//   (1) it prepares the change here, durably; (2) the other node prepares it, durably, or refuses: then both forget it;
//   (3) it writes down here that it is decided; (4) the other node carries it out; (5) this node does; (6) both forget it.
// A crash or a cut before (3): nothing changes anywhere. After it: it will happen on both nodes, by ChangeWatch, as soon as they
// meet. The other node never decides by itself: it asks, and one that its coordinator does not know any more was not decided.
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Io.Crashes;

namespace HaMirror.Agent.Changes;

/// <summary>Coordinates changes.</summary>
internal sealed class ChangeDesk(ChangeStore store, ChangeParticipant own, NodeService node, NodeChannel channel, TimeProvider clock)
{
    private static readonly TimeSpan PrepareTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, byte> _underWay = new();

    /// <summary>This process is about to decide it, or carries it out.</summary>
    public bool IsUnderWay(string id) => _underWay.ContainsKey(id);

    public PlannedChange New(ChangeKind kind, string module, string? version, string by, string? comment, bool needsStop, bool makeDirectories = false) => new(
        Guid.NewGuid().ToString("n"), kind, module, version, by, comment, clock.GetUtcNow(),
        (node.Membership ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.")).NodeName,
        needsStop, makeDirectories);

    /// <param name="tell">Hears each step as it begins; null: nobody watches.</param>
    /// <returns>Null: both nodes have it. Else the other node gets it later, and why.</returns>
    /// <exception cref="Refusal">Nothing was changed anywhere, and why.</exception>
    public async Task<string?> MakeAsync(PlannedChange change, ImmutableArray<ModuleFile> files, Action<OperationProgress>? tell = null)
    {
        var peer = node.Membership?.PeerName ?? "the other node";
        _underWay[change.Id] = 0;
        try
        {
            tell?.Invoke(new OperationProgress($"{change.Coordinator} checks the change and puts it ready.", 0));
            change = own.Prepare(change, files);
            tell?.Invoke(new OperationProgress($"{peer} checks the change and puts it ready. Nothing is decided yet.", 25));
            try
            {
                await AskPreparedAsync(change, files);
            }
            catch (Refusal)
            {
                await UndoAsync(change);
                throw;
            }

            Crash.At(CrashPoint.ChangePrepared);
            store.Save(change = change with { Decided = true });
            Crash.At(CrashPoint.ChangeDecided);
            return await FinishAsync(change, tell);
        }
        finally
        {
            _underWay.TryRemove(change.Id, out _);
        }
    }

    /// <summary>Carries out what is decided, on both nodes.</summary>
    /// <returns>Null: it is over. Else what it waits for.</returns>
    public async Task<string?> FinishAsync(PlannedChange change, Action<OperationProgress>? tell = null)
    {
        string? waits = null;
        tell?.Invoke(new OperationProgress($"It is decided: {node.Membership?.PeerName ?? "the other node"} carries it out.", 50));
        try
        {
            using var answer = await SendAsync(HttpMethod.Post, $"{AccessRules.PeerChanges}/{change.Id}/commit", null, CommitTimeout);
            if (answer.StatusCode != System.Net.HttpStatusCode.NotFound && !answer.IsSuccessStatusCode) waits = (await RefusalOfAsync(answer)).Message;
        }
        catch (Refusal refusal)
        {
            waits = refusal.Message;
        }

        Crash.At(CrashPoint.ChangeCommitted);
        tell?.Invoke(new OperationProgress($"It is decided: {change.Coordinator} carries it out.", 75));
        await own.CarryOutAsync(change);
        if (waits is null) own.Forget(change);
        return waits;
    }

    /// <summary>What this node says of a change that it coordinates.</summary>
    public ChangeOutcome OutcomeOf(string id) =>
        new(store.FindId(id) is { } change ? change.Decided ? "decided" : "prepared" : _underWay.ContainsKey(id) ? "prepared" : "unknown");

    /// <summary>Asks the coordinator of a change that this node has prepared.</summary>
    /// <exception cref="Refusal">It does not answer.</exception>
    public async Task<string> AskOutcomeAsync(PlannedChange change)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"{AccessRules.PeerChanges}/{change.Id}", null, AskTimeout);
        if (!answer.IsSuccessStatusCode) throw await RefusalOfAsync(answer);
        return (await answer.Content.ReadFromJsonAsync(ChangeJson.Default.ChangeOutcome))?.State ?? "prepared";
    }

    /// <summary>Forgets what was not decided, on both nodes; the other one asks if it does not hear of it now.</summary>
    public async Task UndoAsync(PlannedChange change)
    {
        own.Forget(change);
        try
        {
            using var answer = await SendAsync(HttpMethod.Delete, $"{AccessRules.PeerChanges}/{change.Id}", null, AskTimeout);
        }
        catch (Refusal)
        {
            // It is away: it asks when it is back, and hears that this node knows of no such change.
        }
    }

    private async Task AskPreparedAsync(PlannedChange change, ImmutableArray<ModuleFile> files)
    {
        var peer = node.Membership!.PeerName;
        try
        {
            using var body = JsonContent.Create(new ChangeProposal(change, files), ChangeJson.Default.ChangeProposal);
            using var answer = await SendAsync(HttpMethod.Post, AccessRules.PeerChanges, body, PrepareTimeout);
            if (answer.IsSuccessStatusCode) return;
            throw await RefusalOfAsync(answer);
        }
        catch (Refusal refusal) when (refusal.Status is StatusCodes.Status502BadGateway or StatusCodes.Status504GatewayTimeout)
        {
            throw new Refusal(refusal.Status, $"Nothing was changed on either node: {refusal.Message}",
                $"Try again when {peer} answers. What cannot wait is changed below /etc/hamirror/modules on this node and made active with 'hamirror module config'; do the same on {peer} when it is back.");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, TimeSpan timeout)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        return await channel.SendAsync(request, timeout, CancellationToken.None);
    }

    private static async Task<Refusal> RefusalOfAsync(HttpResponseMessage answer)
    {
        Problem? problem;
        try
        {
            problem = await answer.Content.ReadFromJsonAsync(ApiJson.Default.Problem);
        }
        catch (Exception error) when (error is JsonException or IOException or HttpRequestException)
        {
            problem = null;
        }

        return problem is null
            ? new Refusal(StatusCodes.Status502BadGateway, $"The other node answered {(int)answer.StatusCode} and did not say why.", "Its agent.log has more.")
            : new Refusal(problem.Status is >= 400 and < 600 ? problem.Status : Refusal.Conflict, problem.Title, problem.Detail) { Errors = problem.Errors.IsDefault ? [] : problem.Errors };
    }
}
