using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;

namespace HaMirror.Agent.Api;

/// <summary>What differs between the replicas: <c>diff</c>, <c>verify</c> and the rate of resyncs (src/HaMirror.Core/Api/API.md).</summary>
internal static class ComparisonEndpoints
{
    public static void MapComparisons(this WebApplication app)
    {
        app.MapPost(ApiPath.Modules + "/{module}/diff", (HttpContext context, string module, NodeService node, ModuleRoster roster, OperationTable operations) =>
        {
            var (driver, name) = (roster.Driver(module), node.Status(module).Node);
            return OperationEndpoints.AcceptAsync(context, ModuleOperations.Of(operations, "diff", module, Caller.Of(context).Name, "The replica is walked.", "What would be looked at is known.",
                cancellation => DiffReport.OfAsync(driver, name, cancellation), ApiJson.Default.ModuleDiff, canCancel: true));
        });
        app.MapGet(ApiPath.Modules + "/{module}/diff", async (HttpContext context, string module, NodeService node, ModuleRoster roster) =>
            await context.Response.WriteAsJsonAsync(
                await DiffReport.OfAsync(roster.Driver(module), node.Status(module).Node, context.RequestAborted), ApiJson.Default.ModuleDiff));
        app.MapPost(ApiPath.Modules + "/{module}/verify", async (HttpContext context, string module, NodeService node, ModuleRoster roster, OperationTable operations) =>
        {
            var request = await ApiBody.TryReadAsync(context, ApiJson.Default.VerifyRequest) ?? new VerifyRequest(false, null);
            var report = await VerifyDesk.BeginAsync(roster.Driver(module), node.Status(module).Node, request with { By = Caller.By(context, request.By) });
            OperationEndpoints.Locate(context, ModuleOperations.OfVerify(operations, roster.Driver(module), node.Status(module).Node, Caller.By(context, request.By) ?? "operator@local"));
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            await context.Response.WriteAsJsonAsync(report, ApiJson.Default.VerifyReport);
        });
        app.MapGet(ApiPath.Modules + "/{module}/verify", (HttpContext context, string module, NodeService node, ModuleRoster roster) =>
            context.Response.WriteAsJsonAsync(VerifyDesk.Show(roster.Driver(module), node.Status(module).Node), ApiJson.Default.VerifyReport));
        app.MapDelete(ApiPath.Modules + "/{module}/verify", (HttpContext context, string module, ModuleRoster roster) =>
        {
            VerifyDesk.Stop(roster.Driver(module), Caller.Of(context).Name);
            return Results.NoContent();
        });
        app.MapPut(ApiPath.Modules + "/{module}/resync-rate", async (HttpContext context, string module, ModuleRoster roster) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.ResyncRateRequest);
            if (request.BytesPerSecond is <= 0)
                throw new Refusal(Refusal.BadRequest, "A rate is more than 0 bytes a second; leave it out for no cap.");
            var driver = roster.Driver(module);
            if (driver.Storage.Mirror is not { } storage)
                throw new Refusal(Refusal.Conflict, $"Module {module} replicates nothing, so there is no resync to cap.", "Name the module of a replicated directory: 'hamirror status' shows all.");
            storage.LimitResync(request.BytesPerSecond);
            driver.Log.Add(SayLevel.Event, $"Resyncs are capped at {(request.BytesPerSecond is { } rate ? $"{rate} bytes a second" : "nothing")} "
                + $"by {Caller.By(context, request.By) ?? "operator@local"}, until the agent ends or the module is configured anew.");
            return Results.NoContent();
        });
    }
}
