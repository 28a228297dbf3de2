using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Support;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/support</c>: one archive of both nodes, without secrets.</summary>
internal static class SupportEndpoints
{
    public static void MapSupport(this IEndpointRouteBuilder app) =>
        app.MapGet(ConsolePath.Support, async (HttpContext context, SupportArchive archive, NodeService node, ILogger<SupportArchive> log) =>
        {
            context.Response.ContentType = "application/gzip";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{archive.Name}\"";
            using var peer = context.Request.Query["node"] != "own" && node.Membership is not null ? PeerRequest.Of(context, HttpMethod.Get, ConsolePath.Support + "?node=own") : null;
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
}
