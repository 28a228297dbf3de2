using System.Collections.Immutable;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/session</c>, <c>/v1/users</c>, <c>/v1/keys</c>.</summary>
internal static class AccessEndpoints
{
    /// <summary>Passwords are looked at one by one: that costs a fifth of a second of a core, which is to be had for replication.</summary>
    private static readonly SemaphoreSlim OneAtATime = new(1);

    /// <summary>Whoever waits longer would not have been served by waiting in a queue either.</summary>
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(5);

    public static void MapAccess(this IEndpointRouteBuilder app)
    {
        app.MapPost(ConsolePath.Session, LoginAsync);
        app.MapGet(ConsolePath.Session, (HttpContext context) =>
        {
            var caller = Caller.Of(context);
            return context.Response.WriteAsJsonAsync(
                new SessionStatus(caller.Account, caller.Role.ToString(), caller.Kind, caller.Session?.Expires, null), ConsoleJson.Default.SessionStatus);
        });
        app.MapPost(ConsolePath.SessionToken, (HttpContext context, AccessGate gate) =>
            context.Response.WriteAsJsonAsync(gate.Token(context), ConsoleJson.Default.SessionStatus));
        app.MapDelete(ConsolePath.Session, (HttpContext context, AccessGate gate) =>
        {
            gate.End(context);
            return Results.NoContent();
        });
        app.MapPut(ConsolePath.Session + "/password", OwnPasswordAsync);
        MapUsers(app);
        MapKeys(app);
    }

