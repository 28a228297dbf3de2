// What an operator should do next, from one module's status. Rules in the order of urgency; the first that fits speaks.
using HaMirror.Core.Api;

namespace HaMirror.Cli.View;

/// <summary>Advice to an operator.</summary>
internal static class Advice
{
    /// <summary>A sentence, or null when nothing is to be done.</summary>
    /// <param name="peer">The peer's name.</param>
    /// <param name="nodeHeard">The peer's agent is heard, whatever it says of this module.</param>
    /// <param name="nodeRefused">It is not, but what comes from its address is refused.</param>
    public static string? For(ModuleStatus module, string peer, bool nodeHeard, bool nodeRefused)
    {
        var name = module.Module;
        return module switch
        {
            { State: "STOP" } when StatusView.HasNeverRun(module) => null, // The reason says what is to be done.
            { State: "STOP", Reason.Length: > 0 } => "When that is mended, start it again as before.",
            { State: "STOP", Condition: "UpToDate" } =>
                $"Start it with 'hamirror start -m {name}'.",
            { State: "STOP", PeerHeard: true, PeerState: "ALONE" or "PRIM" } =>
                $"Start it with 'hamirror start -m {name}': it becomes SECOND and resyncs.",
            { State: "STOP" } =>
                $"'hamirror start -m {name}' lets it follow the peer; for the very first start, on the node whose data is "
                + $"right: 'hamirror start -m {name} --as-primary'.",
            { State: "WAIT" or "ALONE", PeerHeard: false } when nodeRefused =>
                $"{peer} answers and is refused: mend what the line of the LAN above says.",
            { State: "WAIT", Phase: "NotReady", FailoverOn: false, Condition: "UpToDate" } =>
                $"Failover is off. Start it on {peer}; or, if {peer} is lost, let this node serve: 'hamirror start -m {name} --as-primary'.",
            { State: "WAIT" or "ALONE", PeerHeard: false } when nodeHeard =>
                $"{peer} is heard, but has no module {name} in force: there, 'hamirror module add {name}' and 'hamirror module "
                + "config', with the same userconfig.xml.",
            { State: "WAIT", Phase: "NotReady", Condition: not "UpToDate", PeerHeard: false } =>
                $"Start the module on {peer}, which may have newer data. Only if that is lost for good: 'hamirror start -m "
                + $"{name} --as-primary' here.",
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
