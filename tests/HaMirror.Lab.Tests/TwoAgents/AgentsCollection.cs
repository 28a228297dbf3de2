namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>One pair at a time: each has two agents, mounts and threads, and the machine may have two cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AgentsCollection
{
    public const string Name = "two agents";
}
