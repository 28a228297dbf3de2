using HaMirror.Core.Machine;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Preimages;

/// <summary>Large ranges that are freed or cut off while it is kept what they held.</summary>
public sealed class OwedZerosTests : IDisposable
{
    private const int ExtentBytes = 4096;
    private const int DiskBytes = 64 << 20;

    private readonly string _parent = Directory.CreateTempSubdirectory("hamirror-owed-").FullName;
    private readonly FlushGate _gate = new();
    private readonly byte[] _before = Bytes(1, DiskBytes);
    private readonly JournalledTarget _target;

    public OwedZerosTests()
    {
        _target = new JournalledTarget(_parent, folder =>
        {
            File.WriteAllBytes(folder + "/disk", _before);
            File.WriteAllBytes(folder + "/other", _before[..(1 << 20)]);
        }, _gate.Flush);
        _target.Apply(_target.Bind(1, "disk"), _target.Bind(2, "other"));
    }

    private byte[] Disk => File.ReadAllBytes(_target.At("disk"));

    public void Dispose()
    {
        _gate.Open();
        _target.Dispose();
        _gate.Dispose();
        Directory.Delete(_parent, recursive: true);
    }

    public enum Freeing
    {
        Punched,
        Zeroed,
        Cut,
    }

    [Theory]
    [InlineData(Freeing.Punched)]
    [InlineData(Freeing.Zeroed)]
    [InlineData(Freeing.Cut)]
    public async Task Range_ThatIsLarge_HoldsUpNoOtherWriteWhileItIsSaved(Freeing freeing)
    {
        _target.Begin();
        // Of this all is kept: writes of it wait for nothing.
        _target.Apply(_target.Write(2, 0, Bytes(2, 1 << 20)));
        _target.Finish();
        var answered = _target.Answered;
        _gate.Shut();
        var until = freeing == Freeing.Cut ? DiskBytes : DiskBytes - (3 * ExtentBytes);
        var live = Bytes(3, 64 << 10);
        var lived = Task.Run(() =>
        {
            _target.Apply(freeing switch
            {
                Freeing.Punched => _target.Punch(1, ExtentBytes, until - ExtentBytes),
                Freeing.Zeroed => _target.Zero(1, ExtentBytes, until - ExtentBytes),
                _ => _target.Cut("disk", ExtentBytes),
            });
            _target.Apply(_target.Write(2, 4 * ExtentBytes, live));
            _target.Apply(_target.Barrier());
            _target.Until(() => File.ReadAllBytes(_target.At("other")).AsSpan(4 * ExtentBytes, live.Length).SequenceEqual(live), "another write is applied");
        });
        await lived.WaitAsync(2 * JournalledTarget.Patience);
        Assert.True(_before.AsSpan().SequenceEqual(Disk), "something was freed that is not on stable storage");
        Assert.Equal(answered, _target.Answered); // What is owed is not durable.

        _gate.Open();
        _target.Until(() => _target.Answered > answered, "the barrier is durable");
        var expected = _before.ToArray();
        expected.AsSpan(ExtentBytes, until - ExtentBytes).Clear();
        Assert.True((freeing == Freeing.Cut ? expected.AsSpan(0, ExtentBytes) : expected).SequenceEqual(Disk), "the range is not what was told");
        ExpectUndone();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Changes_OfAFileOfWhichMuchIsOwed_EndAsTheStreamSaid(int seed)
    {
        var random = new Random(seed);
        var expected = _before.ToList();
        _target.Begin(seed % 2 == 0 ? Preservation.Undo : Preservation.Salvage);
        for (var step = 0; step < 60; step++)
        {
            // Whether a flush is slow decides what is still owed when the next change comes.
            if (random.Next(3) == 0)
                _gate.Shut();
            using var timer = new Timer(_ => _gate.Open(), null, random.Next(20), Timeout.Infinite);
            Change(random, expected, step);
            if (random.Next(10) == 0)
                _target.Finish();
        }
        _gate.Open();
        _target.Finish();
        Assert.Equal(expected.Count, Disk.Length);
        Assert.True(expected.ToArray().AsSpan().SequenceEqual(Disk), "the file is not what the stream said");
        ExpectUndone();
    }

    [Fact]
    public void Offer_ThatComesWhileSomethingIsOwed_FindsItDone()
    {
        _target.Begin();
        _target.Apply(_target.Punch(1, 0, DiskBytes / 2), _target.Cut("disk", DiskBytes - (12 << 20)));
        _target.Stream.EndTolerance();
        var expected = _before[..(DiskBytes - (12 << 20))];
        expected.AsSpan(0, DiskBytes / 2).Clear();
        Assert.True(expected.AsSpan().SequenceEqual(Disk));
        // From here on everything is in order: a standby is what the primary was.
        _target.Apply(_target.Punch(1, DiskBytes / 2, 16 << 20));
        Assert.True(Disk.AsSpan(DiskBytes / 2, 16 << 20).IndexOfAnyExcept((byte)0) < 0);
        ExpectUndone();
    }

    [Fact]
    public void Link_ThatEndsWhileSomethingIsOwed_LeavesWhatCanBeUndone()
    {
        _target.Begin();
        _target.Apply(_target.Cut("disk", 10_000));
        _target.Until(() => _gate.Ended > 3, "some pieces are saved");
        _target.Cut();
        ExpectUndone();
    }

    [Fact]
    public void Range_ThatIsLargeAfterTheResync_WaitsForNoSetToBecomeWhole()
    {
        _target.Begin(Preservation.Salvage);
        _target.Apply(_target.Block(1, 0, Bytes(2, 1 << 20)));
        _target.Finish();
        _target.Stream.EndTolerance();
        _target.Journal.Soften();
        _target.Apply(_target.Punch(1, 0, DiskBytes));
        _target.Apply(_target.Cut("other", 0));
        Assert.True(Disk.AsSpan().IndexOfAnyExcept((byte)0) < 0);
        Assert.Empty(_target.Journal.Unfinished((_, _) => true));
        _target.End();
        // It has what the resync had replaced, and says that the rest is missing.
        var set = Assert.Single(new SalvageStore(_target.State, [_target.Folder]).List());
        Assert.Null(set.Fault);
        var disk = Assert.Single(set.Files, file => file.Path == _target.At("disk"));
        Assert.Equal((1 << 20, false), (disk.SavedBytes, disk.IsWhole));
    }

    private void Change(Random random, List<byte> expected, int step)
    {
        var offset = random.Next(expected.Count);
        switch (random.Next(8))
        {
            case 0 or 1:
                var bytes = random.Next(2) == 0 ? random.Next(expected.Count - offset) : expected.Count;
                _target.Apply(random.Next(2) == 0 ? _target.Punch(1, offset, bytes) : _target.Zero(1, offset, Math.Min(bytes, expected.Count - offset)));
                Clear(expected, offset, Math.Min(bytes, expected.Count - offset));
                break;
            case 2:
                var size = random.Next(4) == 0 ? random.Next(DiskBytes + (4 << 20)) : random.Next(expected.Count / 2, expected.Count);
                _target.Apply(_target.Cut("disk", size));
                if (size < expected.Count)
                    expected.RemoveRange(size, expected.Count - size);
                else
                    expected.AddRange(new byte[size - expected.Count]);
                break;
            default:
                var content = Bytes(1000 + step, random.Next(2) == 0 ? random.Next(1, 20_000) : ExtentBytes * random.Next(1, 200));
                var at = random.Next(2) == 0 ? offset : offset / ExtentBytes * ExtentBytes;
                _target.Apply(_target.Write(1, at, content));
                if (at + content.Length > expected.Count)
                    expected.AddRange(new byte[at + content.Length - expected.Count]);
                content.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(expected)[at..]);
                break;
        }
    }

    private static void Clear(List<byte> bytes, int offset, int count) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes).Slice(offset, count).Clear();

    private void ExpectUndone()
    {
        _target.Cut();
        Assert.Equal(JournalledTarget.Before, _target.Place.Undo([_target.Root]));
        Assert.True(_before.AsSpan().SequenceEqual(Disk), "going back leads elsewhere");
    }

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
