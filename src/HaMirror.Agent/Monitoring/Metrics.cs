using HaMirror.Agent.Events;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Monitoring;

/// <summary>What <c>/metrics</c> says of this node (docs/monitoring.md lists it). Each node tells of itself only: a monitor that
/// scrapes both still sees the one that lives.</summary>
internal sealed class Metrics(NodeService node, ModuleRoster roster, HistoryTable history, EventHub hub, TimeProvider clock)
{
    private const double MillisecondsPerSecond = 1000;
    private static readonly string[] States = ["STOP", "WAIT", "ALONE", "PRIM", "SECOND"];
    private static readonly string[] Phases = ["NotReady", "Transient", "Ready"];
    private static readonly string[] Conditions = ["UpToDate", "Outdated", "Inconsistent", "Unknown"];

    public string Write()
    {
        var text = new MetricsText();
        var status = node.Status();
        WriteNode(text, status);
        foreach (var module in status.Modules)
        {
            var label = ("module", module.Module);
            WriteState(text, module, label);
            WriteReplica(text, module, label);
            WriteResync(text, module, label);
            WriteFlow(text, module, label);
            WriteHistory(text, module, label);
        }

        WriteProcess(text);
        return text.ToString();
    }

    private void WriteNode(MetricsText text, NodeStatus status)
    {
        text.Gauge("hamirror_info", "Version and names; always 1.", 1, ("version", status.Version), ("node", status.Node), ("peer", status.Peer));
        text.Gauge("hamirror_agent_start_time_seconds", "When the agent started, Unix time.", Unix(status.Started));
        text.Gauge("hamirror_event_clients_watching", "1 while somebody watches the events.", hub.Watched ? 1 : 0);
        foreach (var lan in status.Lans)
        {
            if (lan.SilentMilliseconds is { } silent)
                text.Gauge("hamirror_lan_silence_seconds", "Time since the peer was last heard on the LAN; absent: never.", silent / MillisecondsPerSecond, ("lan", lan.Name));
            text.Gauge("hamirror_lan_lost", "1 when the peer is not heard on the LAN for the heartbeat time-out.", Flag(lan.Lost), ("lan", lan.Name));
        }
    }

    private static void WriteState(MetricsText text, ModuleStatus module, (string, string) label)
    {
        foreach (var state in States)
            text.Gauge("hamirror_module_state", "1 for the state that the module is in.", Flag(module.State == state), label, ("state", state));
        foreach (var phase in Phases)
            text.Gauge("hamirror_module_phase", "1 for the phase of that state.", Flag(module.Phase == phase), label, ("phase", phase));
        text.Gauge("hamirror_module_serving", "1 where the service runs.", Flag(module is { State: "ALONE" or "PRIM", Phase: "Ready" }), label);
        text.Gauge("hamirror_module_redundant", "1 while both nodes are Ready and one may take over from the other.",
            Flag(module is { State: "PRIM" or "SECOND", Phase: "Ready", PeerState: "PRIM" or "SECOND", PeerPhase: "Ready" }), label);
        text.Gauge("hamirror_module_state_change_time_seconds", "When state or phase last changed, Unix time.", Unix(module.Since), label);
        text.Gauge("hamirror_module_failover_enabled", "1 while a failover is automatic.", Flag(module.FailoverOn), label);
        text.Gauge("hamirror_module_peer_heard", "1 while the peer's beats of the module arrive.", Flag(module.PeerHeard), label);
        foreach (var resource in module.Resources)
            text.Gauge("hamirror_module_resource_up", "1 while the resource is up.", Flag(resource.State == "up"), label, ("resource", resource.Name));
    }

