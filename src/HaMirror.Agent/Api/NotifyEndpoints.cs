using HaMirror.Agent.Notify;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/notify</c>.</summary>
internal static class NotifyEndpoints
{
    public static void MapNotify(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Notify, (HttpContext context, Notifier notifier) =>
            context.Response.WriteAsJsonAsync(notifier.Status, ConsoleJson.Default.NotifyStatus));
        app.MapPost(ConsolePath.NotifyTest, async (HttpContext context, Notifier notifier) =>
        {
            var request = await ApiBody.TryReadAsync(context, ConsoleJson.Default.NotifyTestRequest);
            await notifier.TestAsync(request?.Kind, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(notifier.Status, ConsoleJson.Default.NotifyStatus);
        });
    }
}
