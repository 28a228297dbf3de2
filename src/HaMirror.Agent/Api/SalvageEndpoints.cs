using HaMirror.Agent.Access;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/salvage</c> (src/HaMirror.Core/Api/API.md).</summary>
internal static class SalvageEndpoints
{
    private const string Sets = ApiPath.Modules + "/{module}/salvage";

    public static void MapSalvage(this WebApplication app)
    {
        app.MapGet(Sets, (HttpContext context, string module, ModuleRoster roster, AgentFiles files) =>
            context.Response.WriteAsJsonAsync(Desk(module, roster, files).List(), ApiJson.Default.ImmutableArraySalvageSetStatus));
        app.MapGet(Sets + "/{id}", (HttpContext context, string module, string id, ModuleRoster roster, AgentFiles files) =>
            context.Response.WriteAsJsonAsync(Desk(module, roster, files).Show(id), ApiJson.Default.SalvageSetStatus));
        app.MapDelete(Sets + "/{id}", (HttpContext context, string module, string id, string? by, ModuleRoster roster, AgentFiles files) =>
        {
            Desk(module, roster, files).Remove(id, Caller.By(context, by));
            return Results.NoContent();
        });
        app.MapPost(Sets + "/{id}/export", async (HttpContext context, string module, string id, ModuleRoster roster, AgentFiles files, OperationTable operations) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.SalvageExportRequest);
            if (OperationEndpoints.WantsOperation(context))
            {
                var (desk, by) = (Desk(module, roster, files), Caller.By(context, request.By));
                desk.Show(id);
                await OperationEndpoints.AcceptAsync(context, ModuleOperations.Of(operations, "salvage-export", module, by ?? "operator@local", $"The set is written to {request.Directory}.", "The set is written.",
                    cancellation => Task.Run(() => desk.Export(id, request with { By = by }), cancellation), ApiJson.Default.SalvageWritten, canCancel: false));
                return;
            }

            var written = await Task.Run(() => Desk(module, roster, files).Export(id, request with { By = Caller.By(context, request.By) }));
            await context.Response.WriteAsJsonAsync(written, ApiJson.Default.SalvageWritten);
        });
        app.MapPost(Sets + "/{id}/restore", async (HttpContext context, string module, string id, ModuleRoster roster, AgentFiles files) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.SalvageRestoreRequest);
            var written = await Desk(module, roster, files).RestoreAsync(id, request with { By = Caller.By(context, request.By) });
            await context.Response.WriteAsJsonAsync(written, ApiJson.Default.SalvageWritten);
        });
    }

    private static SalvageDesk Desk(string module, ModuleRoster roster, AgentFiles files) =>
        new(roster.Driver(module), files.ModuleStateDirectory(module));
}
