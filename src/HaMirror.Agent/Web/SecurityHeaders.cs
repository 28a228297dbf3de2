using HaMirror.Core.Api;

namespace HaMirror.Agent.Web;

/// <summary>What every answer to a browser carries.</summary>
internal static class SecurityHeaders
{
    /// <summary>The console brings all it needs with it, in files of its own, and asks nobody but the two nodes; nobody may frame it.</summary>
    private const string Content =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

    /// <summary>A browser that has reached the console by a name over HTTPS, with a certificate that it trusts, asks for no other way again.</summary>
    private const string Lasting = "max-age=31536000";

    /// <summary>The name localhost is everybody's: other programs serve it without HTTPS.</summary>
    private static bool IsLoopback(HttpContext context) =>
        context.Request.Host.Host.Trim('[', ']') is var host && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address)));

    /// <param name="origins">Where else the page may ask: the consoles of both nodes.</param>
    public static void Add(HttpContext context, IEnumerable<string> origins)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = string.Join(' ', origins.Prepend(Content));
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-site";
        if (context.Request.Path.StartsWithSegments("/v1") || context.Request.Path.StartsWithSegments(ConsolePath.Metrics)) headers.CacheControl = "no-store";
        if (context.Request.IsHttps && !IsLoopback(context)) headers.StrictTransportSecurity = Lasting;
    }
}
