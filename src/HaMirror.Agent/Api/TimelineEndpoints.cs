using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Monitoring;
using HaMirror.Agent.Nodes;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/timeline</c>, <c>/v1/timeline</c>.</summary>
internal static class TimelineEndpoints
{
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromSeconds(5);

    public static void MapTimeline(this IEndpointRouteBuilder app)
    {
        app.MapGet(ApiPath.Modules + "/{module}/timeline", async (HttpContext context, string module, ModuleRoster roster, TimelineTable table, NodeService node, NodeChannel channel) =>
        {
            var (since, limit) = Range(context);
            var name = roster.Definition(module).Name;
            var own = new ModuleTimeline(name, table.Of(name, since, limit), []);
            if (Peer(context, node) is { } peer)
            {
                var other = await AskAsync(context, channel, ApiPath.Module(name, "timeline"), since, limit, ConsoleJson.Default.ModuleTimeline);
                own = other is null ? own with { Missing = [peer] } : With(own, other);
            }

            await context.Response.WriteAsJsonAsync(own, ConsoleJson.Default.ModuleTimeline);
        });
        app.MapGet(ConsolePath.Timeline, async (HttpContext context, ModuleRoster roster, TimelineTable table, NodeService node, NodeChannel channel) =>
        {
            var (since, limit) = Range(context);
            var own = Newest(roster.Definitions.Select(module => new ModuleTimeline(module.Name, table.Of(module.Name, since, limit), [])), limit);
            if (Peer(context, node) is { } peer)
            {
                var other = await AskAsync(context, channel, ConsolePath.Timeline, since, limit, ConsoleJson.Default.ImmutableArrayModuleTimeline);
                own = other.IsDefault ? [.. own.Select(one => one with { Missing = [peer] })]
                    : [.. own.Concat(other).GroupBy(one => one.Module, StringComparer.Ordinal).Select(both => both.Aggregate(With)).OrderBy(one => one.Module, StringComparer.Ordinal)];
            }

            await context.Response.WriteAsJsonAsync(own, ConsoleJson.Default.ImmutableArrayModuleTimeline);
        });
    }

    private static (DateTimeOffset? Since, int Limit) Range(HttpContext context)
    {
        var query = context.Request.Query;
        DateTimeOffset? since = query["since"].ToString() is { Length: > 0 } text
            ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(text)}' is no time: use ISO 8601, e.g. 2026-11-25T19:00:00Z.")
            : null;
        var limit = TimelineTable.EntriesMax;
        if (query["limit"].ToString() is { Length: > 0 } count && (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > TimelineTable.EntriesMax))
            throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(count)}' is no number of entries: 1 to {TimelineTable.EntriesMax}.");
        return (since, limit);
    }

    /// <summary>Of many modules' entries the newest; a module without any of them stays, with none.</summary>
    private static ImmutableArray<ModuleTimeline> Newest(IEnumerable<ModuleTimeline> modules, int limit)
    {
        ModuleTimeline[] all = [.. modules];
        var times = all.SelectMany(one => one.Entries).Select(entry => entry.Time).Order().ToArray();
        if (times.Length <= limit) return [.. all];
        var first = times[^limit];
        return [.. all.Select(one => one with { Entries = [.. one.Entries.Where(entry => entry.Time >= first)] })];
    }

    /// <summary>The other node, where it is to be asked, too.</summary>
    private static string? Peer(HttpContext context, NodeService node) => context.Request.Query["node"] == "own" ? null : node.Membership?.PeerName;

    private static ModuleTimeline With(ModuleTimeline one, ModuleTimeline other) =>
        one with { Entries = [.. one.Entries.Concat(other.Entries).OrderBy(entry => entry.Time)] };

    /// <returns>The default: it did not answer. What this node knows is worth showing without it.</returns>
    private static async Task<T?> AskAsync<T>(HttpContext context, NodeChannel channel, string path, DateTimeOffset? since, int limit, JsonTypeInfo<T> type)
    {
        path = string.Create(CultureInfo.InvariantCulture, $"{path}?node=own&limit={limit}")
            + (since is { } after ? "&since=" + Uri.EscapeDataString(after.ToString("O", CultureInfo.InvariantCulture)) : "");
        try
        {
            using var request = PeerRequest.Of(context, HttpMethod.Get, path);
            using var answer = await channel.SendAsync(request, PeerTimeout, context.RequestAborted);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync(type, context.RequestAborted) : default;
        }
        catch (Exception error) when (error is Refusal or HttpRequestException or IOException or JsonException)
        {
            return default;
        }
    }
}
