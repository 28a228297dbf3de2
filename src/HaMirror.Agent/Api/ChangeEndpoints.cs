using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Io.Crashes;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/changes</c>: changes of both nodes that are not over; and the peer's part in them.</summary>
internal static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Changes, (HttpContext context, ChangeStore store, ChangeParticipant own) =>
            context.Response.WriteAsJsonAsync([.. store.All.Select(own.Show)], ConsoleJson.Default.ImmutableArrayChangeStatus));
        app.MapPost(ConsolePath.Changes + "/{id}/finish", async (HttpContext context, string id, ChangeStore store, ChangeParticipant own, ChangeDesk desk, ILogger<ChangeDesk> log) =>
        {
            var change = Find(store, id, desk);
            log.ChangeForced(Caller.Of(context).Name, "finished", ChangeStore.What(change));
            store.Save(change with { Decided = true });
            await own.CarryOutAsync(store.FindId(id)!);
            return Results.NoContent();
        });
        app.MapDelete(ConsolePath.Changes + "/{id}", (HttpContext context, string id, ChangeStore store, ChangeParticipant own, ChangeDesk desk, ILogger<ChangeDesk> log) =>
        {
            var change = Find(store, id, desk);
            if (change.Decided)
                throw new Refusal(Refusal.Conflict, "The change is decided: the other node has it, or will have it.", "Restore the version before it once it is over.");
            log.ChangeForced(Caller.Of(context).Name, "undone", ChangeStore.What(change));
            own.Forget(change);
            return Results.NoContent();
        });
        MapPeer(app);
    }

    private static void MapPeer(IEndpointRouteBuilder app)
    {
        app.MapPost(AccessRules.PeerChanges, async (HttpContext context, ChangeParticipant own) =>
        {
            var proposal = await ApiBody.ReadAsync(context, ChangeJson.Default.ChangeProposal, ApiBody.DraftBytesMax);
            own.Prepare(proposal.Change with { Decided = false, Done = false }, proposal.Files);
            Crash.At(CrashPoint.ChangeHeld);
            return Results.NoContent();
        });
        app.MapGet(AccessRules.PeerChanges + "/{id}", (HttpContext context, string id, ChangeDesk desk) =>
            context.Response.WriteAsync(JsonSerializer.Serialize(desk.OutcomeOf(id), ChangeJson.Default.ChangeOutcome)));
        app.MapDelete(AccessRules.PeerChanges + "/{id}", (string id, ChangeStore store, ChangeParticipant own) =>
        {
            if (store.FindId(id) is { Decided: false } change) own.Forget(change);
            return Results.NoContent();
        });
        app.MapPost(AccessRules.PeerChanges + "/{id}/commit", async (string id, ChangeStore store, ChangeParticipant own) =>
        {
            if (store.FindId(id) is not { } change)
                throw new Refusal(Refusal.NotFound, "This node has no such change, or has carried it out already.");
            await own.CarryOutAsync(change);
            return Results.NoContent();
        });
    }

    private static PlannedChange Find(ChangeStore store, string id, ChangeDesk desk) =>
        store.FindId(id) is { } change && !desk.IsUnderWay(id) ? change
        : throw new Refusal(Refusal.NotFound, "There is no such change that waits.", "'hamirror change list' shows those that do.");
}
