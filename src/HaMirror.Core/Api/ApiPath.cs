namespace HaMirror.Core.Api;

/// <summary>The addresses of the API, so that the command line and the agent cannot disagree. All are relative to the
/// Unix socket of the agent; the host part of a URL is ignored (use <c>http://agent</c>).</summary>
public static class ApiPath
{
    public const string Status = "/v1/status";
    public const string Modules = "/v1/modules";
    public const string Cluster = "/v1/cluster";
    public const string ClusterInit = "/v1/cluster/init";
    public const string ClusterToken = "/v1/cluster/token";
    public const string ClusterJoin = "/v1/cluster/join";

    /// <summary>Environment variable: a directory under which all paths of the product lie (tests, labs).</summary>
    public const string RootVariable = "HAMIRROR_ROOT";

    /// <summary>The agent's socket below <c>$HAMIRROR_ROOT</c>, which may be empty.</summary>
    public const string Socket = "/run/hamirror/agent.sock";

    public static string Module(string module) => $"{Modules}/{Uri.EscapeDataString(module)}";

    /// <param name="action">start, stop, force-stop, restart, stopstart, swap, attach, failover, wait, check, config, log, connection or salvage.</param>
    public static string Module(string module, string action) => $"{Module(module)}/{action}";

    public static string Resources(string module) => $"{Module(module)}/resources";

    public static string Resource(string module, string name) => $"{Resources(module)}/{Uri.EscapeDataString(name)}";
}
