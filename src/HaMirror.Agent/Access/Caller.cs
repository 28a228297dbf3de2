using HaMirror.Core.Api;

namespace HaMirror.Agent.Access;

/// <summary>Who makes a request.</summary>
/// <param name="Name">As the log shows it, e.g. <c>anna@10.0.0.7</c>.</param>
/// <param name="Account">The user's or key's bare name.</param>
/// <param name="Kind"><c>session</c>, <c>key</c>, <c>peer</c> or <c>socket</c>.</param>
internal sealed record Caller(string Name, string Account, Role Role, string Kind)
{
    public const string OfSession = "session", OfKey = "key", OfPeer = "peer", OfSocket = "socket";

    /// <summary>Root on this node, over the Unix socket.</summary>
    public static readonly Caller Root = new("root@local", "root", Role.Admin, OfSocket);

    /// <summary>The session's token, when there is one.</summary>
    public SessionToken? Session { get; init; }

    /// <summary>The session came in a cookie, which a browser sends whoever's page asks it to.</summary>
    public bool ByCookie { get; init; }

    /// <summary>Who needed no name.</summary>
    public static readonly Caller Nobody = new("nobody", "", Role.Monitor, OfPeer);

    /// <summary>Who is asking now.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Nobody;

    /// <summary>What the log shows as the one who asks: only root's word is taken for it.</summary>
    /// <param name="said">From the request's body.</param>
    public static string? By(HttpContext context, string? said) => Of(context) is { Kind: not OfSocket } caller ? caller.Name : said;
}
