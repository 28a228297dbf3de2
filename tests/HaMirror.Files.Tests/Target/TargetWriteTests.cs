using HaMirror.Core.Configuration;
using HaMirror.Core.Wire;
using HaMirror.Io.Tests.Peer;
using static HaMirror.Files.Tests.Target.TargetSessionTests;

namespace HaMirror.Files.Tests.Target;

/// <summary>Writes at the target: their content, their order, and what is said of them.</summary>
public sealed class TargetWriteTests
{
    [Theory]
    [InlineData(AckMode.Received, false)]
    [InlineData(AckMode.Applied, false)]
    [InlineData(AckMode.Received, true)]
    public void Write_AlignedAndNot_FileEqualsWhatWasSent(AckMode ack, bool encryption)
    {
        using var target = new TargetFixture(ack: ack, encryption: encryption, offered: true);
        var expected = new byte[3 << 20];
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        var random = new Random(5);
        for (var index = 0; index < 400; index++)
        {
            var aligned = random.Next(3) > 0;
            var bytes = aligned ? 4096 * random.Next(1, 20) : random.Next(1, 9000);
            var offset = random.Next(0, expected.Length - bytes);
            if (aligned)
                offset &= ~4095;
            var content = Bytes(bytes, index);
            content.CopyTo(expected.AsSpan(offset));
            target.Source.Send(FrameType.Write, content, 1, (ulong)offset);
        }
        var last = target.Source.Sequence;
        Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Sequence == last && header.Offset == last));
        var found = File.ReadAllBytes(target.PathOf("disk"));
        Assert.Equal(expected[..found.Length], found);
        Assert.True(expected.AsSpan(found.Length).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Write_OneAtATime_EachIsReceivedAndThenApplied()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        for (var index = 0; index < 50; index++)
        {
            var sequence = target.Source.Send(FrameType.Write, Bytes(4096, index), 1, (ulong)index * 4096);
            Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Sequence == sequence));
        }
        var last = target.Source.Sequence;
        Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Offset == last));
        Assert.Equal(50 * 4096, new FileInfo(target.PathOf("disk")).Length);
    }

    /// <summary>A resync names a file by a number of its own: its blocks and the guest's writes to the same place must end
    /// in the order of the stream all the same.</summary>
    [Theory]
    [InlineData(8192, 0)] // both in the ring, where holes send the block a longer way
    [InlineData(5000, 13)] // the write in line
    public void Write_OverABlockThatNamesTheFileByAnotherNumber_TheLaterOneStays(int write, int shift)
    {
        const int block = 1 << 20, rounds = 48;
        using var target = new TargetFixture();
        target.Source.Change(Create("log"));
        target.Source.Bind(1, "log");
        target.Source.Bind(2, "log");
        var expected = new byte[rounds * block];
        for (var round = 0; round < rounds; round++)
        {
            var (old, young) = (Bytes(block, round), Bytes(write, rounds + round));
            var at = round * block;
            var inside = at + block - 65536 + shift;
            target.Source.Send(FrameType.ResyncBlock, old, 2, (ulong)at);
            target.Source.Send(FrameType.Write, young, 1, (ulong)inside);
            old.CopyTo(expected.AsSpan(at));
            young.CopyTo(expected.AsSpan(inside));
        }
        var last = target.Source.Sequence;
        Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Offset == last));
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(File.ReadAllBytes(target.PathOf("log"))));
    }

    [Fact]
    public void Write_LargestPayload_Arrives()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        var content = Bytes(FrameHeader.PayloadLengthMax, 1);
        for (var index = 0; index < 20; index++)
            target.Source.Send(FrameType.Write, content, 1, (ulong)index << 20);
        target.Source.Settle();
        Assert.Equal(20L << 20, new FileInfo(target.PathOf("disk")).Length);
        Assert.Equal(content, File.ReadAllBytes(target.PathOf("disk"))[(19 << 20)..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_LargeAndSmallInPieces_FileEqualsWhatWasSent(bool encryption)
    {
        using var target = new TargetFixture(encryption: encryption, offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        var expected = new byte[8 << 20];
        var random = new Random(17);
        var stream = new List<byte>();
        var sequence = target.Source.Sequence;
        for (var index = 0; index < 60; index++)
        {
            var bytes = random.Next(3) switch { 0 => 4096, 1 => 4096 * random.Next(32, 256), _ => random.Next(100_000, FrameHeader.PayloadLengthMax) };
            var offset = random.Next(0, expected.Length - bytes) & ~4095;
            var content = Bytes(bytes, index);
            content.CopyTo(expected.AsSpan(offset));
            stream.AddRange(SourceEnd.Encode(FrameType.Write, content, ++sequence, 1, (ulong)offset));
        }
        // The pieces end anywhere: in a header, a byte before the end of a payload, in the middle of one.
        var wire = stream.ToArray();
        for (var sent = 0; sent < wire.Length;)
        {
            var piece = Math.Min(wire.Length - sent, random.Next(4) == 0 ? random.Next(1, 100) : random.Next(1, 700_000));
            target.Source.SendRaw(wire.AsSpan(sent, piece));
            sent += piece;
        }
        Assert.NotNull(target.Source.Expect(FrameType.Progress, header => header.Sequence == sequence && header.Offset == sequence));
        var found = File.ReadAllBytes(target.PathOf("disk"));
        Assert.Equal(expected[..found.Length], found);
        Assert.True(expected.AsSpan(found.Length).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Write_LargeAndDamaged_EndsTheLinkAndIsNotApplied()
    {
        using var target = new TargetFixture(offered: true);
        target.Source.Change(Create("disk"));
        target.Source.Bind(1, "disk");
        target.Source.Settle();
        var frame = SourceEnd.Encode(FrameType.Write, Bytes(FrameHeader.PayloadLengthMax, 1), target.Source.Sequence + 1, 1);
        frame[^1] ^= 1;
        target.Source.SendRaw(frame);
        Assert.Contains("checksum", target.EndOfLink(), StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(target.PathOf("disk")).Length);
    }
}
