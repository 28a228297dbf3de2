using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules</c> (src/HaMirror.Core/Api/API.md).</summary>
internal static class ModuleEndpoints
{
    private const string DefaultCaller = "operator@local";
    private const int LinesDefault = 300;
    private const double WaitSecondsMax = 86_400;

    public static void MapModules(this WebApplication app)
    {
        app.MapGet(ApiPath.Modules, (HttpContext context, ModuleRoster roster) =>
            context.Response.WriteAsJsonAsync(Summaries(roster), ApiJson.Default.ImmutableArrayModuleSummary));
        app.MapPost(ApiPath.Modules, AddAsync);
        app.MapDelete(ApiPath.Modules + "/{module}", async (string module, ModuleRoster roster) =>
        {
            await roster.RemoveAsync(roster.Definition(module).Name);
            return Results.NoContent();
        });
        app.MapGet(ApiPath.Modules + "/{module}", (HttpContext context, string module, NodeService node) =>
            context.Response.WriteAsJsonAsync(node.Status(module), ApiJson.Default.ModuleStatus));
        app.MapPost(ApiPath.Modules + "/{module}/check", (HttpContext context, string module, ModuleRoster roster, Io.Records.AgentFiles files) =>
            context.Response.WriteAsJsonAsync(
                new ModuleConfigured(module, files.ModuleDirectory(module), false, roster.Check(module).Notes), ApiJson.Default.ModuleConfigured));
        app.MapPost(ApiPath.Modules + "/{module}/config", async (HttpContext context, string module, NodeService node, Io.Records.AgentFiles files) =>
        {
            var configuration = await node.ConfigureAsync(module, Caller.Of(context).Name);
            await context.Response.WriteAsJsonAsync(
                new ModuleConfigured(module, files.ModuleDirectory(module), true, configuration.Notes), ApiJson.Default.ModuleConfigured);
        });
        app.MapGet(ApiPath.Modules + "/{module}/connection", (HttpContext context, string module, ModuleRoster roster) =>
            context.Response.WriteAsJsonAsync(ConnectionDryRun.Of(roster.Driver(module)), ApiJson.Default.ConnectionReport));
        app.MapPost(ApiPath.Modules + "/{module}/start", StartAsync);
        app.MapPost(ApiPath.Modules + "/{module}/failover", FailoverAsync);
        app.MapPost(ApiPath.Modules + "/{module}/wait", WaitAsync);
        app.MapGet(ApiPath.Modules + "/{module}/log", LogAsync);
        app.MapPost(ApiPath.Modules + "/{module}/log", AddLineAsync);
        MapActions(app);
    }

    private static void MapActions(WebApplication app)
    {
        foreach (var (name, command) in new[]
        {
            ("stop", OperatorCommand.Stop), ("force-stop", OperatorCommand.ForceStop), ("restart", OperatorCommand.Restart),
            ("stopstart", OperatorCommand.StopStart), ("swap", OperatorCommand.Swap), ("attach", OperatorCommand.Attach),
        })
        {
            app.MapPost(ApiPath.Modules + "/{module}/" + name, async (HttpContext context, string module, ModuleRoster roster, OperationTable operations) =>
            {
                var request = await ApiBody.TryReadAsync(context, ApiJson.Default.ActionRequest);
                await CommandAsync(context, operations, roster.Driver(module), name, command, request?.By, request?.Identity);
            });
        }
    }

    private static ImmutableArray<ModuleSummary> Summaries(ModuleRoster roster) =>
    [
        .. roster.Definitions.Select(definition =>
        {
            var view = roster.FindDriver(definition.Name)?.Snapshot.View;
            return new ModuleSummary(definition.Name, definition.Number, definition.Active is not null,
                StateName.Of(view?.State ?? ModuleState.Stop), (view?.Phase ?? Phase.NotReady).ToString(),
                [.. definition.Active?.Replication?.Directories.Select(directory => directory.Path) ?? []]);
        }),
    ];

