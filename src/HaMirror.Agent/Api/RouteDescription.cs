// What the OpenAPI document says of each request beside its path: a sentence, and what goes in and comes out. One table, because
// most requests read their bodies themselves, and so that a test can ask whether any request was forgotten.
using System.Collections.Frozen;
using System.Collections.Immutable;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary>A request of the API.</summary>
/// <param name="Body">Null: none.</param>
/// <param name="Answer">Null: none, or not JSON.</param>
/// <param name="Status">Of the good answer.</param>
/// <param name="Media">Of the answer.</param>
internal sealed record RouteDescription(string Summary, Type? Body = null, Type? Answer = null, int Status = 200, string Media = "application/json")
{
    private const string Module = ApiPath.Modules + "/{module}";

    /// <summary>By method and route.</summary>
    public static readonly FrozenDictionary<string, RouteDescription> All = new Dictionary<string, RouteDescription>
    {
        [$"GET {ApiPath.Status}"] = new("This node, its LANs, all its modules; works before the cluster is made.", null, typeof(NodeStatus)),
        [$"GET {ApiPath.Modules}"] = new("The modules of this node in short.", null, typeof(ImmutableArray<ModuleSummary>)),
        [$"POST {ApiPath.Modules}"] = new("Makes a module from a template; it is not active yet.", typeof(ModuleAddRequest), typeof(ModuleConfigured), 201),
        [$"GET {Module}"] = new("One module: state, replica, peer, resync.", null, typeof(ModuleStatus)),
        [$"DELETE {Module}"] = new("Removes a stopped module; its replicated directories stay.", null, null, 204),
        [$"POST {Module}/check"] = new("Checks the configuration as it is edited; changes nothing.", null, typeof(ModuleConfigured)),
        [$"POST {Module}/config"] = new("Checks the configuration and makes it the active one; only while the module is stopped.", null, typeof(ModuleConfigured)),
        [$"POST {Module}/start"] = new("Starts the module, as what its record proves or as the operator says.", typeof(StartRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/stop"] = new("Stops the module in order.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/force-stop"] = new("Stops the module at once; its service is ended by force.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/restart"] = new("Restarts the service without leaving the state.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/stopstart"] = new("Stops the module and starts it again.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/swap"] = new("Exchanges the roles of the two nodes.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/attach"] = new("Takes a replica's disk back into service after it was detached.", typeof(ActionRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/failover"] = new("Turns automatic failover on or off; kept over restarts.", typeof(FailoverRequest), typeof(ActionAccepted), 202),
        [$"POST {Module}/wait"] = new("Answers when the module is in one of the states; 408 when the time is over.", typeof(WaitRequest), typeof(ModuleStatus)),
        [$"GET {Module}/log"] = new("The last lines of the module's log (query: since, lines, follow), one JSON object a line.", null, null, 200, "application/x-ndjson"),
        [$"POST {Module}/log"] = new("Adds a line to the module's log.", typeof(LogRequest), null, 204),
        [$"GET {Module}/resources"] = new("What is up and down in the module.", null, typeof(ImmutableArray<ResourceStatus>)),
        [$"GET {Module}/resources/{{name}}"] = new("One resource.", null, typeof(ResourceStatus)),
        [$"PUT {Module}/resources/{{name}}"] = new("Says that a resource is up or down.", typeof(ResourceRequest), typeof(ResourceStatus)),
        [$"GET {ApiPath.Cluster}"] = new("The cluster and its LANs.", null, typeof(ClusterStatus)),
        [$"POST {ApiPath.ClusterInit}"] = new("Makes a cluster and its key, and a token to join with.", typeof(ClusterInitRequest), typeof(JoinToken), 201),
        [$"POST {ApiPath.ClusterToken}"] = new("Another join token; it replaces one that waits.", null, typeof(JoinToken), 201),
        [$"POST {ApiPath.ClusterJoin}"] = new("Joins the cluster that made the token; takes up to 15 s.", typeof(ClusterJoinRequest), typeof(ClusterStatus)),
        [$"POST {ConsolePath.Session}"] = new("Logs in: sets the session's cookie and answers with the same session as a bearer token.", typeof(LoginRequest), typeof(SessionStatus)),
        [$"GET {ConsolePath.Session}"] = new("Who asks, and with which role.", null, typeof(SessionStatus)),
        [$"POST {ConsolePath.SessionToken}"] = new("One's own session as a bearer token, for the console's page: with it the page goes on at the other node when its own dies.", null, typeof(SessionStatus)),
        [$"DELETE {ConsolePath.Session}"] = new("Logs out, at both nodes.", null, null, 204),
        [$"PUT {ConsolePath.Session}/password"] = new("Changes one's own password; other sessions end, and this one begins anew.", typeof(PasswordRequest), typeof(SessionStatus)),
        [$"GET {ConsolePath.Users}"] = new("The users and their roles.", null, typeof(ImmutableArray<UserStatus>)),
        [$"POST {ConsolePath.Users}"] = new("Adds a user, for both nodes.", typeof(UserAddRequest), typeof(UserStatus), 201),
        [$"PUT {ConsolePath.Users}/{{name}}"] = new("Changes a user's role or password; his sessions end.", typeof(UserChangeRequest), typeof(UserStatus)),
        [$"DELETE {ConsolePath.Users}/{{name}}"] = new("Removes a user; his sessions end.", null, null, 204),
        [$"GET {ConsolePath.Keys}"] = new("The keys, without the keys themselves.", null, typeof(ImmutableArray<KeyStatus>)),
        [$"POST {ConsolePath.Keys}"] = new("Makes a key and shows it, once.", typeof(KeyAddRequest), typeof(KeyMade), 201),
        [$"DELETE {ConsolePath.Keys}/{{name}}"] = new("Removes a key.", null, null, 204),
        [$"GET {ConsolePath.Nodes}"] = new("The two nodes, and whether the other one's API answers. /v1/nodes/{node}/... is /v1/... at that node.", null, typeof(ImmutableArray<NodeSummary>)),
        [$"GET {ConsolePath.Log}"] = new("The last lines of every module's log on this node (query: lines, of each module), without details, oldest first.", null, typeof(ImmutableArray<LogLine>)),
        [$"GET {ConsolePath.Events}"] = new("Server-sent events: status, module, node, removed, operation, log, traffic, beat; resumes after Last-Event-ID.", null, null, 200, "text/event-stream"),
        [$"GET {ConsolePath.Notify}"] = new("Who is told of events, and how the last messages fared.", null, typeof(NotifyStatus)),
        [$"POST {ConsolePath.NotifyTest}"] = new("Sends a test message.", typeof(NotifyTestRequest), typeof(NotifyStatus)),
        [$"GET {ConsolePath.Metrics}"] = new("Metrics for Prometheus.", null, null, 200, "text/plain"),
        [$"GET {ConsolePath.Health}"] = new("200 while the agent works.", null, null, 200, "text/plain"),
        [$"GET {ConsolePath.Health}/modules/{{module}}"] = new("200 where the module serves, 503 elsewhere; for load balancers.", null, null, 200, "text/plain"),
        [$"GET {ConsolePath.OpenApi}"] = new("This document.", null, null),
        [$"GET {Module}/connection"] = new("What the two nodes would do if they met now.", null, typeof(ConnectionReport)),
        [$"GET {Module}/salvage"] = new("What resyncs replaced and is kept, by set.", null, typeof(ImmutableArray<SalvageSetStatus>)),
        [$"GET {Module}/salvage/{{id}}"] = new("One set and its files.", null, typeof(SalvageSetStatus)),
        [$"DELETE {Module}/salvage/{{id}}"] = new("Removes a set.", null, null, 204),
        [$"POST {Module}/salvage/{{id}}/export"] = new("Writes a set out on this node.", typeof(SalvageExportRequest), typeof(SalvageWritten)),
        [$"POST {Module}/salvage/{{id}}/restore"] = new("Puts files of a set back through the mount of the node that serves.", typeof(SalvageRestoreRequest), typeof(SalvageWritten)),
        [$"GET {Module}/hook-runs"] = new("The kept outputs of the module's hooks, newest first.", null, typeof(ImmutableArray<HookRun>)),
        [$"GET {Module}/hook-runs/{{run}}"] = new("What one run of a hook printed; the log's line names it.", null, null, 200, "text/plain"),
        [$"GET {Module}/diff"] = new("What a resync would look at, and for how long.", null, typeof(ModuleDiff)),
        [$"POST {Module}/verify"] = new("Compares the two replicas while the module runs.", typeof(VerifyRequest), typeof(VerifyReport), 202),
        [$"GET {Module}/verify"] = new("How far the comparison is, or what the last one found.", null, typeof(VerifyReport)),
        [$"DELETE {Module}/verify"] = new("Stops the comparison.", null, null, 204),
        [$"POST {Module}/seed"] = new("Writes a seed of the replica to a directory of this node, or takes one from there.", typeof(SeedRequest), typeof(SeedReport), 202),
        [$"GET {Module}/seed"] = new("How far the seed is.", null, typeof(SeedReport)),
        [$"DELETE {Module}/seed"] = new("Stops writing or taking the seed.", null, null, 204),
        [$"PUT {Module}/resync-rate"] = new("Caps the rate of resyncs.", typeof(ResyncRateRequest), null, 204),
        [$"GET {ConsolePath.Templates}"] = new("The templates of modules on this node, with what a form can set.", null, typeof(ImmutableArray<TemplateStatus>)),
        [$"POST {ConsolePath.Templates}/{{name}}/draft"] = new("The files that a module of the template and these values would have; nothing is written.", typeof(TemplateDraftRequest), typeof(ModuleFiles)),
        [$"GET {ConsolePath.Vocabulary}"] = new("What may stand in a module's XML: elements, attributes, defaults, and what can change while the module runs.", null, typeof(ElementStatus)),
        [$"GET {Module}/configuration"] = new("The module's XML and hooks on this node, as they are edited (query version=active: as they are in force); the ETag names the version.", null, typeof(ModuleFiles)),
        [$"POST {Module}/configuration/check"] = new("Checks a draft on both nodes and compares it with what is in force; changes nothing (query node=own: this node alone).", typeof(ModuleDraft), typeof(ConfigurationCheck)),
        [$"PUT {Module}/configuration"] = new("Makes a draft the configuration of both nodes, or of none; If-Match names the version that it replaces, If-None-Match: * makes a module. With Prefer: respond-async: 202 and an operation.", typeof(ModuleDraft), typeof(ConfigurationApplied)),
        [$"DELETE {Module}/configuration"] = new("Removes the stopped module from both nodes, or from none; If-Match names the version. The replicated directories stay. With Prefer: respond-async: 202 and an operation.", null, typeof(ConfigurationApplied)),
        [$"GET {Module}/versions"] = new("The last configurations that were active on this node, newest first.", null, typeof(ImmutableArray<ModuleVersion>)),
        [$"GET {Module}/versions/{{id}}"] = new("The files of a kept version.", null, typeof(ModuleFiles)),
        [$"POST {Module}/versions/{{id}}/restore"] = new("Makes a kept version the configuration of both nodes, or of none; If-Match names the one that it replaces. With Prefer: respond-async: 202 and an operation.", typeof(VersionRequest), typeof(ConfigurationApplied)),
        [$"GET {ConsolePath.Changes}"] = new("Changes of both nodes that are not over, and what they wait for.", null, typeof(ImmutableArray<ChangeStatus>)),
        [$"POST {ConsolePath.Changes}/{{id}}/finish"] = new("Carries a change that was cut short out on this node alone, for when the other one is gone for good.", null, null, 204),
        [$"DELETE {ConsolePath.Changes}/{{id}}"] = new("Forgets a change that is not decided on this node alone, for when the other one is gone for good.", null, null, 204),
        [$"GET {ConsolePath.ClusterConfiguration}"] = new("The LANs, the nodes' addresses and the witnesses; the ETag names the version.", null, typeof(ClusterFile)),
        [$"GET {ConsolePath.ClusterWitness}"] = new("Whom a node asks that hears its peer no more: the cluster's witnesses, and what each module asks.", null, typeof(WitnessStatus)),
        [$"POST {ConsolePath.ClusterWitnessTest}"] = new("Asks each of the cluster's witnesses from this node now, as arbitration does; changes nothing.", null, typeof(WitnessTest)),
        [$"PUT {ConsolePath.ClusterConfiguration}"] = new("Changes LANs and witnesses on both nodes, or on none; other LANs only while all modules are stopped, witnesses at any time. If-Match names the version that it replaces.", typeof(ClusterFile), typeof(ClusterApplied)),
        [$"POST {ConsolePath.ClusterCheck}"] = new("Looks at one address as it is typed: syntax, does the name resolve, is it one of this node, does it answer, and is it the other node's.", typeof(AddressCheckRequest), typeof(AddressCheck)),
        [$"POST {Module}/diff"] = new("As GET, as an operation: for a replica that takes long to walk.", null, typeof(OperationStatus), 202),
        [$"GET {ConsolePath.Operations}"] = new("What takes long on this node, running ones and the last that ended (query: module, state).", null, typeof(ImmutableArray<OperationStatus>)),
        [$"GET {ConsolePath.Operations}/{{id}}"] = new("One operation: how far it is, its result or its problem. The Location of a 202 leads here.", null, typeof(OperationStatus)),
        [$"DELETE {ConsolePath.Operations}/{{id}}"] = new("Stops an operation that can be stopped; waiting for a state ends, the module goes on.", null, null, 204),
        [$"GET {Module}/timeline"] = new("Changes of state, actions and decisions of both nodes, oldest first; kept over restarts (query: since, limit, node=own).", null, typeof(ModuleTimeline)),
        [$"GET {ConsolePath.Timeline}"] = new("The newest changes of all modules on both nodes, by module (query: since, limit of all modules together, node=own).", null, typeof(ImmutableArray<ModuleTimeline>)),
        [$"GET {ConsolePath.Support}"] = new("One archive (.tar.gz) of both nodes for support: logs, configuration without secrets, state, system facts (query node=own: this node alone).", null, null, 200, "application/gzip"),
        [$"POST {ConsolePath.Support}"] = new("As GET, as an operation; its result names the archive (query node=own: this node alone).", null, typeof(OperationStatus), 202),
        [$"GET {ConsolePath.Support}/{{name}}"] = new("An archive that was made as an operation on this node within the last hour.", null, null, 200, "application/gzip"),
        [$"GET {ConsolePath.Facts}"] = new("This node's machine: system, kernel, processors, memory, clock, and the console's certificate.", null, typeof(NodeFacts)),
    }.ToFrozenDictionary();
}
