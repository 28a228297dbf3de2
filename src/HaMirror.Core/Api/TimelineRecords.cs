using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/modules/{m}/timeline</c>, and of <c>/v1/timeline</c> for each module: what became of it on both nodes, oldest
/// first.</summary>
/// <param name="Missing">Nodes that did not answer: their entries are not here.</param>
public sealed record ModuleTimeline(string Module, ImmutableArray<TimelineEntry> Entries, ImmutableArray<string> Missing);

/// <param name="Time">By the clock of its node.</param>
/// <param name="Kind"><c>state</c>, <c>action</c> (somebody asked for something), <c>decision</c> or <c>agent</c> (it was started).</param>
/// <param name="State">After it; null where it is not of the kind <c>state</c>.</param>
public sealed record TimelineEntry(DateTimeOffset Time, string Node, string Kind, string? State, string? Phase, string Text)
{
    /// <summary>What led to a change of state, as the module's log says it; null: nothing was said before it.</summary>
    public string? Cause { get; init; }
}

/// <summary>The decision that a module took last at a connection or a failure, and what it rested on.</summary>
/// <param name="Evidence">Sentences, newest last.</param>
/// <param name="Own">This node's side when it was taken.</param>
/// <param name="Peer">The other side as its last heartbeat told; null: none was heard.</param>
/// <param name="PeerHeard">Heartbeats came at that time.</param>
public sealed record DecisionStatus(
    DateTimeOffset Time, string Sentence, ImmutableArray<string> Evidence, ReplicaEvidence Own, ReplicaEvidence? Peer, bool PeerHeard,
    double? PeerSilentSeconds, bool HasWitness, bool? WitnessAnswered);
