using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Data of the event <c>beat</c>: the stream lives.</summary>
public sealed record StreamBeat(DateTimeOffset Time);

/// <summary>Data of the event <c>removed</c>: a module is gone from the node.</summary>
public sealed record ModuleRemoved(string Module);

/// <summary>Data of the event <c>traffic</c>, once a second while somebody watches: what flows through the modules.</summary>
public sealed record Traffic(DateTimeOffset Time, ImmutableArray<ModuleTraffic> Modules);

/// <summary>Counters since the mounts of a module were made; rates are for whoever reads two of them.</summary>
/// <param name="Requests">Requests of the file system answered.</param>
/// <param name="Writes">Of those, writes.</param>
/// <param name="WrittenBytes">Their bytes.</param>
/// <param name="LagBytes">Sent, or waiting to be, and not yet held by the peer.</param>
/// <param name="HeldRequests">Requests that wait for the peer or for arbitration.</param>
public sealed record ModuleTraffic(string Module, long Requests, long Writes, long WrittenBytes, long LagBytes, int HeldRequests);

/// <summary>One row of <c>GET /v1/modules/{m}/hook-runs</c>.</summary>
/// <param name="Run">The name of the file that the log's line names, without its directory.</param>
/// <param name="Time">When something was last written to it.</param>
public sealed record HookRun(string Run, long Bytes, DateTimeOffset Time);

/// <summary>Answer of <c>GET /v1/notify</c>.</summary>
/// <param name="File">What is edited to change it.</param>
/// <param name="Fault">Why the file is not in force; null when it is.</param>
public sealed record NotifyStatus(string File, string? Fault, double GroupSeconds, string Level, ImmutableArray<ChannelStatus> Channels);

/// <summary>One way of telling people.</summary>
/// <param name="Kind">mail, webhook or command.</param>
/// <param name="Target">Addresses, a URL without its query, or a program. Never a secret.</param>
/// <param name="LastError">Why the last message did not arrive; null: it did, or there was none.</param>
public sealed record ChannelStatus(string Kind, string Target, DateTimeOffset? LastSent, string? LastError);

/// <summary>Body of <c>POST /v1/notify/test</c>.</summary>
/// <param name="Kind">mail, webhook or command; null: all.</param>
public sealed record NotifyTestRequest(string? Kind);

/// <summary>What a webhook receives and a command reads: several events that came within a short time.</summary>
/// <param name="Test">Sent by <c>hamirror notify test</c>.</param>
public sealed record Notification(string Node, string Cluster, DateTimeOffset Time, bool Test, string Subject, ImmutableArray<NotifiedEvent> Events);

/// <summary>One of them.</summary>
/// <param name="Level">Critical, Warning or Event.</param>
/// <param name="Module">Null: it concerns the node.</param>
public sealed record NotifiedEvent(DateTimeOffset Time, string Level, string? Module, string Text);
