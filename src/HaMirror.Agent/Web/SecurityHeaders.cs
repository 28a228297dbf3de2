using HaMirror.Core.Api;

namespace HaMirror.Agent.Web;

/// <summary>What every answer to a browser carries.</summary>
internal static class SecurityHeaders
{
    /// <summary>The console brings all it needs with it; nobody may frame it.</summary>
    private const string Content =
        "default-src 'self'; connect-src 'self' http: https:; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void Add(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Content;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-site";
        if (context.Request.Path.StartsWithSegments("/v1")) headers.CacheControl = "no-store";
    }
}
