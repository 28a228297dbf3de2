using HaMirror.Core.Machine;

namespace HaMirror.Core.Configuration;

/// <summary>A rule of the failover section in its simple form: one resource of this node, one state, one action.</summary>
/// <param name="State"><c>init</c>, <c>up</c> or <c>down</c>.</param>
public sealed record FailoverRule(string Label, string Resource, string State, AutomaticAction Action);
