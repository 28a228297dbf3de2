using HaMirror.Core.Machine;

namespace HaMirror.Agent.Modules;

/// <summary>Commands as SafeKit's log names them, which monitoring rules of existing users match.</summary>
internal static class ActionName
{
    public static string Of(OperatorCommand command) => command switch
    {
        OperatorCommand.Start => "start",
        OperatorCommand.StartAsPrimary => "prim",
        OperatorCommand.StartAsSecondary => "second",
        OperatorCommand.StartAsSecondaryFullSync => "second fullsync",
        OperatorCommand.Stop => "stop",
        OperatorCommand.ForceStop => "forcestop",
        OperatorCommand.Restart => "restart",
        OperatorCommand.StopStart => "stopstart",
        OperatorCommand.Swap => "swap",
        OperatorCommand.FailoverOn => "failover on",
        OperatorCommand.FailoverOff => "failover off",
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No such command."),
    };
}
