using Microsoft.Extensions.Logging;

namespace HaMirror.Agent.Logging;

/// <summary>Numbered messages of the agent's log: 100 to 199. Other parts have their own ranges; no number is used twice.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(100, LogLevel.Information, "hamirrord {Version} starts on node '{Node}'.")]
    public static partial void AgentStarts(this ILogger log, string version, string node);

    [LoggerMessage(125, LogLevel.Information, "hamirrord {Version} starts on a node without a cluster: it serves no module yet and waits for commands.")]
    public static partial void AgentStartsWithoutCluster(this ILogger log, string version);

    [LoggerMessage(101, LogLevel.Information, "hamirrord ends: {Modules} modules stopped.")]
    public static partial void AgentEnds(this ILogger log, int modules);

    [LoggerMessage(102, LogLevel.Warning, "This node belongs to no cluster yet: run 'hamirror cluster init' or 'hamirror cluster join'.")]
    public static partial void NoCluster(this ILogger log);

    [LoggerMessage(103, LogLevel.Error, "The cluster's configuration cannot be used: {Sentence}")]
    public static partial void ClusterRefused(this ILogger log, string sentence);

    [LoggerMessage(104, LogLevel.Warning, "The mount over {Path} was left by an agent that ended without unmounting it: aborted and detached.")]
    public static partial void StaleMountRemoved(this ILogger log, string path);

    [LoggerMessage(105, LogLevel.Error, "The stale mount over {Path} cannot be detached: {Reason}")]
    public static partial void StaleMountStays(this ILogger log, string path, string reason);

    [LoggerMessage(106, LogLevel.Warning, "Process {Process} ({Name}) held {Path} from before the agent's start: ended.")]
    public static partial void StrayProcessEnded(this ILogger log, int process, string name, string path);

    [LoggerMessage(107, LogLevel.Warning, "VM {Domain} ran on {Path} without a mount that serves it: destroyed.")]
    public static partial void StrayGuestDestroyed(this ILogger log, string domain, string path);

    [LoggerMessage(108, LogLevel.Error, "Running VMs cannot be looked at: {Reason}")]
    public static partial void GuestsUnknown(this ILogger log, string reason);

    [LoggerMessage(109, LogLevel.Warning, "LAN {Lan}: no heartbeat of the peer any more.")]
    public static partial void LanLost(this ILogger log, string lan);

    [LoggerMessage(110, LogLevel.Information, "LAN {Lan}: heartbeats of the peer are heard.")]
    public static partial void LanHeard(this ILogger log, string lan);

    [LoggerMessage(111, LogLevel.Warning, "{Sentence}")]
    public static partial void HeartbeatTrouble(this ILogger log, string sentence);

    [LoggerMessage(112, LogLevel.Information, "Module {Module}: {Text}")]
    public static partial void ModuleSays(this ILogger log, string module, string text);

    [LoggerMessage(113, LogLevel.Warning, "Module {Module}: {Text}")]
    public static partial void ModuleWarns(this ILogger log, string module, string text);

    [LoggerMessage(114, LogLevel.Error, "Module {Module}: {Text}")]
    public static partial void ModuleCritical(this ILogger log, string module, string text);

    [LoggerMessage(115, LogLevel.Critical, "The driver of module {Module} failed in state {State} on {Input}: the module is brought to a safe stop.")]
    public static partial void DriverFailed(this ILogger log, Exception error, string module, string state, string input);

    [LoggerMessage(116, LogLevel.Error, "Module {Module} cannot be loaded: {Sentence}")]
    public static partial void ModuleRefused(this ILogger log, string module, string sentence);

    [LoggerMessage(117, LogLevel.Error, "The API failed on {Method} {Path}.")]
    public static partial void ApiFailed(this ILogger log, Exception error, string method, string path);

    [LoggerMessage(118, LogLevel.Information, "Node {Node} joined the cluster from {Address}.")]
    public static partial void NodeJoined(this ILogger log, string node, string address);

    [LoggerMessage(119, LogLevel.Warning, "A join from {Address} was refused: {Sentence}")]
    public static partial void JoinRefused(this ILogger log, string address, string sentence);

    [LoggerMessage(120, LogLevel.Information, "Cluster {Cluster}: this node is '{Node}', its peer '{Peer}'.")]
    public static partial void ClusterInUse(this ILogger log, Guid cluster, string node, string peer);

    [LoggerMessage(121, LogLevel.Error, "The mount over {Path} did not answer for {Seconds} s: aborted.")]
    public static partial void MountHung(this ILogger log, string path, double seconds);

    [LoggerMessage(122, LogLevel.Error, "The guard process ended ({Reason}) and is started again.")]
    public static partial void GuardEnded(this ILogger log, string reason);

    [LoggerMessage(123, LogLevel.Warning, "Module {Module} did not stop within {Seconds} s of the agent's end and is left to the guard.")]
    public static partial void ModuleLeft(this ILogger log, string module, double seconds);

    [LoggerMessage(124, LogLevel.Error, "The join port {Port} cannot be used: {Reason}")]
    public static partial void JoinPortFailed(this ILogger log, int port, string reason);
}
