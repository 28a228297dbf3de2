using HaMirror.Core.Machine;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Tests.Preimages;

/// <summary>A journal that has become shorter than it was is refused by name, wherever it was cut.</summary>
public sealed class SealedSetTests : IDisposable
{
    private const int DiskBytes = 1 << 20;

    private readonly string _parent = Directory.CreateTempSubdirectory("hamirror-sealed-").FullName;
    private readonly JournalledTarget _target;

    public SealedSetTests()
    {
        _target = new JournalledTarget(_parent, folder =>
        {
            File.WriteAllBytes(folder + "/disk", Bytes(1, DiskBytes));
            File.WriteAllText(folder + "/gone", "the loser's alone");
        });
        _target.Apply(_target.Bind(1, "disk"));
    }

    private SalvageStore Store => new(_target.State, [_target.Folder]);

    public void Dispose()
    {
        _target.Dispose();
        Directory.Delete(_parent, recursive: true);
    }

    [Fact]
    public void Set_CutAtAnyRecord_IsRefusedByNameWithARemedy()
    {
        Replace(Preservation.Salvage);
        _target.End();
        var set = Assert.Single(Store.List());
        Assert.Equal((null, 2), (set.Fault, set.Files.Count));
        var journal = $"{_target.State}/salvage/{set.Id}/journal";
        var whole = File.ReadAllBytes(journal);
        var ends = EndsOf(whole);
        Assert.True(ends.Count > 6);
        foreach (var end in ends.SkipLast(1).Prepend(0))
        {
            File.WriteAllBytes(journal, whole[..end]);
            ExpectRefused(journal, "was cut");
        }
        File.Delete(journal);
        ExpectRefused(journal, "is gone");
        File.WriteAllBytes(journal, whole);
        Assert.Null(Assert.Single(Store.List()).Fault);
        File.Delete($"{_target.State}/salvage/{set.Id}/origin");
        ExpectRefused($"{_target.State}/salvage/{set.Id}/origin", "is gone");
        Assert.True(Store.Remove(set.Id), "what is refused can be removed");
    }

    [Fact]
    public void Set_ThatACrashLeftOpen_IsSealedWithoutItsTornTail()
    {
        Replace(Preservation.Salvage);
        // What makes files whole is flushed by nobody; then the power fails.
        _target.Journal.Soften();
        _target.Apply(_target.Write(1, 512 << 10, Bytes(5, 64 << 10)));
        _target.Finish();
        _target.Cut();
        var open = _target.State + "/undo/journal";
        var whole = File.ReadAllBytes(open);
        var torn = LastRangeOf(whole);
        whole[torn + 1000] ^= 1;
        File.WriteAllBytes(open, whole);
        _target.Place.Settle();
        var set = Assert.Single(Store.List());
        Assert.Null(set.Fault);
        _ = Store.Write(set.Id, [], path => _parent + "/" + Path.GetFileName(path) + ".out");
        var journal = $"{_target.State}/salvage/{set.Id}/journal";
        File.WriteAllBytes(journal, whole[..EndsOf(whole).Last(end => end < torn)]);
        ExpectRefused(journal, "was cut");
    }

    [Fact]
    public void Record_WhoseJournalIsGoneOrCut_DoesNotPassForAReplicaThatNothingWasReplacedOf()
    {
        Replace(Preservation.Undo);
        _target.Cut();
        Assert.NotNull(_target.Place.Offer());
        var journal = _target.State + "/undo/journal";
        var whole = File.ReadAllBytes(journal);
        var names = EndsOf(whole)[1];
        File.WriteAllBytes(journal, whole[..names]);
        Assert.Contains("was cut", Assert.Throws<IOException>(() => _target.Place.Undo([_target.Root])).Message, StringComparison.Ordinal);
        File.Delete(journal);
        var gone = Assert.Throws<IOException>(() => _target.Place.Undo([_target.Root])).Message;
        Assert.Contains(journal + " is gone", gone, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => _target.Place.Offer());
        // Nor does the next resync go on with a new one of what is half-made.
        var said = new List<string>();
        Assert.Null(_target.Place.Begin([_target.Root], JournalledTarget.Keeping(Preservation.Continued), said.Add));
        Assert.Contains(journal + " is gone", Assert.Single(said), StringComparison.Ordinal);
    }

    private void Replace(Preservation kind)
    {
        _target.Begin(kind);
        for (var index = 0; index < 4; index++)
        {
            _target.Apply(_target.Write(1, index * 100_000, Bytes(2 + index, 30_000)));
            _target.Finish();
        }
        _target.Apply(_target.Unlink("gone"));
        _target.Finish();
    }

    private void ExpectRefused(string named, string how)
    {
        var set = Assert.Single(Store.List());
        foreach (var sentence in (string[])[set.Fault ?? "", Assert.Throws<IOException>(() => Store.Write(set.Id, [], path => path + ".never")).Message])
        {
            Assert.Contains($"{named} {how}", sentence, StringComparison.Ordinal);
            Assert.Contains("Put the", sentence, StringComparison.Ordinal);
        }
        Assert.Empty(set.Files);
    }

    /// <summary>Where records end, those that fill up included.</summary>
    private static List<int> EndsOf(byte[] journal)
    {
        var ends = new List<int>();
        for (var at = 0; at < journal.Length && PreimageHeader.Read(journal.AsSpan(at)) is { } header; ends.Add(at))
            at += (int)header.RecordBytes;
        return ends;
    }

    private static int LastRangeOf(byte[] journal) =>
        EndsOf(journal).Prepend(0).Last(at => at < journal.Length && PreimageHeader.Read(journal.AsSpan(at)) is { Kind: PreimageKind.Bytes });

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
