// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). First the whole state (event "status",
// a NodeStatus), unless the client resumes; then "module" (ModuleStatus), "node" (NodeStatus without modules), "removed", "operation"
// (OperationStatus), "log" (LogLine) as they come, and "beat" every five seconds, so that a dead stream is noticed. A client that
// lost events gets "status" again.
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using HaMirror.Agent.Access;
using HaMirror.Agent.Events;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/events</c>.</summary>
internal static class EventEndpoints
{
    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(5);

    /// <summary>One that takes nothing for so long is gone.</summary>
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(30);

    public static void MapEvents(this IEndpointRouteBuilder app) => app.MapGet(ConsolePath.Events, StreamAsync);

    private static async Task StreamAsync(HttpContext context, EventHub hub, NodeService node, AccessGate gate, WebListener web, TimeProvider clock)
    {
        var after = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : context.Request.Query["after"].ToString();
        using var client = hub.Watch(after) ?? throw new Refusal(StatusCodes.Status503ServiceUnavailable,
            $"{EventHub.ClientsMax} clients watch the events already.", "Close a page of the console, or try again later.");
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, web.Closing);
        var caller = Caller.Of(context);
        var beaten = clock.GetTimestamp();
        try
        {
            if (!client.Resumed) await SendStateAsync(context, hub, node, client.Begin, ending.Token);
            else await context.Response.Body.FlushAsync(ending.Token);
            while (gate.StillGood(caller))
            {
                if (client.TakeOverrun())
                {
                    var last = client.Begin;
                    while (client.Events.TryRead(out var old)) last = old.Number;
                    await SendStateAsync(context, hub, node, last, ending.Token);
                }

                var quiet = !await WaitAsync(client.Events, ending.Token);
                if (!quiet) await SendAllAsync(context, hub, client.Events, ending.Token);
                if (!quiet && clock.GetElapsedTime(beaten) < BeatPeriod) continue; // Beats come however much else does.
                beaten = clock.GetTimestamp();
                await SendAsync(context, null, "beat", JsonSerializer.SerializeToUtf8Bytes(new StreamBeat(clock.GetUtcNow()), ConsoleJson.Default.StreamBeat), ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has left, takes nothing any more, or the agent ends.
            context.Abort();
        }
    }

    private static Task SendStateAsync(HttpContext context, EventHub hub, NodeService node, long number, CancellationToken cancellation) =>
        SendAsync(context, hub.IdOf(number), "status", JsonSerializer.SerializeToUtf8Bytes(node.Status(), ApiJson.Default.NodeStatus), cancellation);

    private static async Task<bool> WaitAsync(ChannelReader<StreamEvent> events, CancellationToken cancellation)
    {
        using var beat = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        beat.CancelAfter(BeatPeriod);
        try
        {
            return await events.WaitToReadAsync(beat.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task SendAllAsync(HttpContext context, EventHub hub, ChannelReader<StreamEvent> events, CancellationToken cancellation)
    {
        while (events.TryRead(out var made)) await SendAsync(context, hub.IdOf(made.Number), made.Kind, made.Data, cancellation);
    }

    private static async Task SendAsync(HttpContext context, string? id, string kind, byte[] data, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(WriteTimeout);
        byte[] text = [.. Encoding.ASCII.GetBytes((id is null ? "" : $"id: {id}\n") + $"event: {kind}\ndata: "), .. data, .. "\n\n"u8];
        await context.Response.Body.WriteAsync(text, limit.Token);
        await context.Response.Body.FlushAsync(limit.Token);
    }
}
