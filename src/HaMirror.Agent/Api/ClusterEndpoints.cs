using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/status</c> and <c>/v1/cluster</c>.</summary>
internal static class ClusterEndpoints
{
    public static void MapCluster(this WebApplication app)
    {
        app.MapGet(ApiPath.Status, (HttpContext context, NodeService node) =>
            context.Response.WriteAsJsonAsync(node.Status(), ApiJson.Default.NodeStatus));
        app.MapGet(ApiPath.Cluster, (HttpContext context, NodeService node) =>
            context.Response.WriteAsJsonAsync(node.ClusterStatus(), ApiJson.Default.ClusterStatus));
        app.MapPost(ApiPath.ClusterInit, async (HttpContext context, NodeService node) =>
        {
            var token = node.InitCluster(await ApiBody.ReadAsync(context, ApiJson.Default.ClusterInitRequest));
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(token, ApiJson.Default.JoinToken);
        });
        app.MapPost(ApiPath.ClusterToken, async (HttpContext context, NodeService node) =>
        {
            var token = node.NewToken();
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(token, ApiJson.Default.JoinToken);
        });
        app.MapPost(ApiPath.ClusterJoin, async (HttpContext context, NodeService node) =>
        {
            var status = await node.JoinClusterAsync(await ApiBody.ReadAsync(context, ApiJson.Default.ClusterJoinRequest), context.RequestAborted);
            await context.Response.WriteAsJsonAsync(status, ApiJson.Default.ClusterStatus);
        });
    }
}
