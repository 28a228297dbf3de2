using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Body of <c>POST /v1/session</c>.</summary>
public sealed record LoginRequest(string Name, string Password);

/// <summary>Answer of <c>POST</c> and <c>GET /v1/session</c>: who the caller is.</summary>
/// <param name="Role">Monitor, Control or Admin.</param>
/// <param name="Kind"><c>session</c>, <c>key</c>, <c>peer</c> or <c>socket</c>.</param>
/// <param name="Expires">When the session ends if it is not used; null: it does not.</param>
/// <param name="Token">Given at the login only: the session as a bearer token, for the same page at the other node.</param>
public sealed record SessionStatus(string Name, string Role, string Kind, DateTimeOffset? Expires, string? Token);

/// <summary>Body of <c>PUT /v1/session/password</c>: a user's own password.</summary>
public sealed record PasswordRequest(string Old, string New);

/// <summary>A user as an administrator sees him.</summary>
public sealed record UserStatus(string Name, string Role, DateTimeOffset Changed);

/// <summary>Body of <c>POST /v1/users</c>.</summary>
/// <param name="Name">Letters, digits, <c>. _ - @</c>, at most 64.</param>
/// <param name="Role">Monitor, Control or Admin, in any case.</param>
public sealed record UserAddRequest(string Name, string Role, string Password);

/// <summary>Body of <c>PUT /v1/users/{name}</c>. What is null stays.</summary>
public sealed record UserChangeRequest(string? Role, string? Password);

/// <summary>A key as an administrator sees it: never the key itself, which is kept nowhere.</summary>
public sealed record KeyStatus(string Name, string Role, DateTimeOffset Made);

/// <summary>Body of <c>POST /v1/keys</c>.</summary>
/// <param name="Name">For the log and for removing it, e.g. <c>prometheus</c>.</param>
public sealed record KeyAddRequest(string Name, string Role);

/// <summary>Answer of <c>POST /v1/keys</c>.</summary>
/// <param name="Key">Shown this once. To be sent as <c>Authorization: Bearer KEY</c>.</param>
public sealed record KeyMade(string Name, string Role, string Key);

/// <summary>One row of <c>GET /v1/nodes</c>.</summary>
/// <param name="Own">The node that answers.</param>
/// <param name="Reachable">Its API answers; its modules may run all the same when it does not.</param>
/// <param name="Addresses">Its addresses on the cluster's LANs.</param>
/// <param name="Consoles">Where a browser reaches its console, best first, e.g. <c>https://10.0.0.2:9010</c>. Each node knows its own;
/// of the other one it says what that said last, or else what would be with a console.xml like its own.</param>
public sealed record NodeSummary(string Node, bool Own, bool Reachable, ImmutableArray<string> Addresses, ImmutableArray<string> Consoles);
