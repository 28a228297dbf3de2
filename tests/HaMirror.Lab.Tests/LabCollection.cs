namespace HaMirror.Lab.Tests;

/// <summary>Brings the lab up once for all tests, and down after the last.</summary>
public sealed class LabFixture : LabPair, IDisposable
{
    public LabFixture()
    {
        // What an interrupted run left behind may still be alive.
        Lab("down").Success();
        Lab("up", "--bare").Success();
    }

    public void Dispose() => Lab("down").Success();
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab";
}