    private static void MapUsers(IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Users, (HttpContext context, AccessStore store) => context.Response.WriteAsJsonAsync(
            [.. store.Book.Users.Values.Where(user => !user.Removed).Select(Show)], ConsoleJson.Default.ImmutableArrayUserStatus));
        app.MapPost(ConsolePath.Users, async (HttpContext context, AccessStore store, AccessExchange exchange) =>
        {
            var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.UserAddRequest);
            var user = await HashedAsync(() => store.AddUser(Text(request.Name, "name"), AccessStore.RoleOf(Text(request.Role, "role")), Text(request.Password, "password"), Caller.Of(context).Name));
            await exchange.CatchUpAsync(context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(Show(user), ConsoleJson.Default.UserStatus);
        });
        app.MapPut(ConsolePath.Users + "/{name}", async (HttpContext context, string name, AccessStore store, AccessExchange exchange) =>
        {
            var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.UserChangeRequest);
            if (request is { Role: null, Password: null })
                throw new Refusal(Refusal.BadRequest, "The request changes nothing.", "Give a role, a password, or both.");
            var user = await HashedAsync(() => store.ChangeUser(name, request.Role is null ? null : AccessStore.RoleOf(request.Role), request.Password, Caller.Of(context).Name));
            await exchange.CatchUpAsync(context.RequestAborted);
            await context.Response.WriteAsJsonAsync(Show(user), ConsoleJson.Default.UserStatus);
        });
        app.MapDelete(ConsolePath.Users + "/{name}", async (HttpContext context, string name, AccessStore store, AccessExchange exchange) =>
        {
            store.RemoveUser(name, Caller.Of(context).Name);
            await exchange.CatchUpAsync(context.RequestAborted);
            return Results.NoContent();
        });
    }

    private static void MapKeys(IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.Keys, (HttpContext context, AccessStore store) => context.Response.WriteAsJsonAsync(
            [.. store.Book.Keys.Values.Where(key => !key.Removed).Select(key => new KeyStatus(key.Name, key.Role.ToString(), key.Changed))],
            ConsoleJson.Default.ImmutableArrayKeyStatus));
        app.MapPost(ConsolePath.Keys, async (HttpContext context, AccessStore store, AccessExchange exchange) =>
        {
            var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.KeyAddRequest);
            var role = AccessStore.RoleOf(Text(request.Role, "role"));
            var key = store.AddKey(Text(request.Name, "name"), role, Caller.Of(context).Name);
            await exchange.CatchUpAsync(context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsJsonAsync(new KeyMade(request.Name, role.ToString(), key), ConsoleJson.Default.KeyMade);
        });
        app.MapDelete(ConsolePath.Keys + "/{name}", async (HttpContext context, string name, AccessStore store, AccessExchange exchange) =>
        {
            store.RemoveKey(name, Caller.Of(context).Name);
            await exchange.CatchUpAsync(context.RequestAborted);
            return Results.NoContent();
        });
    }

    private static async Task LoginAsync(HttpContext context, AccessStore store, AccessGate gate, LoginThrottle throttle, ILoggerFactory loggers)
    {
        // A form of another site's page cannot have this type, so nobody is logged in as somebody else behind his back.
        if (!context.Request.HasJsonContentType())
            throw new Refusal(StatusCodes.Status415UnsupportedMediaType, "A login is sent as application/json.", "Send the header Content-Type: application/json, and name and password as JSON.");
        var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.LoginRequest);
        var (name, password) = (Text(request.Name, "name"), Text(request.Password, "password"));
        if (name.Length > AccessStore.NameLengthMax) // Nobody's; and what is counted for it must stay small.
            throw new Refusal(AccessGate.Unauthorized, "Name or password is wrong.");
        var address = AccessGate.AddressOf(context.Features.Get<Arrival>());
        var log = loggers.CreateLogger("HaMirror.Agent.Access");
        var user = await HashedAsync(() =>
        {
            if (throttle.Wait(address, name) is { Ticks: > 0 } wait) throw AccessGate.TooOften(wait);
            var found = store.FindUser(name);
            if (!PasswordHash.Matches(found?.Secret ?? "", password) || found is null)
            {
                throttle.Failed(address, name);
                return null;
            }

            throttle.Succeeded(address, name);
            return found;
        });
        if (user is null)
        {
            log.LoginFailed(Printable(name), address);
            throw new Refusal(AccessGate.Unauthorized, "Name or password is wrong.", "'hamirror user list' shows the names, 'hamirror user password NAME' sets a new password.");
        }

        log.LoggedIn(user.Name, address, user.Role.ToString());
        await context.Response.WriteAsJsonAsync(gate.Begin(context, user), ConsoleJson.Default.SessionStatus);
    }

    private static async Task OwnPasswordAsync(HttpContext context, AccessStore store, AccessGate gate, LoginThrottle throttle, AccessExchange exchange)
    {
        var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.PasswordRequest);
        var caller = Caller.Of(context);
        if (caller.Kind != Caller.OfSession)
            throw new Refusal(Refusal.BadRequest, "Only who has logged in has a password of his own.", "'hamirror user password NAME' sets another's.");
        var address = AccessGate.AddressOf(context.Features.Get<Arrival>());
        var user = await HashedAsync(() =>
        {
            if (throttle.Wait(address, caller.Account) is { Ticks: > 0 } wait) throw AccessGate.TooOften(wait);
            if (!PasswordHash.Matches(store.FindUser(caller.Account)?.Secret ?? "", Text(request.Old, "old")))
            {
                throttle.Failed(address, caller.Account);
                throw new Refusal(AccessGate.Forbidden, "The old password is wrong.", "Who has forgotten it asks an administrator for a new one ('hamirror user password NAME').");
            }

            return store.ChangeUser(caller.Account, null, Text(request.New, "new"), caller.Name);
        });
        await exchange.CatchUpAsync(context.RequestAborted);
        await context.Response.WriteAsJsonAsync(gate.Begin(context, user), ConsoleJson.Default.SessionStatus);
    }

    private static async Task<T> HashedAsync<T>(Func<T> work)
    {
        if (!await OneAtATime.WaitAsync(QueueTimeout))
            throw AccessGate.TooOften(QueueTimeout);
        try
        {
            return await Task.Run(work);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static UserStatus Show(Account user) => new(user.Name, user.Role.ToString(), user.Changed);

    private static string Text(string? value, string member) =>
        value is { Length: > 0 } ? value : throw new Refusal(Refusal.BadRequest, $"The request's body has no '{member}'.", "The API's description says what belongs there: GET /v1/openapi.json.");

    /// <summary>A name comes from anybody: it must not forge lines of the log.</summary>
    private static string Printable(string name)
    {
        var clean = new string([.. name.Take(64).Select(letter => char.IsControl(letter) ? '?' : letter)]);
        return clean;
    }
}
