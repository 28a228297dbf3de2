namespace HaMirror.Core.Hooks;

/// <summary>The transitions that run hooks, each an ordered list in <see cref="HookTable"/> (SafeKit's script automaton,
/// reference section 3.1).</summary>
public enum HookSequence : byte
{
    StopToWait,
    WaitToAlone,
    WaitToPrim,
    WaitToSecond,
    AloneToPrim,
    PrimToAlone,
    SecondToAlone,
    AloneToSecond,
    SwapPrimToSecond,
    SwapSecondToPrim,
    RestartInPlace,
    AloneToWait,
    PrimToWait,
    SecondToWait,
    WaitToStop,

    /// <summary>Only the forced stop hooks: the guest must be gone now (arbitration lost, two primaries).</summary>
    ForcedEnd,
}
