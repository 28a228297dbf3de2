using HaMirror.Agent.Access;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/seed</c> (src/HaMirror.Core/Api/API.md).</summary>
internal static class SeedEndpoints
{
    public static void MapSeeds(this WebApplication app)
    {
        app.MapPost(ApiPath.Modules + "/{module}/seed", async (HttpContext context, string module, SeedDesk seeds, OperationTable operations) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.SeedRequest);
            request = request with { By = Caller.By(context, request.By) };
            var report = await seeds.BeginAsync(module, request);
            OperationEndpoints.Locate(context, ModuleOperations.OfSeed(operations, seeds, module, request.By ?? "operator@local"));
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            await context.Response.WriteAsJsonAsync(report, ApiJson.Default.SeedReport);
        });
        app.MapGet(ApiPath.Modules + "/{module}/seed", (HttpContext context, string module, SeedDesk seeds) =>
            context.Response.WriteAsJsonAsync(seeds.Show(module), ApiJson.Default.SeedReport));
        app.MapDelete(ApiPath.Modules + "/{module}/seed", (string module, SeedDesk seeds) =>
        {
            seeds.Stop(module);
            return Results.NoContent();
        });
    }
}
