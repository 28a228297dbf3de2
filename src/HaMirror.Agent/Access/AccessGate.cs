// Every request passes here, whatever it is for. Over the Unix socket root asks. Over the web a session's cookie, a session as a
// bearer token, or a key says who asks. Over the nodes' own channel the peer says on whose behalf, and with which role; it has
// looked at the role itself, and this node looks again.
// A cookie proves who the browser's user is, not that he wanted the request: what changes something needs a header besides that
// no foreign page can send.
using System.Net;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Access;

/// <summary>Finds out who asks, and refuses what he may not do.</summary>
internal sealed class AccessGate(
    AccessStore store, SessionKeys keys, WebListener web, CrossOrigin origins, ConsoleAddresses addresses, LoginThrottle throttle, AccessExchange exchange, TimeProvider clock)
{
    public const string CookieName = "hamirror_session";
    public const string RoleHeader = "HaMirror-Role", ByHeader = "HaMirror-By";
    public const int Unauthorized = 401, Forbidden = 403, TooMany = 429;

    /// <summary>A session that is always used ends after this all the same.</summary>
    private static readonly TimeSpan SessionMax = TimeSpan.FromDays(7);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var arrival = context.Features.Get<Arrival>();
        if (arrival is { Kind: ArrivalKind.Web })
        {
            context.Request.Scheme = arrival.Secure ? "https" : "http";
            SecurityHeaders.Add(context, addresses.Origins);
            if (origins.Answer(context)) return;
        }

        if (context.GetEndpoint() is not { } endpoint)
        {
            await next(context); // There is no such request: everybody may know that.
            return;
        }

        var need = AccessRules.Of(context.Request.Method, endpoint);
        var caller = arrival switch
        {
            { Kind: ArrivalKind.Local } => Caller.Root,
            { Kind: ArrivalKind.Peer } => OfPeer(context),
            { Kind: ArrivalKind.Web } => await OfWebAsync(context, arrival),
            _ => null,
        };
        if (caller is not null) context.Features.Set(caller);
        Judge(context, need, caller, arrival);
        if (caller is { ByCookie: true }) Renew(context, caller);
        await next(context);
    }

    /// <summary>Begins a session and gives it to the browser.</summary>
    public SessionStatus Begin(HttpContext context, Account user)
    {
        var now = clock.GetUtcNow();
        var token = new SessionToken(user.Name, Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)), user.Changed.UtcTicks, now, now + web.Configuration.Session);
        var text = token.Sign(keys.Signing);
        SetCookie(context, text, token.Expires);
        return new SessionStatus(user.Name, user.Role.ToString(), Caller.OfSession, token.Expires, text);
    }

    /// <summary>The caller's own session as a bearer token, which lives on by being asked for.</summary>
    public SessionStatus Token(HttpContext context)
    {
        var caller = Caller.Of(context);
        if (caller.Session is not { } session)
            throw new Refusal(Refusal.BadRequest, "Only who has logged in has a session.", "A key is a bearer token itself.");
        var token = session with { Expires = Later(session) };
        return new SessionStatus(caller.Account, caller.Role.ToString(), caller.Kind, token.Expires, token.Sign(keys.Signing));
    }

    /// <summary>Ends the caller's session, at both nodes.</summary>
    public void End(HttpContext context)
    {
        if (Caller.Of(context).Session is { } session) store.Revoke(session.Id, session.Expires);
        context.Response.Cookies.Delete(CookieName, new CookieOptions { Path = "/" });
    }

    /// <summary>For answers that last: what let the caller in still holds.</summary>
    public bool StillGood(Caller caller) => caller.Kind switch
    {
        Caller.OfSession => caller.Session is { } session && UserOf(session) is { } user && user.Role >= caller.Role,
        Caller.OfKey => store.Book.Keys.GetValueOrDefault(caller.Account) is { Removed: false },
        _ => true,
    };

    public static string AddressOf(Arrival? arrival) => arrival?.Remote?.Address.ToString() ?? "local";

    private static Caller OfPeer(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers[RoleHeader].ToString() is not { Length: > 0 } text)
            return new Caller("the peer", "", Role.Monitor, Caller.OfPeer);
        var name = headers[ByHeader].ToString() is { Length: > 0 } by ? by : "the peer";
        return new Caller(name, name, AccessStore.RoleOf(text), Caller.OfPeer);
    }

    private async Task<Caller?> OfWebAsync(HttpContext context, Arrival arrival)
    {
        var address = AddressOf(arrival);
        var authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return await OfBearerAsync(authorization["Bearer ".Length..].Trim(), address, context.RequestAborted);
        if (context.Request.Cookies[CookieName] is not { Length: > 0 } cookie || await OfSessionAsync(cookie, address, context.RequestAborted) is not { } caller) return null;
        return caller with { ByCookie = true };
    }

    private async Task<Caller?> OfBearerAsync(string text, string address, CancellationToken cancellation)
    {
        if (!text.StartsWith(AccessStore.KeyPrefix, StringComparison.Ordinal)) return await OfSessionAsync(text, address, cancellation);
        if (store.FindKey(text) is not { } key)
        {
            // A good key is never slowed down: it cannot be guessed, and an old one in some script of the same host must not shut it out.
            if (throttle.Wait("key " + address, "") is { Ticks: > 0 } wait) throw TooOften(wait);
            throttle.Failed("key " + address, "key of " + address);
            return null;
        }

        return new Caller($"{key.Name} (key)@{address}", key.Name, key.Role, Caller.OfKey);
    }

    private async Task<Caller?> OfSessionAsync(string text, string address, CancellationToken cancellation)
    {
        SessionToken? session;
        try
        {
            session = SessionToken.Read(text, keys.Good, clock.GetUtcNow());
        }
        catch (Exception error) when (error is FormatException or System.Text.Json.JsonException)
        {
            return null;
        }

        if (session is null) return null;

        // Signed with the cluster's key, for an account that is newer than what is known of it here: the other node knows it so.
        if (UserOf(session) is null && (store.Book.Users.GetValueOrDefault(session.Name)?.Changed.UtcTicks ?? 0) < session.Stamp) await exchange.CatchUpAsync(cancellation);
        if (UserOf(session) is not { } user) return null;
        return new Caller($"{user.Name}@{address}", user.Name, user.Role, Caller.OfSession) { Session = session };
    }

    private Account? UserOf(SessionToken session) =>
        session.Expires > clock.GetUtcNow() && !store.Book.Revoked.ContainsKey(session.Id)
        && store.FindUser(session.Name) is { } user && user.Changed.UtcTicks == session.Stamp ? user : null;

    private void Judge(HttpContext context, Need need, Caller? caller, Arrival? arrival)
    {
        switch (need)
        {
            case Need.Nothing:
            case Need.Health when web.Configuration.OpenHealth:
            case Need.Metrics when web.Configuration.OpenMetrics:
                return;
            case Need.Peer:
                if (arrival is { Kind: ArrivalKind.Peer }) return;
                throw new Refusal(Forbidden, "Only the other node's agent may ask this.");
        }

        if (caller is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new Refusal(Unauthorized, "Nobody is logged in, or the session has ended.", store.Book.Users.Values.Any(user => !user.Removed)
                ? "Log in, or send a key: Authorization: Bearer KEY ('hamirror key add NAME --role monitor' makes one)."
                : "There is no user yet: run 'hamirror user add NAME --role admin' as root on a node.");
        }

        if (caller.Role < AccessRules.Role(need))
            throw new Refusal(Forbidden, $"'{caller.Account}' has the role {caller.Role}, but this needs {AccessRules.Role(need)}.", "Ask an administrator for the role ('hamirror user role').");
        if (caller.ByCookie && !IsRead(context.Request.Method) && !context.Request.Headers.ContainsKey(ConsolePath.ChangeHeader))
            throw new Refusal(Forbidden, "The request may come from another site's page.", $"Send the header {ConsolePath.ChangeHeader}: 1 with what changes something.");
    }

    private static bool IsRead(string method) => method is "GET" or "HEAD";

    /// <summary>A session in use lives on: its cookie is made anew when half its time is over.</summary>
    private void Renew(HttpContext context, Caller caller)
    {
        var session = caller.Session!;
        if (session.Expires - clock.GetUtcNow() > web.Configuration.Session / 2) return;
        var expires = Later(session);
        if (expires > session.Expires) SetCookie(context, (session with { Expires = expires }).Sign(keys.Signing), expires);
    }

    /// <summary>When a session ends that is used now; never earlier than it would have.</summary>
    private DateTimeOffset Later(SessionToken session)
    {
        var expires = clock.GetUtcNow() + web.Configuration.Session;
        if (expires > session.Begun + SessionMax) expires = session.Begun + SessionMax;
        return expires > session.Expires ? expires : session.Expires;
    }

    private static void SetCookie(HttpContext context, string text, DateTimeOffset expires) =>
        context.Response.Cookies.Append(CookieName, text, new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", Expires = expires,
        });

    public static Refusal TooOften(TimeSpan wait) =>
        new(TooMany, $"Too many failures: try again in {Math.Ceiling(wait.TotalSeconds):0} s.");
}
