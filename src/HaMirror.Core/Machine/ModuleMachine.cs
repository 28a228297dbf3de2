using HaMirror.Core.Generations;

namespace HaMirror.Core.Machine;

/// <summary>One module's decisions on one node: an input and the time go in, actions come out (design, section 4).</summary>
public sealed class ModuleMachine
{
    /// <param name="record">As loaded from disk; <see cref="ReplicaRecord.New"/> when there is none.</param>
    /// <param name="boot">Random number of this process, not zero.</param>
    /// <param name="nextGeneration">Gives a new random generation at each call.</param>
    public ModuleMachine(ModuleRules rules, ReplicaRecord record, ulong boot, Func<GenerationId> nextGeneration)
    {
        View = new(States.ModuleState.Stop, States.Phase.NotReady, null, record,
            new(rules.NodeName, States.ModuleState.Stop, States.Phase.NotReady, record, false, true, rules.FailoverOn,
                GenerationId.None, GenerationId.None, boot, false, 1, 0, 0),
            null, false, null, [], []);
        _ = nextGeneration;
    }

    public MachineView View { get; private set; }

    /// <param name="now">A clock that only goes forward; its zero does not matter.</param>
    public StepOutput Step(MachineInput input, TimeSpan now) => new([], null);
}
