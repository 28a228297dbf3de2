using System.Collections.Immutable;
using HaMirror.Core.Machine;

namespace HaMirror.Core.Configuration;

/// <summary>A module's userconfig.xml after macros were expanded and every value was checked.</summary>
public sealed record ModuleConfiguration
{
    public required string Name { get; init; }

    public required ServiceConfiguration Service { get; init; }

    public required HeartConfiguration Heart { get; init; }

    /// <summary>Null: the module replicates nothing (hooks and failover only).</summary>
    public ReplicationConfiguration? Replication { get; init; }

    /// <summary>Null: no hook runs (SafeKit: without a user element no script runs).</summary>
    public UserConfiguration? User { get; init; }

    public ErrdConfiguration? Errd { get; init; }

    public ImmutableArray<CheckConfiguration> Checks { get; init; } = [];

    /// <summary>A resource must be down this long before its action is due (failover handle_time; SafeKit's default).</summary>
    public TimeSpan HandleTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The addresses of the witnesses; empty: none is configured.</summary>
    public ImmutableArray<string> Witnesses => Checks.FirstOrDefault(check => check.Kind == CheckKind.SplitBrain)?.Arguments ?? [];

    /// <summary>Accepted without effect (legacy, Windows only), one sentence each with its line.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

public enum BootPolicy : byte { Ignore, On, Off, Auto }

public sealed record ServiceConfiguration(
    BootPolicy Boot, TimeSpan BootDelay, bool FailoverOn, string DefaultPrim, int MaxLoop, TimeSpan LoopInterval);

/// <param name="Pulse">Default 200 ms (design, section 8; SafeKit 700 ms).</param>
/// <param name="Timeout">Default 3 s (SafeKit 30 s).</param>
/// <param name="Heartbeats">At least one.</param>
public sealed record HeartConfiguration(
    TimeSpan Pulse, TimeSpan Timeout, ImmutableArray<HeartbeatConfiguration> Heartbeats)
{
    /// <summary>Fewer pulses in a time-out would make a lost packet a failure.</summary>
    public const int PulsesPerTimeout = 3;

    /// <summary>The LAN that replication uses: the heartbeat with ident <c>flow</c>, else the first. Look it up
    /// with <see cref="ClusterConfiguration.FindLan"/>: an empty name is the cluster's first LAN.</summary>
    public string FlowLan => (Heartbeats.FirstOrDefault(beat => beat.Ident == "flow") ?? Heartbeats[0]).LanName;
}

/// <param name="LanName">Empty: the cluster's first LAN.</param>
/// <param name="Ident">Its resource is <c>heartbeat.ident</c>.</param>
public sealed record HeartbeatConfiguration(string LanName, string Ident);

public enum AckMode : byte
{
    /// <summary><c>async="second"</c>: a write is acknowledged when done here and held in order by the peer.</summary>
    Received,

    /// <summary><c>async="none"</c>: a write is acknowledged when done on both nodes.</summary>
    Applied,
}

public sealed record ReplicationConfiguration
{
    public AckMode Ack { get; init; } = AckMode.Received;

    /// <summary>TLS 1.3 on the replication link. Off only for measuring and for links that are encrypted beneath.</summary>
    public bool Encryption { get; init; } = true;

    /// <summary>A replication request unanswered this long: the primary goes on alone (default 3 s; SafeKit 100 s).</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Nothing could be sent this long: as above (default 3 s; SafeKit 30 s).</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Resync requests in flight at once (nbrei).</summary>
    public int ResyncStreams { get; init; } = 6;

    /// <summary>Cap on resync in bytes a second; null is unlimited (reiallowedbw).</summary>
    public long? ResyncBandwidth { get; init; }

    /// <summary>A null request on the own mount that takes longer means that it hangs (default 10 s).</summary>
    public TimeSpan CheckTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a disk of this node may be silent before it counts as failed: well before the watch of the mounts would end
    /// them after <c>checktime</c>.</summary>
    public TimeSpan DiskPatience => CheckTime * 0.6;

    /// <summary>Interval of that request (default 5 s).</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When both nodes went on alone: wait for an operator. Otherwise the node that was primary before is kept, and what
    /// only the other one holds becomes a salvage set.</summary>
    public bool ManualDivergence { get; init; }

