using System.Collections.Immutable;
using System.Net.Http.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/templates</c>, <c>/v1/vocabulary</c>, <c>/v1/modules/{m}/configuration</c> and <c>/versions</c>, <c>/v1/changes</c>.</summary>
internal static class ConfigurationEndpoints
{
    private const string Module = ApiPath.Modules + "/{module}";
    private const int CommentLengthMax = 200;
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromSeconds(10);

    public static void MapConfigurations(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Templates, (HttpContext context, ModuleCatalog catalog) =>
            context.Response.WriteAsJsonAsync(catalog.Templates(), ConsoleJson.Default.ImmutableArrayTemplateStatus));
        app.MapPost(ConsolePath.Templates + "/{name}/draft", DraftAsync);
        app.MapGet(ConsolePath.Vocabulary, (HttpContext context) =>
            context.Response.WriteAsJsonAsync(Vocabulary.Root, ConsoleJson.Default.ElementStatus));
        app.MapGet(Module + "/configuration", ReadAsync);
        app.MapPost(Module + "/configuration/check", CheckAsync);
        app.MapPut(Module + "/configuration", ApplyAsync);
        app.MapDelete(Module + "/configuration", RemoveAsync);
        app.MapGet(Module + "/versions", (HttpContext context, string module, ModuleRoster roster, ModuleCatalog catalog, VersionStore versions) =>
            context.Response.WriteAsJsonAsync(versions.List(roster.Definition(module).Name, catalog.InForce(module)?.Version), ConsoleJson.Default.ImmutableArrayModuleVersion));
        app.MapGet(Module + "/versions/{id}", (HttpContext context, string module, string id, ModuleRoster roster, VersionStore versions, NodeService node) =>
        {
            var content = versions.Read(roster.Definition(module).Name, id).Content;
            return context.Response.WriteAsJsonAsync(Show(module, content, node, roster, null), ConsoleJson.Default.ModuleFiles);
        });
        app.MapPost(Module + "/versions/{id}/restore", RestoreAsync);
    }

    private static async Task DraftAsync(HttpContext context, string name, ModuleCatalog catalog, NodeService node, ModuleRoster roster)
    {
        var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.TemplateDraftRequest);
        var content = catalog.Draft(name, request.Module ?? "", request.Values ?? ImmutableDictionary<string, string>.Empty);
        await context.Response.WriteAsJsonAsync(Show(request.Module!, content, node, roster, null) with { Version = null }, ConsoleJson.Default.ModuleFiles);
    }

    private static Task ReadAsync(HttpContext context, string module, ModuleRoster roster, ModuleCatalog catalog, NodeService node, ChangeStore changes, ChangeParticipant own)
    {
        var name = roster.Definition(module).Name;
        var content = context.Request.Query["version"].ToString() switch
        {
            "" or "edited" => catalog.Edited(name),
            "active" => catalog.InForce(name),
            var other => throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(other)}' is neither edited nor active."),
        };
        if (content is null) throw new Refusal(Refusal.NotFound, $"Module {name} has no such files on this node.");
        Precondition.Show(context, content.Version);
        return context.Response.WriteAsJsonAsync(
            Show(name, content, node, roster, changes.Find(name) is { } change ? own.Show(change) : null), ConsoleJson.Default.ModuleFiles);
    }

    private static async Task CheckAsync(HttpContext context, string module, DraftCheck drafts, NodeService node, NodeChannel channel, ModuleRoster roster)
    {
        RefuseName(module);
        var draft = await ApiBody.ReadAsync(context, ConsoleJson.Default.ModuleDraft, ApiBody.DraftBytesMax);
        var content = ModuleContent.Of(draft.Files);
        var verdict = drafts.Of(module, content, node.Membership);
        var own = new ConfigurationCheck(
            module, content.Version, verdict.Faults.IsEmpty, verdict.Faults, verdict.Notes, verdict.Changes, verdict.NeedsStop, ConfigurationFields.Of(content.Xml),
            [new NodeReadiness(node.Membership?.NodeName ?? "", true, verdict.State, VersionOf(roster, module), verdict.Refusal)]);
        if (context.Request.Query["node"] != "own" && node.Membership is { } cluster)
            own = await WithPeerAsync(own, draft, cluster.PeerName, channel, context);
        await context.Response.WriteAsJsonAsync(own, ConsoleJson.Default.ConfigurationCheck);
    }

    private static async Task<ConfigurationCheck> WithPeerAsync(ConfigurationCheck own, ModuleDraft draft, string peer, NodeChannel channel, HttpContext context)
    {
        try
        {
            using var request = PeerRequest.Of(context, HttpMethod.Post, ConsolePath.Configuration(own.Module) + "/check?node=own", JsonContent.Create(draft, ConsoleJson.Default.ModuleDraft));
            using var answer = await channel.SendAsync(request, PeerTimeout, context.RequestAborted);
            if (answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync(ConsoleJson.Default.ConfigurationCheck, context.RequestAborted) is { } other)
            {
                return own with
                {
                    Valid = own.Valid && other.Valid, Faults = own.Faults.AddRange(other.Faults.Where(fault => !own.Faults.Any(same => same with { Node = fault.Node } == fault))),
                    Notes = own.Notes.AddRange(other.Notes.Except(own.Notes).Select(note => $"{peer}: {note}")),
                    NeedsStop = own.NeedsStop || other.NeedsStop, Nodes = own.Nodes.AddRange(other.Nodes),
                };
            }

            var problem = await answer.Content.ReadFromJsonAsync(ApiJson.Default.Problem, context.RequestAborted);
            return own with { Nodes = own.Nodes.Add(new NodeReadiness(peer, true, null, null, problem?.Title ?? $"{peer} answered {(int)answer.StatusCode}.")) };
        }
        catch (Refusal refusal)
        {
            return own with { Nodes = own.Nodes.Add(new NodeReadiness(peer, false, null, null, refusal.Message)) };
        }
    }

    private static async Task ApplyAsync(HttpContext context, string module, ModuleCatalog catalog, DraftCheck drafts, NodeService node, ChangeDesk desk, OperationTable operations)
    {
        RefuseName(module);
        var draft = await ApiBody.ReadAsync(context, ConsoleJson.Default.ModuleDraft, ApiBody.DraftBytesMax);
        var asked = new AskedChange(module, ModuleContent.Of(draft.Files), draft.MakeDirectories, draft.Comment, draft.By);
        await InstallAsync(context, asked, catalog, drafts, node, desk, operations);
    }

    private static async Task RestoreAsync(
        HttpContext context, string module, string id, ModuleRoster roster, ModuleCatalog catalog, VersionStore versions, DraftCheck drafts, NodeService node, ChangeDesk desk, OperationTable operations)
    {
        var request = await ApiBody.TryReadAsync(context, ConsoleJson.Default.VersionRequest);
        var (content, note) = versions.Read(roster.Definition(module).Name, id);
        var asked = new AskedChange(module, content, false, $"As of {note.Time:yyyy-MM-dd HH:mm:ss} UTC.", request?.By);
        await InstallAsync(context, asked, catalog, drafts, node, desk, operations);
    }

    private static async Task InstallAsync(
        HttpContext context, AskedChange asked, ModuleCatalog catalog, DraftCheck drafts, NodeService node, ChangeDesk desk, OperationTable operations)
    {
        var (module, content) = (asked.Module, asked.Content);
        Precondition.Check(context, catalog.Edited(module)?.Version, $"the configuration of module {module}");
        if (asked.Comment?.Length > CommentLengthMax) throw new Refusal(Refusal.BadRequest, $"A comment has at most {CommentLengthMax} characters.");
        var notes = drafts.Of(module, content, node.Membership).Notes;
        if (asked.MakeDirectories) notes = notes.RemoveAll(note => note.StartsWith("The directory ", StringComparison.Ordinal));
        var change = desk.New(ChangeKind.Apply, module, content.Version, Caller.By(context, asked.By) ?? "operator@local", asked.Comment, needsStop: true, asked.MakeDirectories);
        await MakeAsync(context, change, content.Files, notes, desk, operations);
    }

    private static async Task RemoveAsync(HttpContext context, string module, ModuleRoster roster, ModuleCatalog catalog, ChangeDesk desk, OperationTable operations)
    {
        var name = roster.Definition(module).Name;
        Precondition.Check(context, catalog.Edited(name)?.Version, $"the configuration of module {name}");
        var change = desk.New(ChangeKind.Remove, name, null, Caller.By(context, context.Request.Query["by"]) ?? "operator@local", null, needsStop: true);
        await MakeAsync(context, change, [], [], desk, operations);
    }

    /// <summary>Answers with what became of it, or with the operation whose result that will be.</summary>
    private static async Task MakeAsync(HttpContext context, PlannedChange change, ImmutableArray<ModuleFile> files, ImmutableArray<string> notes, ChangeDesk desk, OperationTable operations)
    {
        async Task<ConfigurationApplied> WorkAsync(Action<OperationProgress>? tell)
        {
            var waits = await desk.MakeAsync(change, files, tell);
            return new ConfigurationApplied(change.Module, change.Version, waits is null, waits, notes);
        }

        if (OperationEndpoints.WantsOperation(context))
        {
            await OperationEndpoints.AcceptAsync(context, ModuleOperations.OfChange(operations, change, WorkAsync));
            return;
        }

        var applied = await WorkAsync(null);
        Precondition.Show(context, change.Version);
        await context.Response.WriteAsJsonAsync(applied, ConsoleJson.Default.ConfigurationApplied);
    }

    /// <summary>What both nodes are to have.</summary>
    private sealed record AskedChange(string Module, ModuleContent Content, bool MakeDirectories, string? Comment, string? By);

    private static ModuleFiles Show(string module, ModuleContent content, NodeService node, ModuleRoster roster, ChangeStatus? change) => new(
        module, node.Membership?.NodeName ?? "", content.Version, VersionOf(roster, module),
        roster.FindDriver(module) is { PeerHash: > 0 } driver ? ModuleContent.Text(driver.PeerHash) : null, content.Files, ConfigurationFields.Of(content.Xml), change);

    private static string? VersionOf(ModuleRoster roster, string module) =>
        roster.Definitions.FirstOrDefault(definition => definition.Name == module) is { Hash: > 0 } definition ? ModuleContent.Text(definition.Hash) : null;

    private static void RefuseName(string module)
    {
        if (ModuleName.Refusal(module) is { } fault) throw new Refusal(Refusal.BadRequest, Printable.Of(char.ToUpperInvariant(fault[0]) + fault[1..]) + ".");
    }
}
