// What the runs of a module's hooks printed. A line of the log names the file ("Script start_prim > /var/log/.../userlog_..."); its
// last part is the run's name here. Only names of that form are looked at, so no path can be smuggled in; and it takes Control to
// read them, because a hook prints whatever its author let it print.
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/hook-runs</c>.</summary>
internal static partial class HookRunEndpoints
{
    /// <summary>Of a longer output the end is shown.</summary>
    private const int ShownBytesMax = 256 << 10;

    private const int RunsMax = 200;

    public static void MapHookRuns(this IEndpointRouteBuilder app)
    {
        app.MapGet(ApiPath.Modules + "/{module}/hook-runs", (HttpContext context, string module, ModuleRoster roster, AgentFiles files) =>
            context.Response.WriteAsJsonAsync(Runs(Directory(roster, files, module)), ConsoleJson.Default.ImmutableArrayHookRun));
        app.MapGet(ApiPath.Modules + "/{module}/hook-runs/{run}", async (HttpContext context, string module, string run, ModuleRoster roster, AgentFiles files) =>
        {
            var path = Path.Combine(Directory(roster, files, module), run);
            if (!Name().IsMatch(run) || !File.Exists(path))
                throw new Refusal(Refusal.NotFound, $"Module {module} has no such run of a hook, or its output is kept no more.", "GET the same path without its last part lists the runs that are kept.");
            context.Response.ContentType = "text/plain; charset=utf-8";
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(-Math.Min(file.Length, ShownBytesMax), SeekOrigin.End);
            await file.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
    }

    private static ImmutableArray<HookRun> Runs(string directory) =>
        !System.IO.Directory.Exists(directory) ? [] :
        [
            .. new DirectoryInfo(directory).EnumerateFiles().Where(file => Name().IsMatch(file.Name))
                .OrderByDescending(file => file.Name, StringComparer.Ordinal).Take(RunsMax)
                .Select(file => new HookRun(file.Name, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero))),
        ];

    /// <summary>The roster knows the module, so its name is one.</summary>
    private static string Directory(ModuleRoster roster, AgentFiles files, string module) => files.HookLogDirectory(roster.Definition(module).Name);

    [GeneratedRegex(@"^userlog_[A-Za-z0-9_.+:-]{1,200}$")]
    private static partial Regex Name();
}
