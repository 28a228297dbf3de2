using System.Collections.Immutable;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/nodes</c>, and the exchange of accounts between the nodes.</summary>
internal static class NodesEndpoints
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);
    private const int BookBytesMax = 4 << 20;

    public static void MapNodes(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Nodes, async (HttpContext context, NodeService node, NodeChannel channel, ConsoleAddresses consoles) =>
        {
            // The peer asks for this row alone, and must not be asked back.
            var asked = context.Features.Get<Arrival>() is { Kind: ArrivalKind.Peer };
            ImmutableArray<NodeSummary> nodes = node.Membership is { } cluster
                ?
                [
                    new NodeSummary(cluster.NodeName, true, true, [.. cluster.Configuration.Lans.Select(lan => cluster.Own(lan).Address)], consoles.Own),
                    new NodeSummary(cluster.PeerName, false, asked || await AnswersAsync(channel, consoles, context.RequestAborted),
                        [.. cluster.Configuration.Lans.Select(lan => cluster.Other(lan).Address)], consoles.Peer),
                ]
                : [];
            await context.Response.WriteAsJsonAsync(nodes, ConsoleJson.Default.ImmutableArrayNodeSummary);
        });
        app.MapPost(AccessRules.PeerAccess, async (HttpContext context, AccessStore store) =>
        {
            if (context.Request.ContentLength > BookBytesMax)
                throw new Refusal(Refusal.BadRequest, "The other node's users, keys and ended sessions are more than a node takes.",
                    "Remove keys and users that nobody needs there ('hamirror key list', 'hamirror user list'); ended sessions go away by themselves.");
            var book = await JsonSerializer.DeserializeAsync(context.Request.Body, AccessJson.Default.AccessBook, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(store.Merge(book ?? AccessBook.Empty), AccessJson.Default.AccessBook);
        });
    }

    /// <summary>Its own row says where its console is, too.</summary>
    private static async Task<bool> AnswersAsync(NodeChannel channel, ConsoleAddresses consoles, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, ConsolePath.Nodes);
            using var answer = await channel.SendAsync(request, ProbeTimeout, cancellation);
            if (!answer.IsSuccessStatusCode) return false;
            var rows = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellation), ConsoleJson.Default.ImmutableArrayNodeSummary);
            consoles.Hear(rows.IsDefault ? [] : rows.FirstOrDefault(row => row.Own)?.Consoles ?? []);
            return true;
        }
        catch (Exception error) when (error is Refusal or JsonException or HttpRequestException or IOException)
        {
            return false;
        }
    }
}
