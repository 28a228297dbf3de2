using HaMirror.Core.Machine;

namespace HaMirror.Io.Heartbeats;

/// <summary>What one heartbeat says of one module: the beat that decisions need, and what it takes to reach the module.</summary>
/// <param name="Port">TCP port on which the sender listens for the module's replication; 0 when it has none.</param>
/// <param name="ConfigurationHash">Of the sender's active configuration and hooks, to notice that the nodes differ; 0 unknown.</param>
public sealed record ModuleAnnouncement(string Module, int Port, ulong ConfigurationHash, ModuleBeat Beat)
{
    /// <summary>Bytes of dirty extents at the sender, for an operator's eyes: no decision rests on it.</summary>
    public ulong MarkedBytes { get; init; }
}
