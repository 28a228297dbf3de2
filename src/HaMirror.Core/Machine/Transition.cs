using System.Collections.Immutable;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>One row of <see cref="TransitionTable"/>.</summary>
public sealed class Transition
{
    internal Transition(
        ImmutableArray<ModuleState> from, MachineEvent on, string outcome, Action<MachineContext, MachineInput> handler)
    {
        From = from;
        On = on;
        Outcome = outcome;
        Handler = handler;
    }

    public ImmutableArray<ModuleState> From { get; }

    public MachineEvent On { get; }

    /// <summary>What happens, as the documentation and the console print it.</summary>
    public string Outcome { get; }

    internal Action<MachineContext, MachineInput> Handler { get; }
}
