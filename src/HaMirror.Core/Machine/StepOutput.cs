using System.Collections.Immutable;

namespace HaMirror.Core.Machine;

/// <summary>What one step asks of the driver, carried out in order.</summary>
/// <param name="Refusal">A command was refused: the sentence for the operator, with what to do instead; else null.</param>
public readonly record struct StepOutput(ImmutableArray<MachineAction> Actions, string? Refusal);
