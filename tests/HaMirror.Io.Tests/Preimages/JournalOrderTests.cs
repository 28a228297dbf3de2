using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Preimages;

/// <summary>What a target replaces is on stable storage before it is replaced, and nothing else waits for that.</summary>
public sealed class JournalOrderTests : IDisposable
{
    private const int ExtentBytes = 4096;
    private const int DiskBytes = 8 << 20;

    private readonly string _parent = Directory.CreateTempSubdirectory("hamirror-order-").FullName;
    private readonly FlushGate _gate = new();
    private readonly byte[] _before = Bytes(1, DiskBytes);
    private readonly JournalledTarget _target;

    public JournalOrderTests()
    {
        _target = new JournalledTarget(_parent, folder => File.WriteAllBytes(folder + "/disk", _before), _gate.Flush);
        _target.Apply(_target.Bind(1, "disk"));
    }

    private byte[] Disk => File.ReadAllBytes(_target.At("disk"));

    public void Dispose()
    {
        _gate.Open();
        _target.Dispose();
        _gate.Dispose();
        Directory.Delete(_parent, recursive: true);
    }

    [Theory]
    [InlineData(ExtentBytes, 40)]
    [InlineData(1000, 40)]
    [InlineData(256 << 10, 24)]
    public void Writes_WhoseFlushHasNotReturned_AreHeldAndShareTheNext(int bytes, int count)
    {
        _target.Begin();
        var flushes = _gate.Begun;
        _gate.Shut();
        var after = _before.ToArray();
        var frames = new TargetFrame[count];
        for (var index = 0; index < count; index++)
        {
            // Live ones and a resync's by turns: the stream is one.
            var (offset, content) = (index * (DiskBytes / count / ExtentBytes * ExtentBytes), Bytes(100 + index, bytes));
            frames[index] = index % 2 == 0 ? _target.Write(1, offset, content) : _target.Block(1, offset, content);
            content.CopyTo(after, offset);
        }
        _target.Apply(frames);
        _target.Until(() => _target.Journal.SavedTicket == (ulong)count && _gate.Begun > flushes, "all is saved and the first flush has begun");
        for (var look = 0; look < 50; look++)
            _target.Stream.Settle();
        Assert.True(_before.AsSpan().SequenceEqual(Disk), "something was replaced before its preimage was on stable storage");
        Assert.Equal(frames[0].Header.Sequence - 1, _target.Stream.Applied);
        Assert.Equal(flushes + 1, _gate.Begun);

        _gate.Open();
        _target.Until(() => _target.Stream.Applied == frames[^1].Header.Sequence, "all is applied");
        Assert.True(after.AsSpan().SequenceEqual(Disk), "what was sent is not there");
        // The first took what was there when it began, the second all that came meanwhile.
        Assert.InRange(_gate.Begun - flushes, 1, 2);
        ExpectUndone();
    }

    [Fact]
    public void Write_OfWhatNeedsNoPreimage_PassesByThoseThatAreHeld()
    {
        _target.Begin();
        _target.Apply(_target.Write(1, 0, Bytes(2, ExtentBytes)));
        _target.Until(() => Disk.AsSpan(0, ExtentBytes).SequenceEqual(Bytes(2, ExtentBytes)), "the first write is applied");
        _gate.Shut();
        _target.Apply(_target.Write(1, 2 * ExtentBytes, Bytes(3, ExtentBytes)));
        // Behind the end was nothing. (What is kept already may have to wait for all that was written to the journal since.)
        var behind = Bytes(5, ExtentBytes);
        _target.Apply(_target.Write(1, DiskBytes, behind));
        _target.Until(() => Disk is var disk && disk.Length > DiskBytes && disk.AsSpan(DiskBytes).SequenceEqual(behind), "what waits for nothing is applied");
        Assert.True(Disk.AsSpan(2 * ExtentBytes, ExtentBytes).SequenceEqual(_before.AsSpan(2 * ExtentBytes, ExtentBytes)));
        _gate.Open();
        _target.Finish();
        Assert.True(Disk.AsSpan(2 * ExtentBytes, ExtentBytes).SequenceEqual(Bytes(3, ExtentBytes)));
        ExpectUndone();
    }

    [Fact]
    public async Task Writes_OfOneExtent_EndInTheirOrderAndItIsKeptOnceAsItWasFirst()
    {
        _target.Begin();
        _gate.Shut();
        var flushes = _gate.Begun;
        // The second waits for the first in the session's thread, so that another has to open.
        var opened = Task.Run(() =>
        {
            SpinWait.SpinUntil(() => _gate.Begun > flushes, JournalledTarget.Patience);
            _gate.Open();
        });
        _target.Apply(_target.Write(1, 0, Bytes(2, ExtentBytes)), _target.Block(1, 0, Bytes(3, 2 * ExtentBytes)), _target.Write(1, 1000, Bytes(4, 500)));
        await opened.WaitAsync(JournalledTarget.Patience);
        _target.Finish();
        var expected = _before.ToArray();
        Bytes(3, 2 * ExtentBytes).CopyTo(expected, 0);
        Bytes(4, 500).CopyTo(expected, 1000);
        Assert.True(expected.AsSpan().SequenceEqual(Disk));
        var kept = PreimageReader.Read(_target.State + "/undo", withRanges: true).Catalog;
        Assert.Equal(2UL * ExtentBytes, kept.SavedBytes);
        ExpectUndone();
    }

    [Fact]
    public void Flush_ThatFails_EndsTheResyncOfASalvageSetWithNothingReplaced()
    {
        _target.Begin(Preservation.Salvage);
        var hardened = new FileInfo(_target.State + "/undo/journal").Length;
        _gate.Error = -Errno.EIO;
        _target.Apply(_target.Write(1, 0, Bytes(2, ExtentBytes)), _target.Block(1, 1 << 20, Bytes(3, 1 << 20)));
        var failure = Assert.Throws<TargetException>(() => _target.Until(() => false, "the failure is told"));
        Assert.True(failure.ReplicaFailed);
        Assert.Contains("cannot be saved, so the resync does not go on over it", failure.Message, StringComparison.Ordinal);
        Assert.Contains("make " + _target.State + "/undo/journal durable", failure.Message, StringComparison.Ordinal);
        _target.Cut();
        Assert.True(_before.AsSpan().SequenceEqual(Disk), "something was replaced without its preimage");
        // What the kernel says of pages that it could not write is worth nothing: they are not there.
        Assert.Equal(hardened, new FileInfo(_target.State + "/undo/journal").Length);
    }

    [Fact]
    public void Flush_ThatFails_CostsAnUndoRecordBeforeAnythingIsReplacedWithoutIt()
    {
        _target.Begin();
        _gate.Error = -Errno.EIO;
        var wasReplaced = false;
        _target.Saying = () => wasReplaced = !_before.AsSpan().SequenceEqual(Disk);
        _target.Apply(_target.Write(1, 0, Bytes(2, ExtentBytes)), _target.Write(1, ExtentBytes, Bytes(3, ExtentBytes)));
        _target.Until(() => _target.Stream.Applied == 3, "the resync goes on");
        Assert.Contains("The undo record of the resync is given up", Assert.Single(_target.Said), StringComparison.Ordinal);
        Assert.False(wasReplaced, "something was replaced while its record still counted");
        Assert.Null(_target.Place.Offer());
        Assert.True(Disk.AsSpan(0, ExtentBytes).SequenceEqual(Bytes(2, ExtentBytes)));
    }

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
