using System.Collections.Immutable;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Nodes;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/nodes</c>, and the exchange of accounts between the nodes.</summary>
internal static class NodesEndpoints
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);
    private const int BookBytesMax = 4 << 20;

    public static void MapNodes(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Nodes, async (HttpContext context, NodeService node, NodeChannel channel) =>
        {
            ImmutableArray<NodeSummary> nodes = node.Membership is { } cluster
                ?
                [
                    new NodeSummary(cluster.NodeName, true, true, [.. cluster.Configuration.Lans.Select(lan => cluster.Own(lan).Address)]),
                    new NodeSummary(cluster.PeerName, false, await AnswersAsync(channel, context.RequestAborted), [.. cluster.Configuration.Lans.Select(lan => cluster.Other(lan).Address)]),
                ]
                : [];
            await context.Response.WriteAsJsonAsync(nodes, ConsoleJson.Default.ImmutableArrayNodeSummary);
        });
        app.MapPost(AccessRules.PeerAccess, async (HttpContext context, AccessStore store) =>
        {
            if (context.Request.ContentLength > BookBytesMax)
                throw new Refusal(Refusal.BadRequest, "The other node's accounts are too many.");
            var book = await JsonSerializer.DeserializeAsync(context.Request.Body, AccessJson.Default.AccessBook, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(store.Merge(book ?? AccessBook.Empty), AccessJson.Default.AccessBook);
        });
    }

    private static async Task<bool> AnswersAsync(NodeChannel channel, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, ConsolePath.Health);
            using var answer = await channel.SendAsync(request, ProbeTimeout, cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Refusal)
        {
            return false;
        }
    }
}
