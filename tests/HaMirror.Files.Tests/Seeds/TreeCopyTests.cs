using HaMirror.Core.Configuration;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using HaMirror.Io.Seeds;

namespace HaMirror.Files.Tests.Seeds;

/// <summary>A copy over what is there already: exactly the source, holes included.</summary>
public sealed class TreeCopyTests : IDisposable
{
    private const int FileBytes = 1 << 20;

    private readonly string _place = Directory.CreateTempSubdirectory("hamirror-copy-").FullName;

    private string From => Directory.CreateDirectory(_place + "/from").FullName;

    private string To => Directory.CreateDirectory(_place + "/to").FullName;

    public void Dispose() => Directory.Delete(_place, true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Copy_OverFilesWithOtherBytes_LeavesNoneOfThemInHoles(int seed)
    {
        var random = new Random(seed);
        for (var file = 0; file < 8; file++)
        {
            WriteSparse($"{From}/f{file}", random);
            if (random.Next(4) > 0)
                WriteSparse($"{To}/f{file}", random);
        }
        File.WriteAllText($"{To}/gone", "not at the source");
        Copy();
        ExpectEqual();
    }

    [Fact]
    public void Copy_OfAFileThatIsAllHole_LeavesNothingOfWhatWasThere()
    {
        using (var empty = new FileStream($"{From}/disk", FileMode.Create))
            empty.SetLength(FileBytes + 1234);
        File.WriteAllBytes($"{To}/disk", [.. Enumerable.Repeat((byte)7, 2 * FileBytes)]);
        Copy();
        ExpectEqual();
        Assert.True(File.ReadAllBytes($"{To}/disk").AsSpan().IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Copy_RepeatedAfterAChange_FollowsIt()
    {
        var random = new Random(9);
        WriteSparse($"{From}/disk", random);
        Copy();
        for (var round = 0; round < 10; round++)
        {
            File.Delete($"{From}/disk");
            WriteSparse($"{From}/disk", random);
            Copy();
            ExpectEqual();
        }
    }

    private void Copy()
    {
        ReplicatedDirectory[] directories = [new ReplicatedDirectory(To, [], [], [])];
        using var view = ReplicaView.Of(directories, [From]);
        new TreeCopy(view, directories, [To]).Run(CancellationToken.None);
    }

    private void ExpectEqual()
    {
        var (from, to) = (Open(From), Open(To));
        try
        {
            Assert.Null(ReplicaDifference.Between(from, to));
        }
        finally
        {
            _ = Shim.Close(from);
            _ = Shim.Close(to);
        }
    }

    private static int Open(string place) => Shim.Check(Shim.Open(Shim.CurrentDirectory, place, OpenFlags.ReadOnly | OpenFlags.Directory, 0), place);

    /// <summary>Data, zeros and holes at random, with an end anywhere.</summary>
    private static void WriteSparse(string path, Random random)
    {
        using var file = new FileStream(path, FileMode.Create);
        file.SetLength(random.Next(FileBytes));
        for (var run = random.Next(8); run > 0; run--)
        {
            var bytes = new byte[random.Next(1, 100_000)];
            if (random.Next(3) > 0)
                random.NextBytes(bytes);
            file.Position = random.Next(FileBytes);
            file.Write(bytes);
        }
    }
}
