// The OpenAPI document of an agent, as tests generate their requests from it: every request, what it needs, its parameters, and bodies
// that fit its schema, whole and with one member replaced.
using System.Text.Json;
using System.Text.Json.Nodes;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>What an agent says that it can be asked.</summary>
internal sealed class ApiDocument
{
    private const int DepthMax = 6;

    private readonly JsonNode _root;

    private ApiDocument(string text)
    {
        _root = JsonNode.Parse(text)!;
        Requests =
        [
            .. from path in _root["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               where operation.Key is "get" or "post" or "put" or "delete"
               select new Request(
                   operation.Key.ToUpperInvariant(), path.Key, operation.Value!["description"]!.GetValue<string>(),
                   [.. Names(operation.Value, "path")], [.. Names(operation.Value, "query")],
                   operation.Value["requestBody"]?["content"]?["application/json"]?["schema"]),
        ];
    }

    /// <summary>One request.</summary>
    /// <param name="Need">The document's sentence of the role.</param>
    /// <param name="Body">Its schema; null: it has none.</param>
    public sealed record Request(string Method, string Path, string Need, string[] Parameters, string[] Queries, JsonNode? Body)
    {
        /// <summary>Roles that may make it; the empty one is nobody.</summary>
        public string[] Allowed => Need switch
        {
            "Role Monitor." => ["monitor", "control", "admin"],
            "Role Control." => ["control", "admin"],
            "Role Admin." => ["admin"],
            _ when Need.Contains("metrics=", StringComparison.Ordinal) => ["monitor", "control", "admin"],
            _ => ["", "monitor", "control", "admin"],
        };

        /// <summary>The path with each parameter's text in its place, as it is.</summary>
        public string At(Func<string, string> value) => Parameters.Aggregate(Path, (path, name) => path.Replace("{" + name + "}", value(name), StringComparison.Ordinal));

        public override string ToString() => $"{Method} {Path}";
    }

    public IReadOnlyList<Request> Requests { get; }

    public static async Task<ApiDocument> OfAsync(ConsoleClient client) => new(await client.Http.GetStringAsync(ConsolePath.OpenApi));

    /// <summary>A body that the schema allows.</summary>
    public JsonNode Example(JsonNode schema) => Example(schema, "", 0);

    /// <summary>All members of a body, as paths of names and numbers, those of members within members too.</summary>
    public static IEnumerable<string[]> Members(JsonNode? body, params string[] above) => body switch
    {
        JsonObject members => members.SelectMany(member => Members(member.Value, [.. above, member.Key]).Prepend([.. above, member.Key])),
        JsonArray elements => elements.SelectMany((element, index) => Members(element, [.. above, index.ToString()]).Prepend([.. above, index.ToString()])),
        _ => [],
    };

    /// <summary>The body with that member replaced.</summary>
    public static JsonNode With(JsonNode body, string[] member, JsonNode? value)
    {
        var copy = body.DeepClone();
        var at = copy;
        foreach (var step in member[..^1]) at = at is JsonArray array ? array[int.Parse(step)]! : at[step]!;
        if (at is JsonArray elements) elements[int.Parse(member[^1])] = value;
        else at[member[^1]] = value;
        return copy;
    }

    private static IEnumerable<string> Names(JsonNode operation, string place) =>
        from parameter in operation["parameters"]?.AsArray() ?? []
        where parameter!["in"]!.GetValue<string>() == place
        select parameter["name"]!.GetValue<string>();

    private JsonNode Example(JsonNode schema, string name, int depth)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
            return Example(reference.Split('/')[1..].Aggregate(_root, (node, step) => node[step.Replace("~1", "/", StringComparison.Ordinal)]!), name, depth);
        if ((schema["oneOf"] ?? schema["anyOf"])?.AsArray() is { } choices)
            return Example(choices.First(choice => choice!["type"]?.ToJsonString() != "\"null\"")!, name, depth);
        var kind = schema["type"] is JsonArray kinds ? kinds.Select(one => one!.GetValue<string>()).First(one => one != "null") : schema["type"]?.GetValue<string>() ?? "object";
        switch (kind)
        {
            case "object":
                var made = new JsonObject();
                if (depth < DepthMax)
                {
                    foreach (var (member, inner) in schema["properties"]?.AsObject() ?? []) made[member] = Example(inner!, member, depth + 1);
                    if (schema["additionalProperties"] is JsonObject) made["VM_NAME"] = "x";
                }

                return made;
            case "array": return new JsonArray(depth < DepthMax ? [Example(schema["items"]!, name, depth + 1)] : []);
            case "boolean": return JsonValue.Create(false);
            case "integer" or "number": return JsonValue.Create(1);
            default: return JsonValue.Create("x")!;
        }
    }
}
