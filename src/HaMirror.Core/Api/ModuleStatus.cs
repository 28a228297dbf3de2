using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>One module on one node, as <c>hamirror status</c> and the API show it.</summary>
/// <param name="State">STOP, WAIT, ALONE, PRIM or SECOND.</param>
/// <param name="Phase">NotReady, Transient or Ready.</param>
/// <param name="Reason">Why it waits or what it does now, as a sentence; null when there is nothing to say.</param>
/// <param name="Condition">UpToDate, Outdated, Inconsistent or Unknown.</param>
/// <param name="DirtyBytes">Bytes marked dirty; null when the module is stopped.</param>
public sealed record ModuleStatus(
    string Module, string Node, string State, string Phase, string? Reason, string Condition,
    string Generation, bool FailoverOn, string? PeerState, string? PeerPhase, string? PeerCondition,
    bool PeerHeard, bool Linked, ResyncStatus? Resync, long? DirtyBytes,
    ImmutableArray<ResourceStatus> Resources, ImmutableArray<string> Notes);

/// <summary>A running resync, seen from either side.</summary>
/// <param name="BytesToDo">What is left to compare or copy; an estimate until the names are walked.</param>
/// <param name="SecondsLeft">Null while no rate is known.</param>
public sealed record ResyncStatus(
    bool Source, string Plan, long BytesCompared, long BytesCopied, long BytesToDo, double BytesPerSecond,
    double? SecondsLeft, double Percent);

public sealed record ResourceStatus(string Name, string State, DateTimeOffset Since);

public sealed record NodeStatus(
    string Node, string Peer, string Version, DateTimeOffset Started, ImmutableArray<LanStatus> Lans,
    ImmutableArray<ModuleStatus> Modules);

/// <param name="SilentMilliseconds">Time since the peer was last heard on this LAN; null: never.</param>
public sealed record LanStatus(string Name, string PeerAddress, double? SilentMilliseconds);

/// <summary>A refusal: one sentence, and what to do instead (RFC 9457 problem details carry it as title and detail).</summary>
public sealed record Problem(string Title, string? Detail);

public sealed record LogLine(DateTimeOffset Time, string Module, string Level, string Text);
