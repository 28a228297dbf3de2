using HaMirror.Agent.Operations;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/operations</c>.</summary>
internal static class OperationEndpoints
{
    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Operations, (HttpContext context, OperationTable table) =>
        {
            var (module, state) = (context.Request.Query["module"].ToString(), context.Request.Query["state"].ToString());
            return context.Response.WriteAsJsonAsync(
                [.. table.List.Where(one => (module.Length == 0 || one.Module == module) && (state.Length == 0 || one.State == state))], ConsoleJson.Default.ImmutableArrayOperationStatus);
        });
        app.MapGet(ConsolePath.Operations + "/{id}", (HttpContext context, string id, OperationTable table) =>
            context.Response.WriteAsJsonAsync(table.Show(id), ConsoleJson.Default.OperationStatus));
        app.MapDelete(ConsolePath.Operations + "/{id}", (string id, OperationTable table) =>
        {
            table.Cancel(id);
            return Results.NoContent();
        });
    }

    /// <summary>The caller wants no answer that comes late (RFC 7240).</summary>
    public static bool WantsOperation(HttpContext context) =>
        context.Request.Headers["Prefer"].Any(value => value?.Contains("respond-async", StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>Says where the operation is; the answer's body stays as it is.</summary>
    public static void Locate(HttpContext context, OperationStatus operation) => context.Response.Headers.Location = ConsolePath.Operation(operation.Id);

    /// <summary>202 with the operation itself.</summary>
    public static Task AcceptAsync(HttpContext context, OperationStatus operation)
    {
        Locate(context, operation);
        context.Response.Headers["Preference-Applied"] = "respond-async";
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return context.Response.WriteAsJsonAsync(operation, ConsoleJson.Default.OperationStatus);
    }
}
