using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/cluster/witness</c>: whom a node asks that hears its peer no more.</summary>
/// <param name="Witnesses">The cluster's, by address; empty: none.</param>
/// <param name="Modules">Each module of this node that has an active configuration.</param>
public sealed record WitnessStatus(ImmutableArray<string> Witnesses, ImmutableArray<ModuleWitness> Modules);

/// <param name="Witnesses">Whom it asks; empty: nobody, so that both nodes go on alone when they cannot see each other.</param>
/// <param name="OwnSetting">It has a splitbrain checker of its own, which counts instead of the cluster's witnesses.</param>
public sealed record ModuleWitness(string Module, ImmutableArray<string> Witnesses, bool OwnSetting);

/// <summary>Answer of <c>POST /v1/cluster/witness/test</c>.</summary>
/// <param name="Reachable">At least one answers this node.</param>
/// <param name="Text">What that means for this node, as a sentence.</param>
public sealed record WitnessTest(string Node, bool Reachable, string Text, ImmutableArray<WitnessAnswer> Witnesses);

/// <param name="Milliseconds">Until the answer was there; null: none came in time.</param>
public sealed record WitnessAnswer(string Address, bool Answers, double? Milliseconds, string Text);
