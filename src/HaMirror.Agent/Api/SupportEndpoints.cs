using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Support;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/support</c>: one archive of both nodes, without secrets; and <c>/v1/facts</c>.</summary>
internal static class SupportEndpoints
{
    private const string Media = "application/gzip";

    public static void MapSupport(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Support, async (HttpContext context, SupportArchive archive, NodeService node, ILogger<SupportArchive> log) =>
        {
            Head(context, archive.Name);
            using var peer = PeerHalf(context, node);
            await context.Response.StartAsync(context.RequestAborted); // Whoever waits sees that it begins.
            try
            {
                await archive.WriteAsync(context.Response.Body, peer, Caller.Of(context).Name, context.RequestAborted);
            }
            catch (Exception error)
            {
                if (!context.RequestAborted.IsCancellationRequested) log.ApiFailed(error, "GET", ConsolePath.Support);
                context.Abort(); // Or half an archive would look whole.
            }
        });
        app.MapPost(ConsolePath.Support, (HttpContext context, SupportShelf shelf, NodeService node) =>
            OperationEndpoints.AcceptAsync(context, shelf.Begin(PeerHalf(context, node), Caller.Of(context).Name)));
        app.MapGet(ConsolePath.Support + "/{name}", async (HttpContext context, string name, SupportShelf shelf) =>
        {
            await using var file = shelf.Open(name);
            Head(context, name);
            context.Response.ContentLength = file.Length;
            await file.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        app.MapGet(ConsolePath.Facts, (HttpContext context, HostFacts facts) =>
            context.Response.WriteAsJsonAsync(facts.Now(), ConsoleJson.Default.NodeFacts));
    }

    private static HttpRequestMessage? PeerHalf(HttpContext context, NodeService node) =>
        context.Request.Query["node"] != "own" && node.Membership is not null ? PeerRequest.Of(context, HttpMethod.Get, ConsolePath.Support + "?node=own") : null;

    private static void Head(HttpContext context, string name)
    {
        context.Response.ContentType = Media;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
    }
}