    private static async Task AddAsync(HttpContext context, ModuleRoster roster)
    {
        var added = await roster.AddAsync(await ApiBody.ReadAsync(context, ApiJson.Default.ModuleAddRequest));
        context.Response.StatusCode = StatusCodes.Status201Created;
        await context.Response.WriteAsJsonAsync(added, ApiJson.Default.ModuleConfigured);
    }

    private static async Task StartAsync(HttpContext context, string module, ModuleRoster roster, SeedDesk seeds, ChangeParticipant changes, OperationTable operations)
    {
        changes.RefuseStart(module);
        var request = await ApiBody.TryReadAsync(context, ApiJson.Default.StartRequest);
        var command = (request?.Role, request?.FullSync ?? false) switch
        {
            (null or "" or "auto", false) => OperatorCommand.Start,
            ("primary", false) => OperatorCommand.StartAsPrimary,
            ("secondary", false) => OperatorCommand.StartAsSecondary,
            ("secondary", true) => OperatorCommand.StartAsSecondaryFullSync,
            (_, true) => throw new Refusal(Refusal.BadRequest, "A full synchronisation makes this node's replica new, so only a secondary can ask for one.",
                "Use 'hamirror start --as-secondary --full-sync' on the node whose data is to be replaced."),
            _ => throw new Refusal(Refusal.BadRequest, $"'{request!.Role}' is no role: auto, primary or secondary."),
        };
        var driver = roster.Driver(module);
        if (request?.Undo == true && command != OperatorCommand.StartAsPrimary)
            throw new Refusal(Refusal.BadRequest, "Only a start as primary can undo a resync.", "Use 'hamirror start --as-primary --undo'.");
        if (command == OperatorCommand.StartAsPrimary) RefuseHalfResynced(driver, request!.Undo);
        await seeds.StartAsync(
            driver.Name, () => CommandAsync(context, operations, driver, "start", command, request?.By, request?.Identity, request?.Undo ?? false));
    }

    /// <summary>A half-resynced replica is no state that ever was: nobody starts with it who can have the one before it.</summary>
    private static void RefuseHalfResynced(ModuleDriver driver, bool undo)
    {
        if (undo || driver.Snapshot.View is { PeerHeard: true, PeerBeat.Serves: true }) return; // The machine refuses that.
        try
        {
            if (driver.UndoOffer is { } offer)
                throw new Refusal(Refusal.Conflict, offer.Sentence, $"'hamirror start -m {driver.Name} --as-primary --undo' goes back to it and starts.");
        }
        catch (IOException failure)
        {
            throw new Refusal(Refusal.Conflict, $"This replica is half-way through a resync, and its undo record cannot be read: {failure.Message}",
                "'hamirror start' lets the resync go on as soon as the peer serves.");
        }
    }

    private static async Task FailoverAsync(HttpContext context, string module, ModuleRoster roster)
    {
        var request = await ApiBody.ReadAsync(context, ApiJson.Default.FailoverRequest);
        var command = request.On ? OperatorCommand.FailoverOn : OperatorCommand.FailoverOff;
        await CommandAsync(context, null, roster.Driver(module), request.On ? "failover on" : "failover off", command, request.By, null);
    }

    private static async Task CommandAsync(
        HttpContext context, OperationTable? operations, ModuleDriver driver, string name, OperatorCommand command, string? by, string? identity, bool undo = false)
    {
        by = Caller.By(context, by);
        var caller = identity is { Length: > 0 } ? $"{identity} ({by ?? "automatic"})" : by ?? DefaultCaller;
        var before = driver.Snapshot.View.State;
        var refusal = await driver.CommandAsync(new MachineInput.Command(command) { By = caller, Automatic = identity is { Length: > 0 }, Undo = undo });
        if (refusal is not null) throw new Refusal(Refusal.Conflict, refusal);
        var view = driver.Snapshot.View;
        if (operations is not null) OperationEndpoints.Locate(context, ModuleOperations.OfCommand(operations, driver, name, caller, before));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await context.Response.WriteAsJsonAsync(
            new ActionAccepted(driver.Name, name, StateName.Of(view.State), view.Phase.ToString()), ApiJson.Default.ActionAccepted);
    }

