using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Operations;

/// <summary>Something that goes on after its request was answered.</summary>
/// <param name="progress">Asked from any thread.</param>
/// <param name="cancel">Null: it cannot be stopped.</param>
internal sealed class Operation(string id, string kind, string? module, string by, DateTimeOffset begun, Func<OperationProgress> progress, Action? cancel)
{
    private sealed record End(DateTimeOffset Time, string State, string Text, JsonElement? Result, Problem? Problem);

    private volatile End? _end;
    private volatile bool _cancelled;

    public string Id => id;

    public DateTimeOffset Begun => begun;

    public DateTimeOffset? Ended => _end?.Time;

    public bool CanCancel => cancel is not null && _end is null;

    public void Cancel()
    {
        _cancelled = true;
        cancel?.Invoke();
    }

    /// <param name="refusal">Null: it ended well.</param>
    public void Finish(DateTimeOffset time, string text, JsonElement? result, Refusal? refusal) => _end = refusal is null
        ? new End(time, _cancelled ? "cancelled" : "done", text, result, null)
        : new End(time, _cancelled ? "cancelled" : "failed", refusal.Message, result, new Problem(refusal.Message, refusal.Remedy, refusal.Status) { Errors = refusal.Errors });

    public OperationStatus Show(string node)
    {
        var end = _end;
        var now = progress();
        return new OperationStatus(
            id, kind, module, node, by, begun, end?.Time, end?.State ?? "running", end is { State: "done" } ? 100 : now.Percent, now.BytesDone, now.BytesTotal,
            end is null ? now.BytesPerSecond : null, end is null ? now.SecondsLeft : null, end?.Text ?? now.Text, CanCancel, end?.Result, end?.Problem);
    }
}
