using System.Collections.Immutable;

namespace HaMirror.Core.Hooks;

/// <summary>Which hooks a transition runs, in which order, with which arguments.</summary>
/// <remarks>
/// The order is SafeKit's script automaton (reference, section 3.1), so that modules written for it run unchanged.
/// Invariants: a vital start hook never follows a hook that could start it twice; every sequence that ends service calls
/// <c>stop_prim</c> in a pass that ends with force; <c>transition</c>, <c>*_sec</c> and <c>*_second</c> never fail a
/// sequence, because a failover must not hang on a notification.
/// </remarks>
public static class HookTable
{
    private static readonly HookCall Transition = new("transition", HookPass.Plain, Vital: false);
    private static readonly HookCall Prestart = new("prestart", HookPass.Plain, Vital: true);
    private static readonly HookCall Poststop = new("poststop", HookPass.Plain, Vital: false);
    private static readonly HookCall StartBoth = new("start_both", HookPass.Plain, Vital: true);
    private static readonly HookCall StartPrim = new("start_prim", HookPass.Plain, Vital: true);
    private static readonly HookCall StartSecond = new("start_second", HookPass.Plain, Vital: false);
    private static readonly HookCall StartSec = new("start_sec", HookPass.Plain, Vital: false);
    private static readonly HookCall StopBoth = new("stop_both", HookPass.PlainThenForced, Vital: true);
    private static readonly HookCall StopPrim = new("stop_prim", HookPass.PlainThenForced, Vital: true);
    private static readonly HookCall StopSecond = new("stop_second", HookPass.PlainThenForced, Vital: false);
    private static readonly HookCall StopSec = new("stop_sec", HookPass.PlainThenForced, Vital: false);

    /// <summary>Every hook that a module may have, for <c>module check</c> and shell completion.</summary>
    public static readonly ImmutableArray<string> Names =
    [
        "prestart", "start_both", "start_prim", "start_second", "start_sec",
        "stop_both", "stop_prim", "stop_second", "stop_sec", "transition", "poststop",
    ];

    /// <summary>The calls of a sequence in their order; the first vital failure of a start hook ends the sequence, a failed
    /// stop hook does not keep the following ones from running.</summary>
    public static ImmutableArray<HookCall> Calls(HookSequence sequence) => sequence switch
    {
        HookSequence.StopToWait => [Transition, Prestart],
        HookSequence.WaitToAlone => [Transition, StartBoth, StartPrim, StartSec],
        HookSequence.WaitToPrim => [Transition, StartBoth, StartPrim],
        HookSequence.WaitToSecond => [Transition, StartBoth, StartSecond, StartSec],
        HookSequence.AloneToPrim => [StopSec, Transition],
        HookSequence.PrimToAlone => [Transition, StartSec],
        HookSequence.SecondToAlone => [StopSecond, Transition, StartPrim],
        HookSequence.AloneToSecond => [StopPrim, Transition, StartSecond],
        HookSequence.SwapPrimToSecond => [StopPrim, Transition, StartSecond, StartSec],
        HookSequence.SwapSecondToPrim => [StopSec, StopSecond, Transition, StartPrim],
        HookSequence.RestartInPlace => [StopPrim, StopBoth, StartBoth, StartPrim],
        HookSequence.AloneToWait => [StopSec, StopPrim, StopBoth, Transition],
        HookSequence.PrimToWait => [StopPrim, StopBoth, Transition],
        HookSequence.SecondToWait => [StopSec, StopSecond, StopBoth, Transition],
        HookSequence.WaitToStop =>
            [Forced(StopSec), Forced(StopPrim), Forced(StopSecond), Forced(StopBoth), Poststop, Transition],
        HookSequence.ForcedEnd => [Forced(StopPrim), Forced(StopBoth), Transition],
        _ => throw new ArgumentOutOfRangeException(nameof(sequence), sequence, "No such sequence of hooks."),
    };

    /// <summary>What every hook of the sequence gets as its arguments.</summary>
    public static HookArguments Arguments(HookSequence sequence) => sequence switch
    {
        HookSequence.StopToWait => new("STOP", "WAIT", "start"),
        HookSequence.WaitToAlone => new("WAIT", "ALONE", "start"),
        HookSequence.WaitToPrim => new("WAIT", "PRIM", "start"),
        HookSequence.WaitToSecond => new("WAIT", "SECOND", "start"),
        HookSequence.AloneToPrim => new("ALONE", "PRIM", "start"),
        HookSequence.PrimToAlone => new("PRIM", "ALONE", "start"),
        HookSequence.SecondToAlone => new("SECOND", "ALONE", "start"),
        HookSequence.AloneToSecond => new("ALONE", "SECOND", "stopstart"),
        HookSequence.SwapPrimToSecond => new("PRIM", "SECOND", "stopstart"),
        HookSequence.SwapSecondToPrim => new("SECOND", "PRIM", "start"),
        HookSequence.RestartInPlace => new("PRIM", "PRIM", "stopstart"),
        HookSequence.AloneToWait => new("ALONE", "WAIT", "stopwait"),
        HookSequence.PrimToWait => new("PRIM", "WAIT", "stopwait"),
        HookSequence.SecondToWait => new("SECOND", "WAIT", "stopwait"),
        HookSequence.WaitToStop => new("WAIT", "STOP", "stop"),
        HookSequence.ForcedEnd => new("PRIM", "WAIT", "stopwait"),
        _ => throw new ArgumentOutOfRangeException(nameof(sequence), sequence, "No such sequence of hooks."),
    };

    private static HookCall Forced(HookCall call) => call with { Pass = HookPass.Forced };
}