    /// <summary>Areas of 4 MiB that are written without recording them first (hotareas): what a crash leaves to be compared.</summary>
    public int HotAreas { get; init; } = 2560;

    /// <summary>What the mounts use of the kernel.</summary>
    public KernelUse Kernel { get; init; } = KernelUse.Usual;

    /// <summary>Bytes sent and not yet held by the peer before requests wait.</summary>
    public long WindowBytes { get; init; } = 64L << 20;

    public required ImmutableArray<ReplicatedDirectory> Directories { get; init; }
}

/// <param name="Path">Absolute path of the directory that is mirrored and mounted over.</param>
/// <param name="Excluded">Relative paths that stay local (<c>notreplicated path</c>), subtrees included.</param>
/// <param name="ExcludedPatterns">POSIX extended expressions over relative paths; a leading <c>!</c> inverts.</param>
/// <param name="ToCheck">Relative paths that must exist before replication starts.</param>
public sealed record ReplicatedDirectory(
    string Path, ImmutableArray<string> Excluded, ImmutableArray<string> ExcludedPatterns, ImmutableArray<string> ToCheck);

/// <param name="Variables">In document order.</param>
public sealed record UserConfiguration(
    TimeSpan NiceStopTimeout, TimeSpan ForceStopTimeout, bool Logging, ImmutableArray<KeyValuePair<string, string>> Variables)
{
    /// <summary>Set by HaMirror for every hook; a module's own variable of that name would break hooks.</summary>
    public static readonly ImmutableHashSet<string> ReservedVariables =
        ["SAFE", "SAFEMODULE", "SAFEBIN", "SAFEUSERBIN", "SAFEUSERCONF", "SAFEVAR", "SAFEUSERVAR", "HAMIRROR_ROOT", "HAMIRROR_TIMEOUT", "PATH"];

    /// <summary>Bytes kept of one hook's output (userlogsize).</summary>
    public long LogBytes { get; init; } = 2048 * 1024;
}

public sealed record ErrdConfiguration(TimeSpan PollInterval, ImmutableArray<ProcessConfiguration> Processes);

/// <param name="NamePattern">POSIX extended expression; null: the name itself.</param>
/// <param name="AtMost"><see cref="int.MaxValue"/>: no limit.</param>
public sealed record ProcessConfiguration(
    string Name, bool IsService, string? NamePattern, string? ArgumentPattern, int AtLeast, int AtMost, int StartAfterPolls,
    CheckPhase Class, AutomaticAction? Action)
{
    /// <summary>The resource that it sets.</summary>
    public string Resource => $"proc.{Name}";
}

/// <summary>When a checker lives.</summary>
public enum CheckPhase : byte
{
    /// <summary>From prestart to poststop.</summary>
    Pre,

    /// <summary>From start_prim to stop_prim.</summary>
    Prim,

    /// <summary>From start_second to stop_second.</summary>
    Second,

    /// <summary>From start_both to stop_both.</summary>
    Both,

    /// <summary>From start_sec to stop_sec.</summary>
    Sec,
}

public enum CheckKind : byte { Tcp, Ping, Interface, Ip, Custom, Module, SplitBrain }

/// <summary>One checker. Fields that a kind does not use are null.</summary>
public sealed record CheckConfiguration(CheckKind Kind, string Ident, CheckPhase When, AutomaticAction? Action)
{
    /// <summary>The other module of a module checker.</summary>
    public string? Module { get; init; }

    /// <summary>Address of tcp, ping, ip, intf; node of a module checker.</summary>
    public string? Address { get; init; }

    public int? Port { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Program of a custom checker, looked up in the module's bin directory.</summary>
    public string? Program { get; init; }

    /// <summary>Arguments of a custom checker; addresses of the witnesses of a splitbrain checker.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>The resource that this checker sets, e.g. <c>custom.vm1_check</c>.</summary>
    public string Resource => Kind switch
    {
        CheckKind.Tcp => $"tcp.{Ident}",
        CheckKind.Ping => $"ping.{Ident}",
        CheckKind.Interface => $"intf.{Ident}",
        CheckKind.Ip => $"ip.{Ident}",
        CheckKind.Custom => $"custom.{Ident}",
        CheckKind.Module => $"module.{Ident}",
        _ => $"splitbrain.{Ident}",
    };
}
