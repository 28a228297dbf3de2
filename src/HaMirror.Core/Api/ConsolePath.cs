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
    public const string Metrics = "/metrics";
    public const string Health = "/health";

    /// <summary>Must come, with any value, with each request that changes something and is proven by a cookie: no other site's page
    /// can send it.</summary>
    public const string ChangeHeader = "HaMirror-Change";

    public static string User(string name) => $"{Users}/{Uri.EscapeDataString(name)}";

    public static string Key(string name) => $"{Keys}/{Uri.EscapeDataString(name)}";

    /// <summary>The same request at the named node, whichever of the two is asked.</summary>
    /// <param name="path">Begins with <c>/v1/</c>.</param>
    public static string At(string node, string path) => $"{Nodes}/{Uri.EscapeDataString(node)}{path["/v1".Length..]}";
}
