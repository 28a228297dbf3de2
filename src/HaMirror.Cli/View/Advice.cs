// What an operator should do next, from one module's status. Rules in the order of urgency; the first that fits speaks.
using HaMirror.Core.Api;

namespace HaMirror.Cli.View;

/// <summary>Advice to an operator.</summary>
internal static class Advice
{
    /// <summary>A sentence, or null when nothing is to be done.</summary>
    /// <param name="peer">The peer's name.</param>
    public static string? For(ModuleStatus module, string peer)
    {
        var name = module.Module;
        return module switch
        {
            { State: "STOP", Condition: "UpToDate" } =>
                $"Start it with 'hamirror start -m {name}'.",
            { State: "STOP", PeerHeard: true, PeerState: "ALONE" or "PRIM" } =>
                $"Start it with 'hamirror start -m {name}': it becomes SECOND and resyncs.",
            { State: "STOP" } =>
                $"'hamirror start -m {name}' lets it follow the peer; for the very first start, on the node whose data is "
                + $"right: 'hamirror start -m {name} --as-primary'.",
            { State: "WAIT", Phase: "NotReady", FailoverOn: false, Condition: "UpToDate" } =>
                $"Failover is off. Start it on {peer}, or let this node take over: 'hamirror failover on -m {name}'.",
            { State: "WAIT", Phase: "NotReady", Condition: not "UpToDate", PeerHeard: false } =>
                $"Start the module on {peer}, which may have newer data. Only if that is lost for good: 'hamirror stop -m "
                + $"{name}', then 'hamirror start -m {name} --as-primary'.",
            { State: "WAIT", Phase: "NotReady", Condition: not "UpToDate", PeerState: "STOP" } =>
                $"On {peer}: 'hamirror start -m {name}'. If neither starts, decide whose data is right: 'hamirror start -m "
                + $"{name} --as-primary' there.",
            { State: "ALONE", Phase: "Ready", PeerHeard: false } =>
                $"There is no second copy while {peer} is silent: start that host or mend the network between.",
            { State: "ALONE", Phase: "Ready", PeerState: "STOP" } =>
                $"There is no second copy: on {peer}, 'hamirror start -m {name}'.",
            _ => null,
        };
    }
}
