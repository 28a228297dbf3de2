using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What operators, hooks and checkers ask for.</summary>
/// <remarks>An administrator's command resets the loop counter; one that carries -i, or comes from a checker, counts.</remarks>
internal sealed class Commands(MachineContext machine)
{
    public void Refuse(string sentence) => machine.Refusal = sentence;

    public void Start(MachineInput.Command command)
    {
        if (command.Kind == OperatorCommand.StartAsPrimary && RefusesPrimary(command)) return;
        machine.Undoing.Wanted = command.Undo;
        switch (command.Kind)
        {
            case OperatorCommand.StartAsPrimary: machine.Waiting.AsPrimary(); break;
            case OperatorCommand.StartAsSecondary: machine.Waiting.AsSecondary(fullSync: false); break;
            case OperatorCommand.StartAsSecondaryFullSync: machine.Waiting.AsSecondary(fullSync: true); break;
            default: machine.Waiting.OptionsDone(); break;
        }

        Counted(command);
        machine.Standby.Started(machine.Record.HandedOver || machine.Record.Serving);
        var action = command.Kind switch
        {
            OperatorCommand.StartAsPrimary => "prim",
            OperatorCommand.StartAsSecondary or OperatorCommand.StartAsSecondaryFullSync => "second",
            _ => "start",
        };
        machine.Lifecycle.Start($"Action {action} called by {command.By}");
    }

    /// <summary>A start of a module that waits changes how it waits.</summary>
    public void StartWaiting(MachineInput.Command command)
    {
        if (machine.Lifecycle.StopWanted || machine.Lifecycle.At is not Lifecycle.Stage.Up)
        {
            Refuse("The module is just starting or stopping. Wait until it has, or use 'hamirror force-stop'.");
            return;
        }

        if (command.Kind == OperatorCommand.StartAsPrimary && RefusesPrimary(command)) return;
        machine.Undoing.Wanted = command.Undo;
        Counted(command);
        machine.Say(SayLevel.Event, $"Action {command.Kind} called by {command.By}");
        switch (command.Kind)
        {
            case OperatorCommand.StartAsPrimary: machine.Waiting.AsPrimary(); break;
            case OperatorCommand.StartAsSecondary: machine.Waiting.AsSecondary(fullSync: false); break;
            case OperatorCommand.StartAsSecondaryFullSync: machine.Waiting.AsSecondary(fullSync: true); break;
            default: machine.Waiting.OptionsDone(); break;
        }

        // What is mounted leads to the peer, and its intent log holds nothing of what was written there: only a new mount uses the disk.
        if (command.Kind == OperatorCommand.StartAsPrimary && machine.Record.Detached) machine.Lifecycle.Stop(null, startAgain: true);
    }

    public void Stop(MachineInput.Command command, bool startAgain)
    {
        Counted(command);
        machine.Say(SayLevel.Event, $"Action {(startAgain ? "stopstart" : "stop")} called by {command.By}");
        if (command.Automatic && startAgain && !Allowed()) startAgain = false;
        EndOrStop(startAgain ? ServiceEnd.StopStart : ServiceEnd.Stop, command.Automatic ? $"Stopped by {command.By}." : null);
    }

    public void ForceStop(MachineInput.Command command)
    {
        Counted(command);
        machine.Say(SayLevel.Event, $"Action forcestop called by {command.By}");
        if (machine.Lifecycle.At == Lifecycle.Stage.Up)
            machine.Service.ForceEnd($"The module was stopped by force by {command.By}.", surrenders: false);
        machine.Lifecycle.ForceStop();
    }

    public void Restart(MachineInput.Command command)
    {
        Counted(command);
        machine.Say(SayLevel.Event, $"Action restart called by {command.By}");
        if (command.Automatic) Automatic(AutomaticAction.Restart, $"asked for by {command.By}");
        else if (machine.Service.Ending) Refuse("The service is just being ended.");
        else machine.Service.Restart();
    }

    public void Swap(MachineInput.Command command)
    {
        if (machine.State == ModuleState.Prim && machine.Phase == Phase.Ready)
        {
            Counted(command);
            machine.Say(SayLevel.Event, $"Action swap called by {command.By}");
            machine.Service.End(ServiceEnd.Swap, "The roles are exchanged.");
        }
        else if (machine.Standby.Ready && machine.Link is { } link)
        {
            machine.Say(SayLevel.Event, $"Action swap called by {command.By}");
            machine.Act(new MachineAction.SendSwapRequest(link.Id));
        }
        else Refuse("Roles can be exchanged only between PRIM Ready and SECOND Ready. 'hamirror status' shows what is missing.");
    }

    public void SwapRequested(long link)
    {
        if (machine.State != ModuleState.Prim || machine.Phase != Phase.Ready || machine.Link?.Id != link) return;
        machine.Say(SayLevel.Event, $"Action swap called by {machine.Rules.PeerName}");
        machine.Service.End(ServiceEnd.Swap, "The roles are exchanged.");
    }

