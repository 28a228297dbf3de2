using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>From STOP to a mounted WAIT and back: prestart, mount, ..., the forced stop hooks, poststop, unmount.</summary>
/// <remarks>Invariant: the mount exists exactly in <see cref="Stage.Up"/> and <see cref="Stage.Closing"/>, and STOP is
/// entered only when it is gone and the marks are saved.</remarks>
internal sealed class Lifecycle(MachineContext machine)
{
    private string? _stopReason;

    public enum Stage : byte { Stopped, Prestarting, Mounting, Up, Closing, Unmounting }

    public Stage At { get; private set; }

    /// <summary>The module is to stop as soon as nothing is in its way.</summary>
    public bool StopWanted { get; private set; }

    /// <summary>... and to start again afterwards.</summary>
    public bool StartAgain { get; private set; }

    public void Start(string why)
    {
        if (At != Stage.Stopped)
        {
            StartAgain = true;
            return;
        }

        StopWanted = false;
        StartAgain = false;
        _stopReason = null;
        machine.Waiting.Begin();
        At = Stage.Prestarting;
        machine.Say(SayLevel.Event, why);
        machine.Enter(ModuleState.Wait, Phase.Transient, "The prestart hook runs.");
        machine.Hooks.Toward(ModuleState.Wait, HookPurpose.Prestart);
    }

    /// <summary>Asks for STOP; <paramref name="reason"/> is shown there (null: nothing to say).</summary>
    public void Stop(string? reason, bool startAgain)
    {
        StopWanted = true;
        StartAgain = startAgain;
        _stopReason = reason;
        machine.Claim.Yield(null);
        if (At == Stage.Prestarting)
        {
            At = Stage.Closing;
            machine.Enter(ModuleState.Wait, Phase.Transient, "The module stops when its prestart hook has ended, or its time is over.");
            machine.Hooks.Toward(ModuleState.Stop, HookPurpose.Poststop);
        }

        Continue();
    }

    /// <summary>Closes when the module is to stop and nothing runs any more.</summary>
    public void Continue()
    {
        if (!StopWanted || At != Stage.Up || machine.State != ModuleState.Wait || machine.Service.Busy) return;
        At = Stage.Closing;
        machine.Waiting.Dial(false);
        machine.Enter(ModuleState.Wait, Phase.Transient, "The module stops.");
        machine.Hooks.Toward(ModuleState.Stop, HookPurpose.Poststop);
    }

    /// <summary>Ends whatever hook runs and stops, without asking it.</summary>
    public void ForceStop()
    {
        StopWanted = true;
        StartAgain = false;
        _stopReason = null;
        if (At is Stage.Prestarting or Stage.Closing)
        {
            At = Stage.Closing;
            machine.Hooks.Force();
            machine.Hooks.Toward(ModuleState.Stop, HookPurpose.Poststop);
        }

        Continue();
    }

    public void PrestartEnded(string? failure)
    {
        if (At != Stage.Prestarting) return;
        if (failure is not null)
        {
            machine.Say(SayLevel.Critical, $"prestart failed: {failure}");
            At = Stage.Closing;
            StopWanted = true;
            _stopReason = $"The prestart hook failed: {failure} Correct it and run 'hamirror start' again.";
            machine.Hooks.Toward(ModuleState.Stop, HookPurpose.Poststop);
            return;
        }

        At = Stage.Mounting;
        machine.Reason = "The replicated directories are mounted.";
        machine.Act(new MachineAction.Mount());
    }

    public void MountEnded(string? failure)
    {
        if (At != Stage.Mounting) return;
        At = Stage.Up;
        machine.Peer.Restart(machine.Now);
        if (failure is null)
        {
            machine.Enter(ModuleState.Wait, Phase.Transient, "The peer is looked for.");
            return;
        }

        machine.Say(SayLevel.Critical, failure);
        Stop($"The directories could not be mounted: {failure}", startAgain: false);
    }

    public void PoststopEnded(string? failure)
    {
        if (failure is not null) machine.Say(SayLevel.Warning, failure);
        if (At != Stage.Closing) return;
        At = Stage.Unmounting;
        machine.Act(new MachineAction.Unmount());
    }

    public void UnmountEnded(string? failure)
    {
        if (At != Stage.Unmounting) return;
        At = Stage.Stopped;
        if (failure is null) machine.Persist(machine.Record with { MarksUnsaved = false });
        else machine.Say(SayLevel.Critical, failure);
        machine.Enter(ModuleState.Stop, Phase.NotReady, failure ?? _stopReason);
        StopWanted = false;
        if (StartAgain && failure is null) Start("Action start called automatically");
    }
}
