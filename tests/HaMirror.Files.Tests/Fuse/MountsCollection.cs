namespace HaMirror.Files.Tests.Fuse;

/// <summary>Tests that mount run one after the other: they share two cores and the mount table.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MountsCollection
{
    public const string Name = "mounts";
}
