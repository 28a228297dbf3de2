// Operations of this node since the agent's start: those that run, and the last that ended. What they do goes on without this table:
// it only watches. A change of one is an event, at most twice a second. A resync is one too, though nobody asked for it: it is found when
// somebody looks.
using System.Collections.Immutable;
using System.Text.Json;
using HaMirror.Agent.Events;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Operations;

/// <summary>Keeps the operations.</summary>
internal sealed class OperationTable(EventHub hub, NodeService node, ModuleRoster roster, TimeProvider clock, ILogger<OperationTable> log) : LastingPart
{
    private const int EndedMax = 200;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly List<Operation> _all = [];
    private readonly HashSet<(ModuleDriver Driver, Operation Operation)> _resyncing = [];
    private readonly Dictionary<string, byte[]> _published = new(StringComparer.Ordinal);

    /// <summary>Newest first.</summary>
    public ImmutableArray<OperationStatus> List
    {
        get
        {
            FindResyncs();
            lock (_lock) return [.. _all.AsEnumerable().Reverse().Select(operation => operation.Show(NodeName))];
        }
    }

    private string NodeName => node.Membership?.NodeName ?? "";

    /// <exception cref="Refusal">There is none of that name.</exception>
    public OperationStatus Show(string id)
    {
        lock (_lock) return _all.FirstOrDefault(operation => operation.Id == id)?.Show(NodeName) ?? throw None();
    }

    /// <summary>Begins to watch something.</summary>
    /// <param name="work">Ends with it; its answer is the result, a refusal the problem.</param>
    public OperationStatus Begin(
        string kind, string? module, string by, Func<OperationProgress> progress, Func<Task<(string Text, JsonElement? Result)>> work, Action? cancel = null)
    {
        var operation = new Operation(Guid.NewGuid().ToString("n"), kind, module, by, clock.GetUtcNow(), progress, cancel);
        lock (_lock)
        {
            _all.Add(operation);
            var ended = _all.Where(one => one.Ended is not null).ToList();
            foreach (var old in ended.Take(ended.Count - EndedMax))
            {
                _all.Remove(old);
                _published.Remove(old.Id);
            }
        }

        _ = Task.Run(() => RunAsync(operation, work));
        return operation.Show(NodeName);
    }

    /// <exception cref="Refusal">There is none, or it cannot be stopped.</exception>
    public void Cancel(string id)
    {
        Operation operation;
        lock (_lock) operation = _all.FirstOrDefault(one => one.Id == id) ?? throw None();
        if (!operation.CanCancel) throw new Refusal(Refusal.Conflict, operation.Ended is null ? "This cannot be stopped half-way." : "It has ended already.");
        operation.Cancel();
    }

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stopping)) Publish();
    }

    private static Refusal None() => new(Refusal.NotFound, "This node has no such operation since its agent's start.", "'GET /v1/operations' lists them; ask the node that was asked for it.");

    private async Task RunAsync(Operation operation, Func<Task<(string Text, JsonElement? Result)>> work)
    {
        try
        {
            var (text, result) = await work();
            operation.Finish(clock.GetUtcNow(), text, result, null);
        }
        catch (Refusal refusal)
        {
            operation.Finish(clock.GetUtcNow(), refusal.Message, null, refusal);
        }
        catch (OperationCanceledException)
        {
            operation.Finish(clock.GetUtcNow(), "It was stopped.", null, null);
        }
        catch (Exception error)
        {
            log.ApiFailed(error, "OPERATION", operation.Id);
            operation.Finish(clock.GetUtcNow(), error.Message, null, new Refusal(StatusCodes.Status500InternalServerError, $"The agent failed inside: {error.Message}", "agent.log has the details."));
        }
    }

    private void Publish()
    {
        FindResyncs();
        Operation[] all;
        lock (_lock) all = [.. _all];
        foreach (var operation in all)
        {
            byte[] bytes;
            try
            {
                bytes = JsonSerializer.SerializeToUtf8Bytes(operation.Show(NodeName), ConsoleJson.Default.OperationStatus);
            }
            catch (Exception error)
            {
                log.ApiFailed(error, "OPERATION", operation.Id); // Its module was removed under it, say: the others are told of all the same.
                continue;
            }

            lock (_lock)
            {
                if (!_all.Contains(operation) || (_published.TryGetValue(operation.Id, out var before) && before.AsSpan().SequenceEqual(bytes))) continue;
                _published[operation.Id] = bytes;
            }

            hub.Publish("operation", bytes);
        }
    }

    private void FindResyncs()
    {
        lock (_lock)
        {
            _resyncing.RemoveWhere(one => one.Operation.Ended is not null);
            foreach (var driver in roster.Drivers)
            {
                if (driver.Storage.Resync is null || _resyncing.Any(one => one.Driver == driver)) continue;
                ModuleOperations.OfResync(this, driver);
                _resyncing.Add((driver, _all[^1]));
            }
        }
    }
}
