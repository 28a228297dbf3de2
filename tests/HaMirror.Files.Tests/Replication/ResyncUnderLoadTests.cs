// A guest writes densely on the very blocks that a resync copies, names come and go, and the link is cut again and again;
// whenever a resync has ended, both replicas are the same to the byte. The long form: HAMIRROR_SOAK=1.
using HaMirror.Files.Tests.Fuse;
using HaMirror.Lab.Tests;
using Xunit.Abstractions;

namespace HaMirror.Files.Tests.Replication;

/// <summary>Real mounts, a real link, a resync under load.</summary>
[Collection(MountsCollection.Name)]
public sealed class ResyncUnderLoadTests(ITestOutputHelper output)
{
    private static readonly int Rounds = Soak.Times(8, 60);

    [Fact]
    public void Resync_DenseWritersAndCutLinks_EachResyncEndsWithEqualReplicas()
    {
        var seed = Environment.GetEnvironmentVariable("HAMIRROR_SEED") is { } given ? int.Parse(given) : Random.Shared.Next(1_000_000);
        output.WriteLine($"HAMIRROR_SEED={seed}");
        using var load = new LoadedPair(seed, output.WriteLine);
        for (var round = 0; round < Rounds; round++)
            load.Round(round);
    }
}
