using System.Collections.Immutable;
using HaMirror.Core.Generations;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Preimages;

public sealed unsafe class PreimageReaderTests : IDisposable
{
    private static readonly EntryAttributes File1 = new(0x81A4, 1, 2, 10_000, 5, 6_000_000_000, 0, 0, []);

    private readonly string _directory = Directory.CreateTempSubdirectory("hamirror-journal-").FullName;

    private string Journal => Path.Combine(_directory, PreimageReader.FileName);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Journal_Whole_TellsWhatWasKept()
    {
        var ends = Make(harden: true);
        var read = PreimageReader.Read(_directory, withRanges: true);
        Assert.Equal((ends[^1], (ulong)ends.Count), (read.Bytes, read.LastNumber));
        Assert.True(read.Catalog.HasAllNames);
        Assert.Equal(["", "d"], read.Catalog.Directories.Select(part => part.Path));
        Assert.Equal(6_000_000_000, read.Catalog.NewestChange);
        Assert.Equal(8192UL, read.Catalog.SavedBytes);
        var file = read.Catalog.Files[new FileKey(0, 7)];
        Assert.Equal((true, 10_000UL), (file.IsGone, file.Size));
        Assert.Equal(["a", "b"], file.Paths);
        Assert.Equal([PreimageKind.Bytes, PreimageKind.Hole, PreimageKind.Bytes], file.Ranges.Select(range => range.Kind));
        Assert.Null(read.Catalog.Find(new FileKey(0, 7)));
    }

    [Fact]
    public void Journal_CutAnywhereBehindWhatWasHardened_KeepsWhatIsWhole()
    {
        var ends = Make(harden: false);
        var whole = File.ReadAllBytes(Journal);
        for (var bytes = 0; bytes <= whole.Length; bytes += bytes < 700 ? 1 : 97)
        {
            File.WriteAllBytes(Journal, whole[..bytes]);
            var read = PreimageReader.Read(_directory, withRanges: false);
            Assert.Equal(ends.LastOrDefault(end => end <= bytes), read.Bytes);
            Assert.Equal((ulong)ends.Count(end => end <= bytes), read.LastNumber);
        }
    }

