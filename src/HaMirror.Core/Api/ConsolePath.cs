namespace HaMirror.Core.Api;

/// <summary>As <see cref="ApiPath"/>, for accounts, keys, events, monitoring and the other node.</summary>
public static class ConsolePath
{
    public const string Session = "/v1/session";
    public const string SessionToken = "/v1/session/token";
    public const string Users = "/v1/users";
    public const string Keys = "/v1/keys";
    public const string Events = "/v1/events";
    public const string Nodes = "/v1/nodes";
    public const string Log = "/v1/log";
    public const string OpenApi = "/v1/openapi.json";
    public const string Notify = "/v1/notify";
    public const string NotifyTest = "/v1/notify/test";
    public const string Templates = "/v1/templates";
    public const string Vocabulary = "/v1/vocabulary";
    public const string Operations = "/v1/operations";
    public const string Timeline = "/v1/timeline";
    public const string Support = "/v1/support";
    public const string ClusterConfiguration = "/v1/cluster/configuration";
    public const string ClusterCheck = "/v1/cluster/check";
    public const string ClusterWitness = "/v1/cluster/witness";
    public const string ClusterWitnessTest = "/v1/cluster/witness/test";
    public const string Facts = "/v1/facts";
    public const string Changes = "/v1/changes";
    public const string Metrics = "/metrics";
    public const string Health = "/health";

    /// <summary>Must come, with any value, with each request that changes something and is proven by a cookie: no other site's page
    /// can send it.</summary>
    public const string ChangeHeader = "HaMirror-Change";

    public static string User(string name) => $"{Users}/{Uri.EscapeDataString(name)}";

    public static string Key(string name) => $"{Keys}/{Uri.EscapeDataString(name)}";

    public static string Operation(string id) => $"{Operations}/{Uri.EscapeDataString(id)}";

    public static string Change(string id) => $"{Changes}/{Uri.EscapeDataString(id)}";

    public static string SupportFile(string name) => $"{Support}/{Uri.EscapeDataString(name)}";

    public static string Configuration(string module) => ApiPath.Module(module, "configuration");

    public static string Version(string module, string id) => ApiPath.Module(module, "versions/" + Uri.EscapeDataString(id));

    /// <summary>The same request at the named node, whichever of the two is asked.</summary>
    /// <param name="path">Begins with <c>/v1/</c>.</param>
    public static string At(string node, string path) => $"{Nodes}/{Uri.EscapeDataString(node)}{path["/v1".Length..]}";
}