    private static async Task WaitAsync(HttpContext context, string module, NodeService node, ModuleRoster roster)
    {
        var request = await ApiBody.ReadAsync(context, ApiJson.Default.WaitRequest);
        var driver = roster.Driver(module);
        var states = (request.States.IsDefaultOrEmpty ? [] : request.States)
            .Select(state => Parse<ModuleState>(state, "state", "STOP, WAIT, ALONE, PRIM or SECOND")).ToHashSet();
        Phase? phase = request.Phase is null ? null : Parse<Phase>(request.Phase, "phase", "NotReady, Transient or Ready");
        if (!(request.TimeoutSeconds is >= 0 and <= WaitSecondsMax))
            throw new Refusal(Refusal.BadRequest, $"A wait takes 0 to {WaitSecondsMax:0} seconds.");
        var reached = await driver.WaitAsync(
            snapshot => (states.Count == 0 || states.Contains(snapshot.View.State)) && (phase is null || phase == snapshot.View.Phase),
            TimeSpan.FromSeconds(request.TimeoutSeconds), context.RequestAborted);
        if (!reached)
        {
            var view = driver.Snapshot.View;
            throw new Refusal(Refusal.TimedOut,
                $"Module {module} is {StateName.Of(view.State)} {view.Phase} after {request.TimeoutSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s.", view.Reason);
        }

        await context.Response.WriteAsJsonAsync(node.Status(module), ApiJson.Default.ModuleStatus);
    }

    private static T Parse<T>(string text, string what, string known)
        where T : struct, Enum =>
        Enum.TryParse<T>(text, ignoreCase: true, out var value) && !char.IsAsciiDigit(text[0])
            ? value
            : throw new Refusal(Refusal.BadRequest, $"'{text}' is no {what}: {known}.");

    private static async Task LogAsync(HttpContext context, string module, ModuleRoster roster)
    {
        var query = context.Request.Query;
        DateTimeOffset? since = null;
        if (query["since"].ToString() is { Length: > 0 } text)
        {
            since = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
                ? time
                : throw new Refusal(Refusal.BadRequest, $"'{text}' is no time: use ISO 8601, e.g. 2026-11-25T19:00:00Z.");
        }

        var lines = LinesDefault;
        if (query["lines"].ToString() is { Length: > 0 } count && (!int.TryParse(count, out lines) || lines < 0))
            throw new Refusal(Refusal.BadRequest, $"'{count}' is no number of lines.", "Ask for a whole number, 1 or more.");
        var log = roster.Driver(module).Log;
        context.Response.ContentType = "application/x-ndjson";
        if (query["follow"] != "true")
        {
            foreach (var line in log.Last(since, lines)) await WriteLineAsync(context, line);
            return;
        }

        var (last, next) = log.Follow(since, lines);
        try
        {
            foreach (var line in last) await WriteLineAsync(context, line);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await foreach (var line in next.ReadAllAsync(context.RequestAborted))
            {
                await WriteLineAsync(context, line);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        finally
        {
            log.Unfollow(next);
        }
    }

    private static async Task WriteLineAsync(HttpContext context, LogLine line)
    {
        await JsonSerializer.SerializeAsync(context.Response.Body, line, ApiJson.Default.LogLine, context.RequestAborted);
        await context.Response.WriteAsync("\n", context.RequestAborted);
    }

    private static async Task<IResult> AddLineAsync(HttpContext context, string module, ModuleRoster roster)
    {
        var request = await ApiBody.ReadAsync(context, ApiJson.Default.LogRequest);
        var level = Parse<SayLevel>(request.Level, "level", "Critical, Warning, Event or Detail");
        roster.Driver(module).Log.Add(level, request.Text);
        return Results.NoContent();
    }
}
