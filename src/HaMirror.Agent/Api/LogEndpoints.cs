using System.Collections.Immutable;
using System.Globalization;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/log</c>: the logs of all modules at once, for who begins to look.</summary>
internal static class LogEndpoints
{
    private const int LinesMax = 300, LookedAtMax = 200;
    private const string Detail = "Detail";

    public static void MapLogs(this IEndpointRouteBuilder app) => app.MapGet(ConsolePath.Log, (HttpContext context, ModuleRoster roster) =>
    {
        var lines = 1;
        if (context.Request.Query["lines"].ToString() is { Length: > 0 } text
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out lines) && lines is >= 1 and <= LinesMax))
            throw new Refusal(Refusal.BadRequest, $"'{text}' is no number of lines.", $"Ask for 1 to {LinesMax}.");
        ImmutableArray<LogLine> last =
        [
            .. roster.Drivers
                .SelectMany(driver => driver.Log.Last(null, Math.Max(lines, LookedAtMax)).Where(line => line.Level != Detail).TakeLast(lines))
                .OrderBy(line => line.Time),
        ];
        return context.Response.WriteAsJsonAsync(last, ConsoleJson.Default.ImmutableArrayLogLine);
    });
}
