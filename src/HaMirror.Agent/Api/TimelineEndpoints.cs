using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Monitoring;
using HaMirror.Agent.Nodes;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/timeline</c>.</summary>
internal static class TimelineEndpoints
{
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromSeconds(5);

    public static void MapTimeline(this IEndpointRouteBuilder app) =>
        app.MapGet(ApiPath.Modules + "/{module}/timeline", async (HttpContext context, string module, ModuleRoster roster, TimelineTable table, NodeService node, NodeChannel channel) =>
        {
            var query = context.Request.Query;
            DateTimeOffset? since = query["since"].ToString() is { Length: > 0 } text
                ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(text)}' is no time: use ISO 8601, e.g. 2026-11-25T19:00:00Z.")
                : null;
            var limit = TimelineTable.EntriesMax;
            if (query["limit"].ToString() is { Length: > 0 } count && (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > TimelineTable.EntriesMax))
                throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(count)}' is no number of entries: 1 to {TimelineTable.EntriesMax}.");
            var name = roster.Definition(module).Name;
            var own = new ModuleTimeline(name, table.Of(name, since, limit), []);
            if (query["node"] != "own" && node.Membership is { } cluster) own = await WithPeerAsync(own, context, cluster.PeerName, since, limit, channel);
            await context.Response.WriteAsJsonAsync(own, ConsoleJson.Default.ModuleTimeline);
        });

    private static async Task<ModuleTimeline> WithPeerAsync(ModuleTimeline own, HttpContext context, string peer, DateTimeOffset? since, int limit, NodeChannel channel)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{ApiPath.Module(own.Module, "timeline")}?node=own&limit={limit}")
            + (since is { } after ? "&since=" + Uri.EscapeDataString(after.ToString("O", CultureInfo.InvariantCulture)) : "");
        try
        {
            using var request = PeerRequest.Of(context, HttpMethod.Get, path);
            using var answer = await channel.SendAsync(request, PeerTimeout, context.RequestAborted);
            if (answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync(ConsoleJson.Default.ModuleTimeline, context.RequestAborted) is { } other)
                return own with { Entries = [.. own.Entries.Concat(other.Entries).OrderBy(entry => entry.Time)] };
        }
        catch (Exception error) when (error is Refusal or HttpRequestException or IOException or JsonException)
        {
            // It is named as missing: what this node knows is worth showing without it.
        }

        return own with { Missing = [peer] };
    }
}
