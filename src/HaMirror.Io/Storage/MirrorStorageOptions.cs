using HaMirror.Core.Configuration;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Preimages;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

/// <summary>What <see cref="MirrorStorage"/> is made of.</summary>
/// <param name="Module">Name of the module; the mounts show it as their source.</param>
/// <param name="Marks">Where the marks and the intent log are kept.</param>
public sealed record MirrorStorageOptions(
    string Module, ReplicationConfiguration Replication, IntentStore Marks, ILogger Log)
{
    /// <summary>Where the summary of the last resync is kept; null: in memory only.</summary>
    public string? SummaryFile { get; init; }

    /// <summary>Where a target keeps what a resync replaces; null: it keeps nothing.</summary>
    public PreimagePlace? Preimages { get; init; }

    /// <inheritdoc cref="ReplicationConfiguration.DiskPatience"/>
    public TimeSpan DiskPatience => Replication.DiskPatience;

    /// <summary>Outlives mounts and links, as the kernel's memory does.</summary>
    internal DiskProof Proof { get; } = new();

    /// <summary>The same with the patience of another configuration: all that may change while the module runs. What this knows of the disk stays.</summary>
    public MirrorStorageOptions With(ReplicationConfiguration patience) => this with
    {
        Replication = Replication with
        {
            LockTimeout = patience.LockTimeout, SendTimeout = patience.SendTimeout, CheckTime = patience.CheckTime, CheckInterval = patience.CheckInterval,
        },
    };

    /// <summary>For measuring what the intent log costs: nothing is recorded before it is changed, so a crash loses the marks.</summary>
    public bool WithoutIntentLog { get; init; }
}
