// A verification beside a guest that writes all the time: it finds what was damaged behind the mirror's back, repairs it, and
// never finds what is only under way. The long form: HAMIRROR_SOAK=1.
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Replication;
using HaMirror.Lab.Tests;
using Xunit.Abstractions;

namespace HaMirror.Files.Tests.Replication;

/// <summary>Real mounts, a real link.</summary>
[Collection(MountsCollection.Name)]
public sealed class VerifyTests(ITestOutputHelper output)
{
    private const int DiskBytes = 16 << 20;

    [Fact]
    public void Verify_EqualReplicas_FindsNothing()
    {
        using var pair = Pair();
        var status = Verify(pair, repairs: false);
        Assert.Equal((0, null, true), (status.FindingCount, status.End, status.BytesDone > 0));
        Assert.Equal(0, pair.Source.Storage.Status.MarkCount);
    }

    [Fact]
    public void Verify_DamagedData_IsFoundByRangeMarkedAndRepaired()
    {
        using var pair = Pair();
        Damage(pair.Target, "disk", 3 << 20, 100);
        Damage(pair.Target, "disk", (9 << 20) + 4000, 200);
        var found = Verify(pair, repairs: false);
        Assert.Equal(2, found.FindingCount);
        Assert.Contains(new VerifyFinding(0, "disk", 3 << 20, 4096, "has other data"), found.Findings);
        Assert.Contains(new VerifyFinding(0, "disk", 9 << 20, 8192, "has other data"), found.Findings);
        Assert.Equal((12288UL, false), (found.DifferentBytes, found.IsRepaired));
        StorageNode.Until(() => pair.Source.Storage.Status.DirtyBytes == 12288, "what was found is marked");

        var repaired = Verify(pair, repairs: true);
        Assert.Equal((2, true), (repaired.FindingCount, repaired.IsRepaired));
        StorageNode.Until(() => pair.Source.Storage.Status.MarkCount == 0, "the marks are gone");
        pair.ExpectEqual();
        Assert.Equal(0, Verify(pair, repairs: false).FindingCount);
    }

    [Fact]
    public void Verify_WhatWasFound_IsCopiedByTheNextResync()
    {
        using var pair = Pair();
        Damage(pair.Target, "disk", 5 << 20, 10);
        Assert.Equal(1, Verify(pair, repairs: false).FindingCount);
        pair.Cut();
        pair.Source.Storage.Thaw();
        pair.Pair(ResyncPlan.Leftover);
        pair.ExpectEqual();
    }

