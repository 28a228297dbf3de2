using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Machine;

/// <summary>A stop waits for hooks that were running before it, for the stop time-out and no longer.</summary>
public sealed class HangingHookTests
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly ModuleMachine _machine = new(
        new ModuleRules { NodeName = "node1", PeerName = "node2", IsFirstNode = true, StopTimeout = StopTimeout },
        ReplicaRecord.New, 1, () => new GenerationId(new Guid(1, 0, 0, new byte[8])));

    private TimeSpan _now;

    [Fact]
    public void Stop_WhileAStartHookHangs_RunsTheStopHooksAfterTheTimeout()
    {
        StartAsPrimary();

        Assert.Null(Wait(StopTimeout * 2)); // A start hook has a time-out of its own.
        Step(new MachineInput.Command(OperatorCommand.Stop));
        Assert.Null(Wait(StopTimeout - TimeSpan.FromSeconds(1)));
        var stop = Wait(TimeSpan.FromSeconds(2));

        Assert.Equal(HookSequence.AloneToWait, stop?.Sequence);
        Step(new MachineInput.SequenceEnded(stop!.Ticket - 1, null)); // The start hooks' answer, too late: nothing.
        Assert.Equal((ModuleState.Alone, Phase.Transient), (_machine.View.State, _machine.View.Phase));
        var drain = Step(new MachineInput.SequenceEnded(stop.Ticket, null)).OfType<MachineAction.Drain>().Single();
        Step(new MachineInput.Drained(drain.Ticket, null));
        Assert.Equal(ModuleState.Wait, _machine.View.State);
    }

    [Fact]
    public void Stop_WhilePrestartHangs_EndsItAfterTheTimeoutAndMountsNothing()
    {
        var prestart = Sequence(Step(new MachineInput.Command(OperatorCommand.StartAsPrimary)))!;
        Assert.Equal(HookSequence.StopToWait, prestart.Sequence);
        Step(new MachineInput.Command(OperatorCommand.Stop));
        Assert.Null(Wait(StopTimeout - TimeSpan.FromSeconds(1)));
        var stop = Wait(TimeSpan.FromSeconds(2));

        Assert.Equal(HookSequence.WaitToStop, stop?.Sequence);
        var actions = Step(new MachineInput.SequenceEnded(stop!.Ticket, null));
        Assert.Contains(new MachineAction.Unmount(), actions);
        Step(new MachineInput.UnmountEnded(null));
        Assert.Equal(ModuleState.Stop, _machine.View.State);
    }

    private void StartAsPrimary()
    {
        Step(new MachineInput.Command(OperatorCommand.StartAsPrimary));
        Step(new MachineInput.SequenceEnded(1, null));
        Step(new MachineInput.MountEnded(null));
        Wait(TimeSpan.FromSeconds(4)); // The peer is silent.
        Assert.Equal(ModuleState.Alone, _machine.View.State);
    }

    /// <summary>Lets time pass; the sequence of hooks that was asked for meanwhile.</summary>
    private MachineAction.RunSequence? Wait(TimeSpan time)
    {
        MachineAction.RunSequence? found = null;
        for (var end = _now + time; _now < end;)
        {
            var asked = Sequence(Step(new MachineInput.Tick()));
            found ??= asked;
        }

        return found;
    }

    private static MachineAction.RunSequence? Sequence(IEnumerable<MachineAction> actions) =>
        actions.OfType<MachineAction.RunSequence>().SingleOrDefault();

    private IReadOnlyList<MachineAction> Step(MachineInput input) => _machine.Step(input, _now += ModuleRules.TickInterval).Actions;
}