    public void Failover(bool on)
    {
        machine.Rules = machine.Rules with { FailoverOn = on };
        if (on) machine.Waiting.Release();
        machine.Say(SayLevel.Event, on ? "Failover is on" : "Failover-off configured");
    }

    public void Checker(MachineInput.CheckerFired fired)
    {
        machine.Say(SayLevel.Event, $"Resource {fired.Resource} set to {(fired.Up ? "up" : "down")}");
        if (fired.Up) machine.Waiting.Unblock(fired.Resource);
        else if (fired.Action is { } action)
        {
            machine.Say(SayLevel.Event, $"Action {action.ToString().ToLowerInvariant()} from failover rule {fired.Resource}");
            if (action == AutomaticAction.Wait) machine.Waiting.Block(fired.Resource);
            Automatic(action, $"{fired.Resource} is down");
        }
    }

    /// <summary>Does an automatic action, or stops the module when it is one too many.</summary>
    public void Automatic(AutomaticAction action, string cause)
    {
        var serves = machine.State is ModuleState.Alone or ModuleState.Prim;
        if (machine.Service.Ending || machine.State == ModuleState.Stop) return;
        var counts = action is AutomaticAction.Restart or AutomaticAction.StopStart || (action == AutomaticAction.Wait && serves);
        if (counts && serves && !Allowed())
        {
            machine.Say(SayLevel.Critical, "Action stop called by maxloop");
            machine.Service.End(ServiceEnd.Stop, "The module stops.",
                $"Stopped: more than {machine.Rules.MaxLoop} automatic actions within {machine.Rules.LoopInterval.TotalHours:0.##} h; the last because "
                + $"{cause}. Correct the cause and run 'hamirror start'.");
            return;
        }

        switch (action)
        {
            case AutomaticAction.Restart: machine.Service.Restart(); break;
            case AutomaticAction.StopStart: EndOrStop(ServiceEnd.StopStart, null); break;
            case AutomaticAction.Stop: EndOrStop(ServiceEnd.Stop, $"Stopped because {cause}."); break;
            case AutomaticAction.Swap when machine.State == ModuleState.Prim && machine.Phase == Phase.Ready:
                machine.Service.End(ServiceEnd.Swap, $"The roles are exchanged because {cause}.");
                break;
            case AutomaticAction.Wait when serves:
                machine.Service.End(ServiceEnd.Wait, $"The service ends because {cause}.");
                break;
            case AutomaticAction.Wait when machine.State == ModuleState.Second:
                machine.Standby.Leave($"Held by {cause}.");
                break;
        }
    }

    public void StorageFailed(MachineInput.StorageFailed failed)
    {
        if (machine.Lifecycle.At is not Lifecycle.Stage.Up) return;
        machine.Say(SayLevel.Critical, failed.Reason);
        machine.Disk.StorageFailed(failed, machine.State is ModuleState.Alone or ModuleState.Prim || machine.Service.Busy);
        machine.Waiting.StorageBroken = failed.Reason;
        if (machine.State is ModuleState.Alone or ModuleState.Prim) machine.Service.ForceEnd(failed.Reason, surrenders: false);
        else if (machine.State == ModuleState.Second) machine.Standby.Leave(failed.Reason);
        if (failed.MountLost && !machine.Lifecycle.StopWanted) MountAgain(failed.Reason);
    }

    /// <summary>The guard ends the mount of an agent that does not run for a while; once it runs again, the module comes back
    /// as what its record proves, without an operator.</summary>
    private void MountAgain(string reason)
    {
        if (Allowed())
        {
            machine.Lifecycle.Stop(null, startAgain: true);
            return;
        }

        machine.Say(SayLevel.Critical, "Action stop called by maxloop");
        machine.Lifecycle.Stop(
            $"Stopped: more than {machine.Rules.MaxLoop} automatic actions within {machine.Rules.LoopInterval.TotalHours:0.##} h; the last because "
            + $"of this: {reason} Correct the cause and run 'hamirror start'.", startAgain: false);
    }

    private void EndOrStop(ServiceEnd goal, string? stopReason)
    {
        if (machine.State is ModuleState.Alone or ModuleState.Prim)
            machine.Service.End(goal, goal == ServiceEnd.Stop ? "The module stops." : "The module stops and starts again.", stopReason);
        else machine.Lifecycle.Stop(stopReason, startAgain: goal == ServiceEnd.StopStart);
    }

    private bool RefusesPrimary(MachineInput.Command command)
    {
        if (command.Undo && machine.Undoing.Refusal() is { } refusal)
        {
            Refuse(refusal);
            return true;
        }

        if (!machine.PeerAlive || machine.Peer.Beat is not { Serves: true } beat) return false;
        Refuse($"{beat.NodeName} serves already. Use 'hamirror swap' to exchange the roles.");
        return true;
    }

    private void Counted(MachineInput.Command command)
    {
        if (!command.Automatic) machine.Loop.Reset();
    }

    private bool Allowed() => machine.Loop.Allows(machine.Now, machine.Rules.MaxLoop, machine.Rules.LoopInterval);
}
