using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
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
            var (desk, by) = (Desk(module, roster, files), Caller.By(context, request.By));
            desk.Show(id);
            await BeginAsync(context, operations, "salvage-export", module, by, restores: false, "The set is written out.",
                task => Task.Run(() => desk.Export(id, request with { By = by }, task)));
        });
        app.MapPost(Sets + "/{id}/restore", async (HttpContext context, string module, string id, ModuleRoster roster, AgentFiles files, OperationTable operations) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.SalvageRestoreRequest);
            var (desk, by) = (Desk(module, roster, files), Caller.By(context, request.By));
            desk.JudgeRestore(id, request);
            await BeginAsync(context, operations, "salvage-restore", module, by, restores: true, "The files are back as the losing node had them.",
                task => Task.Run(() => desk.RestoreAsync(id, request with { By = by }, task)));
        });
    }

    /// <summary>Begins to write, and answers with the operation, or with its result once it is there, as the caller prefers.</summary>
    private static async Task BeginAsync(
        HttpContext context, OperationTable operations, string kind, string module, string? by, bool restores, string done, Func<SalvageTask, Task<SalvageWritten>> write)
    {
        var task = new SalvageTask(restores);
        var work = WriteAsync(task, write);
        var operation = ModuleOperations.OfSalvage(operations, kind, module, by ?? "operator@local", done, task, work);
        if (OperationEndpoints.WantsOperation(context))
        {
            await OperationEndpoints.AcceptAsync(context, operation);
            return;
        }

        OperationEndpoints.Locate(context, operation);
        await context.Response.WriteAsJsonAsync(await work, ApiJson.Default.SalvageWritten);
    }

    private static async Task<SalvageWritten> WriteAsync(SalvageTask task, Func<SalvageTask, Task<SalvageWritten>> write)
    {
        try
        {
            return await write(task);
        }
        catch (OperationCanceledException)
        {
            throw new Refusal(Refusal.Conflict, "It was stopped.", "Files that were whole by then stay.");
        }
    }

    private static SalvageDesk Desk(string module, ModuleRoster roster, AgentFiles files) =>
        new(roster.Driver(module), files.ModuleStateDirectory(module));
}
