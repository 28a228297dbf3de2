using HaMirror.Agent.Access;

namespace HaMirror.Agent.Api;

/// <summary>A request to the other node on behalf of whoever asks here, with his name and role.</summary>
internal static class PeerRequest
{
    public static HttpRequestMessage Of(HttpContext context, HttpMethod method, string path, HttpContent? body = null)
    {
        var caller = Caller.Of(context);
        var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.TryAddWithoutValidation(AccessGate.RoleHeader, caller.Role.ToString());
        request.Headers.TryAddWithoutValidation(AccessGate.ByHeader, caller.Name);
        return request;
    }
}
