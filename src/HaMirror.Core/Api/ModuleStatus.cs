using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>One module on one node, as <c>hamirror status</c> and the API show it.</summary>
/// <param name="State">STOP, WAIT, ALONE, PRIM or SECOND.</param>
/// <param name="Phase">NotReady, Transient or Ready.</param>
/// <param name="Reason">Why it waits or what it does now, as a sentence; null when there is nothing to say.</param>
/// <param name="Since">When the state or its phase last changed, by this node's wall clock.</param>
/// <param name="Condition">UpToDate, Outdated, Inconsistent or Unknown.</param>
/// <param name="PeerHeard">The peer's beats of this module arrive within the heartbeat time-out.</param>
/// <param name="DirtyBytes">Bytes marked dirty; null when the module is stopped.</param>
/// <param name="Notes">Sentences worth an operator's attention that change no state.</param>
public sealed record ModuleStatus(
    string Module, string Node, string State, string Phase, string? Reason, DateTimeOffset Since, string Condition,
    string Generation, bool FailoverOn, string? PeerState, string? PeerPhase, string? PeerCondition,
    bool PeerHeard, bool Linked, ResyncStatus? Resync, long? DirtyBytes,
    ImmutableArray<ResourceStatus> Resources, ImmutableArray<string> Notes)
{
    /// <summary>Of the configuration and hooks that are active here, 16 hexadecimal digits; null: none is.</summary>
    public string? ConfigurationVersion { get; init; }

    /// <summary>As the other node's heartbeats say; another one than the own is an operator's concern. Null: it was not heard.</summary>
    public string? PeerConfigurationVersion { get; init; }

    /// <summary>A change of the configuration that is under way or was cut short.</summary>
    public ChangeStatus? Change { get; init; }

    /// <summary>What was decided last at a connection or a failure; null: nothing yet.</summary>
    public DecisionStatus? Decision { get; init; }

    /// <summary>What the mounts use of the kernel; nothing while nothing is mounted.</summary>
    public ImmutableArray<FeatureStatus> Features { get => field.IsDefault ? [] : field; init; } // An answer without it leaves it unset.
}

/// <summary>An ability of the kernel.</summary>
/// <param name="State">on, off (by the configuration), missing (in this kernel) or unused.</param>
/// <param name="Note">What it does now, or why it does not.</param>
public sealed record FeatureStatus(string Name, string State, string Note);

/// <summary>A running resync, seen from either side.</summary>
/// <param name="BytesToDo">What is left to compare or copy; an estimate until the names are walked.</param>
/// <param name="SecondsLeft">Null while no rate is known.</param>
public sealed record ResyncStatus(
    bool Source, string Plan, long BytesCompared, long BytesCopied, long BytesToDo, double BytesPerSecond,
    double? SecondsLeft, double Percent);

/// <param name="Name">Class and identifier, e.g. <c>custom.vm1_check</c>.</param>
/// <param name="State">init, up, down or unknown.</param>
public sealed record ResourceStatus(string Name, string State, DateTimeOffset Since);
