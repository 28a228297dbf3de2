namespace HaMirror.Core.Machine;

/// <summary>The kinds of <see cref="MachineInput"/>: one column of <see cref="TransitionTable"/> each. A command has a column
/// of its own per kind, because a state may refuse one and obey another.</summary>
public enum MachineEvent : byte
{
    Tick,
    BeatHeard,
    LinkUp,
    LinkDown,
    PlanReceived,
    ResyncEnded,
    OfferReceived,
    OfferAccepted,
    HandoverReceived,
    SwapRequested,
    SequenceEnded,
    MountEnded,
    UnmountEnded,
    WitnessAnswered,
    GenerationNeeded,
    Drained,
    Undone,
    StorageFailed,
    TargetFailed,
    CheckerFired,
    CommandStart,
    CommandStartAsPrimary,
    CommandStartAsSecondary,
    CommandStartAsSecondaryFullSync,
    CommandStop,
    CommandForceStop,
    CommandRestart,
    CommandStopStart,
    CommandSwap,
    CommandFailoverOn,
    CommandFailoverOff,
}
