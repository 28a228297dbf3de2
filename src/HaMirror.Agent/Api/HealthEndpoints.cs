// For load balancers: 200 where the service runs, 503 elsewhere, and why in a word. They can seldom log in, and learn here no more
// than they would by trying the service itself; console.xml closes it (health="key") where even that is too much.
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.States;

namespace HaMirror.Agent.Api;

/// <summary><c>/health</c> and <c>/health/modules/{m}</c>.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Health, (HttpContext context) => AnswerAsync(context, true, "ok"));
        app.MapGet(ConsolePath.Health + "/modules/{module}", (HttpContext context, string module, ModuleRoster roster) =>
        {
            var view = roster.FindDriver(module)?.Snapshot.View;
            var serves = view is { State: ModuleState.Alone or ModuleState.Prim, Phase: Phase.Ready };
            return AnswerAsync(context, serves, serves ? "serves" : "does not serve");
        });
    }

    private static Task AnswerAsync(HttpContext context, bool good, string word)
    {
        context.Response.StatusCode = good ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(word + "\n", context.RequestAborted);
    }
}
