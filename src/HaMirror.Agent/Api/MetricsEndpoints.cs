using HaMirror.Agent.Monitoring;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/metrics</c>.</summary>
internal static class MetricsEndpoints
{
    public static void MapMetrics(this IEndpointRouteBuilder app) => app.MapGet(ConsolePath.Metrics, (HttpContext context, Metrics metrics) =>
    {
        context.Response.ContentType = MetricsText.ContentType;
        return context.Response.WriteAsync(metrics.Write(), context.RequestAborted);
    });
}
