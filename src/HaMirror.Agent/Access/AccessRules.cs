// Who may do what, in one place. What is not named here: reading needs Monitor, changing needs Admin. So a request that somebody
// forgot to name is refused to more callers than it should be, never to fewer.
using System.Collections.Frozen;
using HaMirror.Core.Api;
using Microsoft.AspNetCore.Routing;

namespace HaMirror.Agent.Access;

/// <summary>The role that each request needs.</summary>
internal static class AccessRules
{
    /// <summary>Path that only the peer itself may ask, on nobody's behalf.</summary>
    public const string PeerAccess = "/v1/peer/access";

    /// <summary>Likewise: the peer's part in changes of both nodes.</summary>
    public const string PeerChanges = "/v1/peer/changes";

    /// <summary>What begins like this is no part of the API that is documented.</summary>
    public const string PeerPrefix = "/v1/peer/";

    private const string Module = ApiPath.Modules + "/{module}";

    private static readonly FrozenDictionary<string, Need> Named = new Dictionary<string, Need>
    {
        // Acting on modules.
        [$"POST {Module}/start"] = Need.Control,
        [$"POST {Module}/stop"] = Need.Control,
        [$"POST {Module}/force-stop"] = Need.Control,
        [$"POST {Module}/restart"] = Need.Control,
        [$"POST {Module}/stopstart"] = Need.Control,
        [$"POST {Module}/swap"] = Need.Control,
        [$"POST {Module}/attach"] = Need.Control,
        [$"POST {Module}/failover"] = Need.Control,
        [$"POST {Module}/log"] = Need.Control,
        [$"POST {Module}/check"] = Need.Control,
        [$"PUT {Module}/resources/{{name}}"] = Need.Control,
        [$"POST {Module}/verify"] = Need.Control,
        [$"DELETE {Module}/verify"] = Need.Control,
        [$"PUT {Module}/resync-rate"] = Need.Control,

        [$"GET {Module}/hook-runs/{{run}}"] = Need.Control,

        // Hooks and variables may hold what their author knows.
        [$"GET {Module}/configuration"] = Need.Control,
        [$"GET {Module}/versions/{{id}}"] = Need.Control,
        [$"POST {Module}/configuration/check"] = Need.Control,

        [$"POST {Module}/diff"] = Need.Control,
        [$"DELETE {ConsolePath.Operations}/{{id}}"] = Need.Control,
        [$"GET {ConsolePath.Support}"] = Need.Admin,
        [$"GET {ConsolePath.Support}/{{name}}"] = Need.Admin,

        // Pings of addresses that an administrator has named.
        [$"POST {ConsolePath.ClusterWitnessTest}"] = Need.Control,

        // Changes nothing, but has a body.
        [$"POST {Module}/wait"] = Need.Monitor,

        // The console's page holds no data: whoever opens it is asked to log in.
        [$"GET {Web.ConsolePages.Pattern}"] = Need.Nothing,

        // One's own session.
        [$"POST {ConsolePath.Session}"] = Need.Nothing,
        [$"DELETE {ConsolePath.Session}"] = Need.Monitor,
        [$"POST {ConsolePath.SessionToken}"] = Need.Monitor,
        [$"PUT {ConsolePath.Session}/password"] = Need.Monitor,

        // Secrets, or who could be attacked.
        [$"GET {ConsolePath.Users}"] = Need.Admin,
        [$"GET {ConsolePath.Keys}"] = Need.Admin,
        [$"GET {ConsolePath.Notify}"] = Need.Admin,
        [$"POST {PeerAccess}"] = Need.Peer,
        [$"POST {PeerChanges}"] = Need.Peer,
        [$"GET {PeerChanges}/{{id}}"] = Need.Peer,
        [$"DELETE {PeerChanges}/{{id}}"] = Need.Peer,
        [$"POST {PeerChanges}/{{id}}/commit"] = Need.Peer,

        [$"GET {ConsolePath.Health}"] = Need.Health,
        [$"GET {ConsolePath.Health}/modules/{{module}}"] = Need.Health,
        [$"GET {ConsolePath.Metrics}"] = Need.Metrics,
    }.ToFrozenDictionary();

    /// <summary>What a request needs.</summary>
    /// <param name="pattern">Of the route, e.g. <c>/v1/modules/{module}</c>.</param>
    public static Need Of(string method, string pattern) =>
        Named.TryGetValue($"{(method == "HEAD" ? "GET" : method)} {pattern}", out var need) ? need
        : method is "GET" or "HEAD" ? Need.Monitor
        : Need.Admin;

    public static Need Of(string method, Endpoint endpoint) => Of(method, (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "");

    /// <summary>The role behind a need that is one.</summary>
    public static Role Role(Need need) => need switch
    {
        Need.Control => Core.Api.Role.Control,
        Need.Admin => Core.Api.Role.Admin,
        _ => Core.Api.Role.Monitor,
    };
}

/// <summary>What a request needs to be carried out.</summary>
internal enum Need : byte
{
    /// <summary>Not even a login.</summary>
    Nothing,

    /// <summary>Nothing or Monitor, as console.xml says.</summary>
    Health,

    /// <summary>Nothing or Monitor, as console.xml says.</summary>
    Metrics,

    Monitor,
    Control,
    Admin,

    /// <summary>The peer itself.</summary>
    Peer,
}