    private static void WriteReplica(MetricsText text, ModuleStatus module, (string, string) label)
    {
        text.Gauge("hamirror_module_replica_up_to_date", "1 while this node's replica is up to date.", Flag(module.Condition == "UpToDate"), label);
        foreach (var condition in Conditions)
            text.Gauge("hamirror_module_replica_condition", "1 for the condition of this node's replica.", Flag(module.Condition == condition), label, ("condition", condition));
        text.Gauge("hamirror_module_linked", "1 while there is a replication link.", Flag(module.Linked), label);
        if (module.DirtyBytes is { } dirty)
            text.Gauge("hamirror_module_dirty_bytes", "Bytes that differ from the peer's replica as far as they are marked; absent while stopped.", dirty, label);
    }

    private static void WriteResync(MetricsText text, ModuleStatus module, (string, string) label)
    {
        text.Gauge("hamirror_module_resync_running", "1 while a resync runs.", Flag(module.Resync is not null), label);
        if (module.Resync is not { } resync) return;
        text.Gauge("hamirror_module_resync_compared_bytes", "Bytes looked at so far by the running resync.", resync.BytesCompared, label);
        text.Gauge("hamirror_module_resync_copied_bytes", "Bytes that crossed the link in the running resync.", resync.BytesCopied, label);
        text.Gauge("hamirror_module_resync_remaining_bytes", "Bytes left; grows while names are walked.", resync.BytesToDo, label);
        text.Gauge("hamirror_module_resync_rate_bytes_per_second", "Rate over the last seconds.", resync.BytesPerSecond, label);
        text.Gauge("hamirror_module_resync_progress_ratio", "0 to 1.", resync.Percent / 100, label);
        if (resync.SecondsLeft is { } left)
            text.Gauge("hamirror_module_resync_remaining_seconds", "Time left at this rate; absent while no rate is known.", left, label);
    }

    private void WriteFlow(MetricsText text, ModuleStatus module, (string, string) label)
    {
        if (roster.FindDriver(module.Module) is not { } driver) return;
        if (driver.RunningHook is { } running)
            text.Gauge("hamirror_module_hook_running_seconds", "How long the present hook has been running; absent when none does.", (clock.GetUtcNow() - running.Since).TotalSeconds, label, ("hook", running.Called));
        if (driver.Storage.Mirror?.Status is not { } status) return;
        text.Gauge("hamirror_module_mounted", "1 while every replicated directory is mounted.", Flag(status.Mounted), label);
        text.Gauge("hamirror_module_unacknowledged_bytes", "Sent, or waiting to be, and not yet held by the peer: the replication's lag.", status.WindowBytes, label);
        text.Gauge("hamirror_module_requests_active", "Requests of the file system taken and not yet answered.", status.ActiveRequests, label);
        text.Gauge("hamirror_module_requests_held", "Requests that wait for the peer or for arbitration.", status.HeldRequests, label);
        text.Counter("hamirror_module_requests_total", "Requests of the file system answered since the mounts were made.", status.AnsweredRequests, label);
    }

    private void WriteHistory(MetricsText text, ModuleStatus module, (string, string) label)
    {
        var past = history.Of(module.Module);
        text.Counter("hamirror_module_takeovers_total", "Times that this node took the service over since the agent's start, swaps included.", past.Failovers, label);
        if (past.LastFailover is { } last)
            text.Gauge("hamirror_module_last_takeover_time_seconds", "When that was last, Unix time; absent: not since the agent's start.", Unix(last), label);
        foreach (var (hook, seconds) in past.HookSeconds)
            text.Gauge("hamirror_module_hook_last_duration_seconds", "Duration of the hook's last run.", seconds, label, ("hook", hook));
        foreach (var (level, count) in past.Lines)
            text.Counter("hamirror_module_log_lines_total", "Lines of the module's log since the agent's start.", count, label, ("level", level));
    }

    private static void WriteProcess(MetricsText text)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        text.Counter("process_cpu_seconds_total", "Processor time of the agent.", process.TotalProcessorTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Memory of the agent.", process.WorkingSet64);
        text.Gauge("process_threads", "Threads of the agent.", process.Threads.Count);
    }

    private static double Flag(bool value) => value ? 1 : 0;

    private static double Unix(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / MillisecondsPerSecond;
}
