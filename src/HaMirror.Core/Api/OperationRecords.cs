using System.Text.Json;

namespace HaMirror.Core.Api;

/// <summary>Something that takes long, of <c>/v1/operations</c>; data of the event <c>operation</c>.</summary>
/// <param name="Kind">start, stop, restart, stopstart, swap, verify, seed, resync, diff, salvage-export, salvage-restore, configuration ...</param>
/// <param name="State"><c>running</c>, <c>done</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Percent">Null while nothing is known of how far it is.</param>
/// <param name="Text">What it does now, or how it ended, as a sentence.</param>
/// <param name="CanCancel"><c>DELETE</c> stops it.</param>
/// <param name="Result">What the request would have answered; null: nothing, or it has not ended.</param>
/// <param name="Problem">Why it failed; null: it did not.</param>
public sealed record OperationStatus(
    string Id, string Kind, string? Module, string Node, string By, DateTimeOffset Begun, DateTimeOffset? Ended, string State,
    double? Percent, long? BytesDone, long? BytesTotal, double? BytesPerSecond, double? SecondsLeft, string Text, bool CanCancel,
    JsonElement? Result, Problem? Problem);

/// <summary>Result of the operation that <c>POST /v1/support</c> begins.</summary>
/// <param name="Name">To be fetched from <c>GET /v1/support/{name}</c>, for an hour.</param>
public sealed record SupportMade(string Name, long Bytes);