    [Fact]
    public void Verify_NamesAttributesSizesAndHoles_AreFoundAndRepaired()
    {
        using var pair = Pair();
        var target = pair.Target.Underlying;
        File.Delete($"{target}/d/one");
        Directory.Delete($"{target}/d/deep", recursive: true);
        File.WriteAllText($"{target}/stray", "nobody's");
        File.SetUnixFileMode($"{target}/mode", UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        using (var longer = new FileStream($"{target}/longer", FileMode.Open, FileAccess.Write))
            longer.SetLength(longer.Length + 5000);
        using (var shorter = new FileStream($"{target}/shorter", FileMode.Open, FileAccess.Write))
            shorter.SetLength(100);
        Damage(pair.Target, "sparse", 40 << 20, 1);
        var found = Verify(pair, repairs: false);
        foreach (var (path, what) in new[]
        {
            ("d/one", "is missing"), ("d/deep", "is missing"), ("stray", "does not exist on the primary"), ("mode", "has mode 402 instead of"),
            ("longer", "has another size"), ("shorter", "has another size"), ("shorter", "has other data"), ("sparse", "has other data"),
        })
            Assert.Contains(found.Findings, finding => finding.Path == path && finding.What.StartsWith(what, StringComparison.Ordinal));
        Assert.True(Verify(pair, repairs: true).IsRepaired);
        pair.ExpectEqual();
        Assert.Equal(0, Verify(pair, repairs: false).FindingCount);
        StorageNode.Until(() => pair.Source.Storage.Status.MarkCount == 0, "the marks are gone");
    }

    [Fact]
    public void Verify_Stopped_EndsEarlyAndKeepsTheLink()
    {
        using var pair = Pair();
        Assert.Null(StorageNode.Wait(pair.Source.Storage.VerifyAsync(false)));
        pair.Source.Storage.StopVerify("The test stops it.");
        StorageNode.Until(() => pair.Source.Storage.Verification is { Running: false }, "the verification ends");
        Assert.True(pair.Source.Storage.Verification!.End is null or "The test stops it.");
        Assert.Equal(0, Verify(pair, repairs: false).FindingCount);
        pair.ExpectEqual();
    }

    [Fact]
    public void Verify_WithoutASecondary_IsRefused()
    {
        using var pair = new StoragePair();
        Assert.Contains("up-to-date secondary", StorageNode.Wait(pair.Source.Storage.VerifyAsync(false)), StringComparison.Ordinal);
        pair.Pair(ResyncPlan.CompareAll);
        Assert.Null(StorageNode.Wait(pair.Source.Storage.VerifyAsync(false)));
        pair.Cut();
        pair.Source.Storage.Thaw();
        StorageNode.Until(() => pair.Source.Storage.Verification is { Running: false }, "the lost link ends it");
    }

    [Fact]
    public void Verify_DenseWriters_FindsNothingUntilSomethingIsDamaged()
    {
        var seed = Environment.GetEnvironmentVariable("HAMIRROR_SEED") is { } given ? int.Parse(given) : Random.Shared.Next(1_000_000);
        output.WriteLine($"HAMIRROR_SEED={seed}");
        using var pair = new StoragePair(
            encryption: seed % 3 == 0, prepareSource: folder =>
            {
                LoadedGuest.Prepare(folder, 50);
                File.WriteAllBytes(Path.Combine(folder, "calm"), Content(8 << 20));
            });
        pair.Pair(ResyncPlan.CompareAll);
        using (var guest = new LoadedGuest(pair.Source.Folder, seed))
        {
            var random = new Random(seed);
            for (var round = 0; round < Soak.Times(12, 200); round++)
            {
                var status = Verify(pair, repairs: round % 2 == 0);
                Assert.True(status is { FindingCount: 0, End: null }, $"seed {seed}, round {round}: {Describe(status)}");
                if (round % 3 != 2)
                    continue;
                var at = random.Next(8 << 20);
                Damage(pair.Target, "calm", at, 1);
                File.WriteAllText($"{pair.Target.Underlying}/stray", "nobody's");
                status = Verify(pair, repairs: true);
                Assert.True(status is { FindingCount: 2, IsRepaired: true, End: null }, $"seed {seed}, round {round}: {Describe(status)}");
                Assert.Contains(status.Findings, finding => finding is { Path: "calm", Bytes: > 0 } && finding.Offset <= (ulong)at && (ulong)at < finding.Offset + 4096);
            }
            guest.Quietly(() =>
            {
                Assert.Null(StorageNode.Wait(pair.Source.Storage.DrainAsync()));
                Assert.Null(pair.Source.DifferenceFrom(pair.Target));
                Assert.Empty(pair.Source.Failures);
                Assert.Empty(pair.Target.Failures);
                pair.Source.LetIn();
            });
            Assert.Null(guest.Failure);
        }
    }

    private static string Describe(VerifyStatus status) => $"{status}; {string.Join("; ", status.Findings)}";

    private static StoragePair Pair()
    {
        var pair = new StoragePair(prepareSource: folder =>
        {
            File.WriteAllBytes($"{folder}/disk", Content(DiskBytes));
            Directory.CreateDirectory($"{folder}/d/deep/deeper");
            File.WriteAllText($"{folder}/d/one", "one");
            File.WriteAllText($"{folder}/d/deep/deeper/two", "two");
            foreach (var name in new[] { "mode", "longer", "shorter" })
                File.WriteAllBytes($"{folder}/{name}", Content(20_000));
            using var sparse = new FileStream($"{folder}/sparse", FileMode.Create);
            sparse.SetLength(64 << 20);
            sparse.Seek(50 << 20, SeekOrigin.Begin);
            sparse.Write(Content(10_000));
        });
        pair.Pair(ResyncPlan.CompareAll);
        return pair;
    }

    private static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }

    private static void Damage(StorageNode node, string name, long at, int bytes)
    {
        using var file = new FileStream($"{node.Underlying}/{name}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        var old = new byte[bytes];
        file.Seek(at, SeekOrigin.Begin);
        var read = file.Read(old);
        for (var index = 0; index < bytes; index++)
            old[index] = index < read ? (byte)~old[index] : (byte)1;
        file.Seek(at, SeekOrigin.Begin);
        file.Write(old);
    }

    private static VerifyStatus Verify(StoragePair pair, bool repairs)
    {
        Assert.Null(StorageNode.Wait(pair.Source.Storage.VerifyAsync(repairs)));
        StorageNode.Until(() => pair.Source.Storage.Verification is { Running: false }, "the verification ends");
        return pair.Source.Storage.Verification!;
    }
}
