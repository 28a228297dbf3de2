// What may stand behind the question mark, by request: what the OpenAPI document says of it. Endpoints read these themselves, because a
// wrong one is refused with a sentence that names it.
using System.Collections.Frozen;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary>A parameter of a request's query; none is required.</summary>
internal sealed record RouteQuery(string Name, string Meaning)
{
    private const string Module = ApiPath.Modules + "/{module}";

    private static readonly RouteQuery OwnNode = new("node", "own: this node alone.");

    /// <summary>By method and route.</summary>
    public static readonly FrozenDictionary<string, RouteQuery[]> All = new Dictionary<string, RouteQuery[]>
    {
        [$"GET {Module}/log"] = [new("since", "ISO 8601: lines after this time."), new("lines", "At most so many, the last ones."), new("follow", "true: the answer goes on with new lines.")],
        [$"GET {ConsolePath.Log}"] = [new("lines", "Of each module, 1 to 300.")],
        [$"GET {ConsolePath.Events}"] = [new("after", "Resumes after the event with this id, as Last-Event-ID does.")],
        [$"GET {ConsolePath.Operations}"] = [new("module", "Of this module alone."), new("state", "In this state alone: running, done, failed or cancelled.")],
        [$"GET {Module}/timeline"] = [new("since", "ISO 8601: entries after this time."), new("limit", "1 to 1000 of each node."), OwnNode],
        [$"GET {Module}/configuration"] = [new("version", "edited (default) or active.")],
        [$"POST {Module}/configuration/check"] = [OwnNode],
        [$"DELETE {Module}/configuration"] = [new("by", "Who asks, over the Unix socket.")],
        [$"DELETE {Module}/salvage/{{id}}"] = [new("by", "Who asks, over the Unix socket.")],
        [$"GET {ConsolePath.Support}"] = [OwnNode],
    }.ToFrozenDictionary();
}
