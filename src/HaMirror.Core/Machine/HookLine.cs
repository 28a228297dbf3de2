using HaMirror.Core.Hooks;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>The sequences of hooks that run one after another, and where they have led to.</summary>
/// <remarks>Invariant: at most one sequence runs; <see cref="Position"/> is the state for which the hooks will have been
/// called when all that wait have run, so a sequence is always the way from there. Notifications that still wait when the
/// next change comes are dropped for the direct way, so a link that comes and goes cannot pile hooks up. A forced end drops
/// all that waits. What ends the service or the module waits for other hooks for the stop time-out, then it ends them.</remarks>
internal sealed class HookLine(MachineContext machine)
{
    private readonly List<(HookSequence Sequence, HookPurpose Purpose, ModuleState From)> _waiting = [];
    private (long Ticket, HookPurpose Purpose)? _running;
    private TimeSpan _endWaitsSince;

    public ModuleState Position { get; private set; } = ModuleState.Stop;

    /// <summary>Runs the hooks that lead from <see cref="Position"/> to <paramref name="target"/>. When there are none to
    /// run, the purpose ends at once and without failure.</summary>
    public void Toward(ModuleState target, HookPurpose purpose)
    {
        while (_waiting is [.., { Purpose: HookPurpose.Background } last])
        {
            Position = last.From;
            _waiting.RemoveAt(_waiting.Count - 1);
        }

        var from = Position;
        Position = target;
        if (Way(from, target) is { } found) Enqueue(found, purpose, from);
        else if (purpose != HookPurpose.Background) machine.HooksEnded(purpose, null);
    }

    public void RestartInPlace() => Enqueue(HookSequence.RestartInPlace, HookPurpose.RestartService, Position);

    /// <summary>Ends hooks that hang when an end has waited for them long enough.</summary>
    public void Continue()
    {
        if (_running is not { Purpose: var purpose } || IsEnd(purpose) || _waiting.FindIndex(next => IsEnd(next.Purpose)) is not (>= 0 and var index)) return;
        if (machine.Now - _endWaitsSince < machine.Rules.StopTimeout) return;
        machine.Say(SayLevel.Warning, $"The hooks that were running are ended: a stop has waited for them for {machine.Rules.StopTimeout.TotalSeconds:0} s.");
        var end = _waiting[index];
        _waiting.RemoveRange(0, index + 1);
        Run(end.Sequence, end.Purpose);
    }

    private static bool IsEnd(HookPurpose purpose) => purpose is HookPurpose.EndService or HookPurpose.Poststop or HookPurpose.ForcedEnd;

    /// <summary>The guest must be gone now.</summary>
    public void Force()
    {
        _waiting.Clear();
        Position = ModuleState.Wait;
        Run(HookSequence.ForcedEnd, HookPurpose.ForcedEnd);
    }

    /// <summary>A sequence ended; an unknown ticket belongs to one that a forced end replaced.</summary>
    public void Ended(long ticket, string? failure)
    {
        if (_running is not { } running || running.Ticket != ticket) return;
        _running = null;
        if (_waiting is [var next, ..])
        {
            _waiting.RemoveAt(0);
            Run(next.Sequence, next.Purpose);
        }

        if (running.Purpose == HookPurpose.Background && failure is not null) machine.Say(SayLevel.Warning, failure);
        machine.HooksEnded(running.Purpose, failure);
    }

    private void Enqueue(HookSequence sequence, HookPurpose purpose, ModuleState from)
    {
        if (_running is null) Run(sequence, purpose);
        else
        {
            if (IsEnd(purpose)) _endWaitsSince = machine.Now;
            _waiting.Add((sequence, purpose, from));
        }
    }

    private void Run(HookSequence sequence, HookPurpose purpose)
    {
        var ticket = machine.NextTicket();
        _running = (ticket, purpose);
        machine.Act(new MachineAction.RunSequence(ticket, sequence));
    }

    private static HookSequence? Way(ModuleState from, ModuleState target) => (from, target) switch
    {
        (ModuleState.Stop, ModuleState.Wait) => HookSequence.StopToWait,
        (ModuleState.Wait, ModuleState.Alone) => HookSequence.WaitToAlone,
        (ModuleState.Wait, ModuleState.Prim) => HookSequence.WaitToPrim,
        (ModuleState.Wait, ModuleState.Second) => HookSequence.WaitToSecond,
        (ModuleState.Alone, ModuleState.Prim) => HookSequence.AloneToPrim,
        (ModuleState.Prim, ModuleState.Alone) => HookSequence.PrimToAlone,
        (ModuleState.Second, ModuleState.Alone) => HookSequence.SecondToAlone,
        (ModuleState.Second, ModuleState.Prim) => HookSequence.SwapSecondToPrim,
        (ModuleState.Alone, ModuleState.Second) => HookSequence.AloneToSecond,
        (ModuleState.Prim, ModuleState.Second) => HookSequence.SwapPrimToSecond,
        (ModuleState.Alone, ModuleState.Wait) => HookSequence.AloneToWait,
        (ModuleState.Prim, ModuleState.Wait) => HookSequence.PrimToWait,
        (ModuleState.Second, ModuleState.Wait) => HookSequence.SecondToWait,
        (ModuleState.Stop, ModuleState.Stop) => null,
        (_, ModuleState.Stop) => HookSequence.WaitToStop,
        _ => null,
    };
}