    [Fact]
    public void Journal_AnyBitFlippedInWhatWasHardened_IsRefusedByName()
    {
        var ends = Make(harden: true);
        var whole = File.ReadAllBytes(Journal);
        var random = new Random(3);
        for (var count = 0; count < 300; count++)
        {
            // Of the last record nothing says that it was on stable storage.
            var at = random.NextInt64(ends[^2]);
            var flipped = whole.ToArray();
            flipped[at] ^= (byte)(1 << random.Next(8));
            if (IsPadding(whole, at))
                continue;
            File.WriteAllBytes(Journal, flipped);
            var refusal = Assert.Throws<IOException>(() => PreimageReader.Read(_directory, withRanges: false));
            Assert.Contains(Journal, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("damaged", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Journal_TornInItsLastBatchWithLaterPagesThere_IsCutAtTheTear()
    {
        var ends = Make(harden: false);
        var whole = File.ReadAllBytes(Journal);
        // A page of the middle never reached the disk, later ones did: no sync had returned.
        whole.AsSpan((int)ends[2], 64).Clear();
        File.WriteAllBytes(Journal, whole);
        var read = PreimageReader.Read(_directory, withRanges: false);
        Assert.Equal((ends[2], 3UL), (read.Bytes, read.LastNumber));
    }

    [Fact]
    public void Journal_GoneOnWith_IsOneJournal()
    {
        var ends = Make(harden: true);
        using (var torn = new FileStream(Journal, FileMode.Append))
            torn.Write(new byte[1000]);
        var read = PreimageReader.Read(_directory, withRanges: false);
        using (var journal = new JournalFile(_directory, read.Bytes, read.LastNumber))
        {
            journal.Append(PreimageKind.Hole, FrameFlags.None, 0, 8, 0, 4096, 0);
            journal.Harden();
            Assert.Equal(journal.Bytes, journal.Hardened);
        }
        var again = PreimageReader.Read(_directory, withRanges: false);
        // The record, and what fills its batch up.
        Assert.Equal((ends[^1] + 4096, (ulong)ends.Count + 2), (again.Bytes, again.LastNumber));
        Assert.True(again.Catalog.Files[new FileKey(0, 8)].IsChanged);
    }

    [Fact]
    public void Journal_GoneOnWithBehindATornTail_IsOneJournal()
    {
        var ends = Make(harden: false);
        File.WriteAllBytes(Journal, File.ReadAllBytes(Journal)[..((int)ends[4] + 100)]);
        var read = PreimageReader.Read(_directory, withRanges: false);
        Assert.Equal(ends[4], read.Bytes);
        using (var journal = new JournalFile(_directory, read.Bytes, read.LastNumber))
        {
            Assert.Equal(0, journal.Bytes % 4096);
            journal.Append(PreimageKind.Hole, FrameFlags.None, 0, 8, 0, 4096, 0);
            journal.Harden();
        }
        Assert.True(PreimageReader.Read(_directory, withRanges: false).Catalog.Files[new FileKey(0, 8)].IsChanged);
    }

    [Fact]
    public void Origin_SavedAndLoaded_IsTheSameAndRefusedWhenDamaged()
    {
        var origin = new PreimageOrigin(
            true, DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123), "n1", "n2",
            new ReplicaRecord { Current = Id(1), Base = Id(2), Condition = ReplicaCondition.Outdated, PeerName = "n2" }, Id(3));
        Assert.Null(PreimageOrigin.Load(_directory));
        origin.Save(_directory);
        Assert.Equal(origin, PreimageOrigin.Load(_directory)! with { Before = origin.Before });
        Assert.Equal(origin.Before.Current, PreimageOrigin.Load(_directory)!.Before.Current);
        var path = Path.Combine(_directory, PreimageOrigin.FileName);
        var bytes = File.ReadAllBytes(path);
        bytes[40] ^= 4;
        File.WriteAllBytes(path, bytes);
        Assert.Contains(path, Assert.Throws<IOException>(() => PreimageOrigin.Load(_directory)).Message, StringComparison.Ordinal);
    }

    private static GenerationId Id(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    /// <summary>Bytes between a record's payload and the next record mean nothing.</summary>
    private static bool IsPadding(byte[] journal, long at)
    {
        for (long record = 0; record < journal.Length;)
        {
            var header = PreimageHeader.Read(journal.AsSpan((int)record))!.Value;
            if (at < record + header.RecordBytes)
                return at >= record + PreimageHeader.Size + header.PayloadBytes;
            record += header.RecordBytes;
        }
        return false;
    }

    /// <param name="harden">After each record; else once behind all of them.</param>
    /// <returns>Where each record ends, those that fill a batch up included.</returns>
    private List<long> Make(bool harden)
    {
        var ends = new List<long>();
        using var journal = new JournalFile(_directory, 0, 0);
        void Add(PreimageKind kind, ulong inode, ulong offset, ulong length, byte[] payload, FrameFlags flags = FrameFlags.None)
        {
            payload.CopyTo(new Span<byte>(journal.Reserve(), payload.Length));
            journal.Append(kind, flags, 0, inode, offset, length, payload.Length);
            if (harden)
                journal.Harden();
        }

        ImmutableArray<DirectoryEntry> top =
            [new("a", 7, "", File1), new("b", 7, "", File1), new("d", 0, "", File1 with { Mode = 0x41ED, Size = 0 })];
        foreach (var (flags, payload) in DirectoryPart.Split(0, "", File1 with { Mode = 0x41ED }, top, out _)!)
            Add(PreimageKind.Directory, 0, 0, 0, payload, flags);
        foreach (var (flags, payload) in DirectoryPart.Split(0, "d", File1 with { Mode = 0x41ED }, [new("c", 8, "", File1)], out _)!)
            Add(PreimageKind.Directory, 0, 0, 0, payload, flags);
        Add(PreimageKind.NamesEnd, 0, 0, 0, []);
        var random = new Random(1);
        var bytes = new byte[4096];
        random.NextBytes(bytes);
        Add(PreimageKind.Bytes, 7, 0, 4096, bytes);
        Add(PreimageKind.Hole, 7, 4096, 4096, []);
        random.NextBytes(bytes);
        Add(PreimageKind.Bytes, 7, 8192, 4096, bytes);
        Add(PreimageKind.Gone, 7, 0, 0, []);
        journal.Harden();
        var written = File.ReadAllBytes(Journal);
        for (long end = 0; end < written.Length; ends.Add(end))
            end += PreimageHeader.Read(written.AsSpan((int)end))!.Value.RecordBytes;
        Assert.Equal(journal.Bytes, written.Length);
        return ends;
    }
}
