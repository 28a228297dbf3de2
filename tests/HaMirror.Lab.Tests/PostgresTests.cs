using Xunit.Abstractions;

namespace HaMirror.Lab.Tests;

/// <summary>A database on a replicated directory whose host loses power again and again under load.</summary>
[Collection(LabCollection.Name)]
public sealed class PostgresTests(LabFixture lab, ITestOutputHelper output)
{
    /// <summary>The longest that the load runs undisturbed before a cut.</summary>
    private const int CalmMillisecondsMax = 4000;

    [Fact]
    public void PowerCuts_OfThePrimaryUnderLoad_LoseNoAcknowledgedTransaction()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var database = new PostgresModule(lab, "pg");
        database.Make();
        database.StartBoth();
        database.BeginLoad();
        string primary = LabPair.N1;
        for (int kill = 0; kill < Soak.Times(plain: 2, full: 10); kill++)
        {
            database.GoesOn();
            // A random moment is the test itself, not a wait for something.
            using (var calm = new ManualResetEventSlim(false))
            {
                calm.Wait(random.Next(CalmMillisecondsMax));
            }

            bool lose = kill % 2 == 0;
            lab.Cut(primary, lose);
            string survivor = LabPair.Peer(primary);
            database.Is(survivor, "ALONE");
            database.GoesOn();
            lab.Return(primary);
            database.Is(primary, "SECOND");
            database.Is(survivor, "PRIM");
            output.WriteLine($"cut {kill + 1} of {primary}, unflushed {(lose ? "lost" : "kept")}: {database.Promised().Count} transactions promised");
            primary = survivor;
        }

        database.EndLoad();
        database.IsWholeOn(primary);
        database.ReplicasAreEqual();
    }
}
