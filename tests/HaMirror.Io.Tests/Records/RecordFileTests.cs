using HaMirror.Core.Generations;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Records;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Records;

public sealed class RecordFileTests : IDisposable
{
    private readonly AgentFiles _files = new(Directory.CreateTempSubdirectory("hamirror-records-").FullName);

    private string RecordPath => _files.ReplicaRecordFile("vm1");

    private string MarksPath => _files.MarksFile("vm1");

    private string LogPath => _files.IntentLogFile("vm1");

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

    private static MarkSet Marks()
    {
        var marks = new MarkSet();
        marks.Mark(new FileKey(0, 17), 4096, 1 << 20);
        marks.Mark(new FileKey(0, 17), 1UL << 40, 8192);
        marks.MarkWhole(new FileKey(1, 18));
        return marks;
    }

    public void Dispose() => Directory.Delete(_files.Root, recursive: true);

    [Fact]
    public void Record_NoFile_IsNew()
    {
        Assert.True(new ReplicaRecordStore(RecordPath).TryLoad(out var record, out _));
        Assert.Equal(ReplicaRecord.New, record);
    }

    public static TheoryData<string> Properties => [.. typeof(ReplicaRecord).GetProperties()
        .Where(property => property.GetSetMethod() is not null).Select(property => property.Name)];

    /// <summary>A property that the format forgets decides wrongly after a crash, and nothing else would show it.</summary>
    [Theory]
    [MemberData(nameof(Properties))]
    public void Record_OneSingleProperty_SurvivesTheFile(string name)
    {
        var property = typeof(ReplicaRecord).GetProperty(name)!;
        var generation = new GenerationId(new Guid(7, 7, 7, new byte[8]));
        var plain = new ReplicaRecord
        {
            Current = generation,
            Condition = name == nameof(ReplicaRecord.Detached) ? ReplicaCondition.Outdated : ReplicaCondition.UpToDate,
        };
        object value = property.PropertyType switch
        {
            var type when type == typeof(bool) => true,
            var type when type == typeof(string) => "node2",
            var type when type == typeof(GenerationId) => new GenerationId(new Guid(8, 8, 8, new byte[8])),
            var type when type == typeof(ReplicaCondition) => ReplicaCondition.Outdated,
            var type when type == typeof(System.Collections.Immutable.ImmutableArray<GenerationId>) =>
                System.Collections.Immutable.ImmutableArray.Create(new GenerationId(new Guid(9, 9, 9, new byte[8]))),
            var type => throw new NotSupportedException($"{name} has the type {type}: give this test a value of it."),
        };
        // A detached replica is outdated, or the record is refused.
        var record = plain with
        {
            PeerName = null, Condition = name == nameof(ReplicaRecord.Detached) ? ReplicaCondition.Outdated : ReplicaCondition.UpToDate,
        };
        property.SetValue(record, value);

        new ReplicaRecordStore(RecordPath).Save(record);

        Assert.True(new ReplicaRecordStore(RecordPath).TryLoad(out var loaded, out var refusal), refusal);
        foreach (var each in typeof(ReplicaRecord).GetProperties().Where(each => each.GetSetMethod() is not null))
            Assert.Equal(each.GetValue(record), each.GetValue(loaded));
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
        EveryDamage(MarksPath, () => Assert.Null(new IntentStore(MarksPath, LogPath).Save(Marks())), () =>
        {
            var refusal = new IntentStore(MarksPath, LogPath).Load(new MarkSet());
            return (refusal is null, refusal ?? "");
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
        var store = new IntentStore(MarksPath, LogPath);
        var none = new MarkSet();
        Assert.Null(store.Load(none));
        Assert.Equal(0, none.Count);
        Assert.Null(store.Save(Marks()));
        var read = new MarkSet();
        Assert.Null(store.Load(read));
        Assert.Equal(2, read.Count);
        Assert.Equal(Marks().Find(new FileKey(0, 17))!.Extents.Ranges(), read.Find(new FileKey(0, 17))!.Extents.Ranges());
        Assert.True(read.Find(new FileKey(1, 18))!.IsWhole);
        Assert.Equal(AgentFiles.FileMode, File.GetUnixFileMode(MarksPath));
        Assert.Null(store.Save(none));
        read = new MarkSet();
        Assert.Null(store.Load(read));
        Assert.Equal(0, read.Count);
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

    /// <summary>.NET's own flush says nothing of it.</summary>
    [Fact]
    public void AtomicFile_WhoseFlushIsRefused_Says()
    {
        using var refuses = File.OpenHandle("/dev/null", access: FileAccess.Write); // fsync answers EINVAL
        var failure = Assert.ThrowsAny<IOException>(() => AtomicFile.Sync(refuses, "the record"));
        Assert.Contains("the record", failure.Message, StringComparison.Ordinal);
    }
}
