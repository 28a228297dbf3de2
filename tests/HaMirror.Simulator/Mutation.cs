using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>A product that does one thing wrong: what lies around the machine is bent, never the machine. The checks of the
/// simulator are worth what they find of these.</summary>
public sealed record Mutation(string Name)
{
    public static readonly Mutation None = new("none");

    /// <summary>Every one of them must be found.</summary>
    public static readonly IReadOnlyList<Mutation> All =
    [
        new("a write is acknowledged before the peer has it") { AwaitsPeer = false },
        new("the loss of a committed link does not freeze") { Freezes = false },
        new("what was in flight when the link ended is not marked") { MarksLosses = false },
        new("a thaw leaves the generation open") { ClosesGenerations = false },
        new("service that ended lets writes end well") { EndsWrites = false },
        new("the record is not written before an offer")
        {
            Actions = actions => actions.Any(action => action is MachineAction.Offer) ? actions.Where(action => action is not MachineAction.Persist) : actions,
        },
        new("every replica claims at its start that it went on alone")
        {
            Load = record => record with { Sole = record.Condition == ReplicaCondition.UpToDate },
        },
        new("a crash is forgotten")
        {
            Load = record => record with { Serving = false, MarksUnsaved = false, CompareAll = false },
        },
        new("the witness always answers")
        {
            Input = input => input is MachineInput.WitnessAnswered answer ? answer with { Reachable = true } : input,
        },
        new("a claim of the peer's is not heard")
        {
            Input = input => input is MachineInput.BeatHeard { Beat: var beat }
                ? new MachineInput.BeatHeard(beat with { Claims = false, Echo = ulong.MaxValue / 2, Record = beat.Record with { Sole = false } })
                : input,
        },
        new("the plan to compare everything is carried out as the dirty extents only")
        {
            Actions = actions => actions.Select(action => action is MachineAction.BeginSource { Plan: ResyncPlan.CompareAll } begin ? begin with { Plan = ResyncPlan.Dirty }
                : action is MachineAction.BeginTarget { Plan: ResyncPlan.CompareAll } target ? target with { Plan = ResyncPlan.Dirty } : action),
            Input = input => input is MachineInput.PlanReceived { Plan: ResyncPlan.Dirty } plan ? plan with { Plan = ResyncPlan.CompareAll } : input,
        },
    ];

    /// <summary>What a process reads from its disk.</summary>
    public Func<ReplicaRecord, ReplicaRecord> Load { get; init; } = record => record;

    /// <summary>What the driver carries out.</summary>
    public Func<IEnumerable<MachineAction>, IEnumerable<MachineAction>> Actions { get; init; } = actions => actions;

    /// <summary>What the machine is told; null: nothing.</summary>
    public Func<MachineInput, MachineInput?> Input { get; init; } = input => input;

    public bool AwaitsPeer { get; init; } = true;

    public bool Freezes { get; init; } = true;

    public bool MarksLosses { get; init; } = true;

    public bool ClosesGenerations { get; init; } = true;

    public bool EndsWrites { get; init; } = true;

    public override string ToString() => Name;
}
