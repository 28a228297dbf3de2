using HaMirror.Core.States;

namespace HaMirror.Core.Generations;

/// <summary>One of the two sides that <see cref="ConnectionTable"/> compares.</summary>
/// <param name="State">Its state as it said itself.</param>
/// <param name="FullSync">It was started with <c>--as-secondary --full-sync</c>: its operator gave its content up.</param>
/// <param name="Preferred">Wins where nothing else decides. True on exactly one side, and the same one seen from both.</param>
public sealed record ConnectionSide(
    string NodeName, ReplicaRecord Record, ModuleState State, bool FullSync, bool Preferred)
{
    /// <summary>Its configuration leaves a divergence to an operator; either side's is enough.</summary>
    public bool ManualDivergence { get; init; }

    public bool Serves => State is ModuleState.Alone or ModuleState.Prim;

    /// <summary>It served and neither ended in order nor made up for it since.</summary>
    public bool Crashed => Record.Serving && !Serves;
}
