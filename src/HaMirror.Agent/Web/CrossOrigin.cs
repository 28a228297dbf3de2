// The console's page comes from one node and goes on with the other when that one dies. A browser lets it only if the other node
// says that it may. Cookies are never let across: the page proves itself to the other node by the session's token, which no other
// page has; so a page that is wrongly let in here still gets nothing.
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Web;

/// <summary>Lets pages of the cluster's two nodes in.</summary>
internal sealed class CrossOrigin(NodeService node, ConsoleAddresses addresses)
{
    private const string Methods = "GET, POST, PUT, DELETE";
    private const string Headers = "Authorization, Content-Type, Last-Event-ID, If-Match, If-None-Match, Prefer, " + Core.Api.ConsolePath.ChangeHeader;
    private const string Shown = "ETag, Location, Content-Disposition, Retry-After";
    private const string RememberSeconds = "600";

    /// <returns>True when the request was a browser's question beforehand, and is answered.</returns>
    public bool Answer(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0) return false;
        context.Response.Headers.Vary = "Origin";
        if (!Allowed(origin)) return false;
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = Shown;
        if (context.Request.Method != "OPTIONS") return false;
        context.Response.Headers.AccessControlAllowMethods = Methods;
        context.Response.Headers.AccessControlAllowHeaders = Headers;
        context.Response.Headers.AccessControlMaxAge = RememberSeconds;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    private bool Allowed(string origin)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) return false;
        var host = uri.Host.Trim('[', ']');
        if (uri.IsLoopback || addresses.Origins.Contains(uri.GetLeftPart(UriPartial.Authority), StringComparer.OrdinalIgnoreCase)) return true;
        return node.Membership is { } cluster
            && (cluster.Configuration.NodeNames.Contains(host, StringComparer.OrdinalIgnoreCase)
                || cluster.Configuration.Lans.Any(lan => lan.Nodes.Any(one => one.Address.Trim('[', ']').Equals(host, StringComparison.OrdinalIgnoreCase))));
    }
}
