using System.Collections.Immutable;
using HaMirror.Core.Extents;
using HaMirror.Core.Generations;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Records;

namespace HaMirror.Io.Tests.Records;

public sealed class RecordFileTests : IDisposable
{
    private readonly AgentFiles _files = new(Directory.CreateTempSubdirectory("hamirror-records-").FullName);

    private string RecordPath => _files.ReplicaRecordFile("vm1");

    private string MarksPath => _files.MarksFile("vm1");

    private static ReplicaRecord Record(int seed) => new()
    {
        Current = new GenerationId(new Guid(seed, 1, 2, new byte[8])),
        Base = new GenerationId(new Guid(seed, 3, 4, new byte[8])),
        History = [.. Enumerable.Range(1, 32).Select(index => new GenerationId(new Guid(index, 9, 9, new byte[8])))],
        Condition = ReplicaCondition.UpToDate,
        Serving = true,
        Sole = true,
        PeerName = "node2",
    };

    private static ImmutableArray<FileMarks> Marks()
    {
        var extents = new ExtentSet();
        extents.Add(4096, 1 << 20);
        extents.Add(1UL << 40, 8192);
        return [new FileMarks(0, 17, "disk.qcow2", false, extents), new FileMarks(1, 18, "dir", true, new ExtentSet())];
    }

    public void Dispose() => Directory.Delete(_files.Root, recursive: true);

    [Fact]
    public void Record_NoFile_IsNew()
    {
        Assert.True(new ReplicaRecordStore(RecordPath).TryLoad(out var record, out _));
        Assert.Equal(ReplicaRecord.New, record);
    }

    [Fact]
    public void Record_SavedAgainAndAgain_LastOneIsRead()
    {
        var store = new ReplicaRecordStore(RecordPath);
        for (var seed = 1; seed < 20; seed++)
        {
            store.Save(Record(seed));
            Assert.True(new ReplicaRecordStore(RecordPath).TryLoad(out var record, out var refusal), refusal);
            Assert.Equal(Record(seed) with { History = [] }, record with { History = [] });
            Assert.Equal(Record(seed).History.AsEnumerable(), record.History.AsEnumerable());
        }
        Assert.Equal(AgentFiles.FileMode, File.GetUnixFileMode(RecordPath));
        Assert.Equal(AgentFiles.DirectoryMode, File.GetUnixFileMode(_files.ModuleStateDirectory("vm1")));
        Assert.Equal(["record"], Directory.GetFiles(_files.ModuleStateDirectory("vm1")).Select(Path.GetFileName));
    }

    [Fact]
    public void Record_InvariantBroken_IsNeverSaved() =>
        Assert.Throws<InvalidOperationException>(() =>
            new ReplicaRecordStore(RecordPath).Save(Record(1) with { Condition = ReplicaCondition.Outdated }));

    [Fact]
    public void Record_DirectoryCannotBeMade_SaysWhichFile()
    {
        File.WriteAllText(Path.Combine(_files.Root, "file"), "");
        var path = Path.Combine(_files.Root, "file/vm1/record");
        Assert.Contains(path, Assert.Throws<IOException>(() => new ReplicaRecordStore(path).Save(Record(1))).Message);
    }

    [Fact]
    public void Record_LeftoverOfATornReplacement_IsIgnored()
    {
        var store = new ReplicaRecordStore(RecordPath);
        store.Save(Record(1));
        File.WriteAllText(RecordPath + ".new", "half");
        Assert.True(store.TryLoad(out var record, out _));
        Assert.Equal(Record(1).Current, record.Current);
        store.Save(Record(2));
        Assert.False(File.Exists(RecordPath + ".new"));
    }

    [Fact]
    public void Record_EveryByteDamaged_IsRefusedByName() =>
        EveryDamage(RecordPath, () => new ReplicaRecordStore(RecordPath).Save(Record(1)), () =>
        {
            var loaded = new ReplicaRecordStore(RecordPath).TryLoad(out var record, out var refusal);
            Assert.True(loaded || record == ReplicaRecord.New);
            return (loaded, refusal);
        });

    [Fact]
    public void Marks_EveryByteDamaged_IsRefusedByName() =>
        EveryDamage(MarksPath, () => new MarkFile(MarksPath).Save(Marks()), () =>
        {
            var loaded = new MarkFile(MarksPath).TryLoad(out var marks, out var refusal);
            Assert.True(loaded || marks.IsEmpty);
            return (loaded, refusal);
        });

    [Fact]
    public void Record_LaterVersion_IsNamedAsSuch()
    {
        new ReplicaRecordStore(RecordPath).Save(Record(1));
        var bytes = File.ReadAllBytes(RecordPath);
        bytes[4] = 2;
        BitConverter.TryWriteBytes(bytes.AsSpan(20), Crc32C.Compute(bytes.AsSpan(0, 20)));
        File.WriteAllBytes(RecordPath, bytes);
        Assert.False(new ReplicaRecordStore(RecordPath).TryLoad(out _, out var refusal));
        Assert.Contains("version 2", refusal);
    }

    [Fact]
    public void Marks_SavedAndRead_AreEqual()
    {
        var file = new MarkFile(MarksPath);
        Assert.True(file.TryLoad(out var none, out _));
        Assert.Empty(none);
        file.Save(Marks());
        Assert.True(file.TryLoad(out var marks, out var refusal), refusal);
        // A file whose extents lie far apart has several entries; the union counts.
        var union = marks.GroupBy(mark => (mark.Root, mark.Inode, mark.Path, mark.Whole))
            .Select(group => (group.Key, Ranges: group.SelectMany(mark => mark.Extents.Ranges()).ToList())).ToList();
        Assert.Equal(Marks().Select(mark => (mark.Root, mark.Inode, mark.Path, mark.Whole)), union.Select(mark => mark.Key));
        Assert.Equal(Marks()[0].Extents.Ranges(), union[0].Ranges);
        Assert.Equal(AgentFiles.FileMode, File.GetUnixFileMode(MarksPath));
        file.Save([]);
        Assert.True(file.TryLoad(out marks, out _));
        Assert.Empty(marks);
    }

    private static void EveryDamage(string path, Action save, Func<(bool Loaded, string Refusal)> load)
    {
        save();
        var whole = File.ReadAllBytes(path);
        Assert.True(load().Loaded);
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= 0x10;
            Refused(flipped);
            Refused(whole[..at]);
        }
        Refused([.. whole, 0]);

        void Refused(byte[] bytes)
        {
            File.WriteAllBytes(path, bytes);
            var (loaded, refusal) = load();
            Assert.False(loaded);
            Assert.Contains(path, refusal);
        }
    }
}
