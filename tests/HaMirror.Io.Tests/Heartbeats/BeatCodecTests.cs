using HaMirror.Core.Generations;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Io.Tests.Heartbeats;

public sealed class BeatCodecTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(ReplicaRecord.HistoryMax)]
    public void Announcement_WrittenAndRead_IsTheSame(int history)
    {
        var sent = BeatExamples.Announcement("vm1", history);
        var read = BeatCodec.Read(Bytes(sent), 77);
        Assert.NotNull(read);
        Assert.Equal(sent.Beat.Record.History.AsEnumerable(), read.Beat.Record.History.AsEnumerable());
        Assert.Equal(WithoutHistory(sent), WithoutHistory(read));
    }

    [Fact]
    public void Announcement_OfAStoppedNewModule_IsTheSame()
    {
        var example = BeatExamples.Announcement("vm-2");
        var sent = example with
        {
            Beat = example.Beat with { State = ModuleState.Stop, Phase = Phase.NotReady, Record = ReplicaRecord.New, Leaving = true },
        };
        var read = BeatCodec.Read(Bytes(sent), 77);
        Assert.NotNull(read);
        Assert.Equal(WithoutHistory(sent), WithoutHistory(read));
    }

    [Fact]
    public void Announcement_CutAnywhere_IsRefused()
    {
        var bytes = Bytes(BeatExamples.Announcement("vm1"));
        for (var length = 0; length < bytes.Length; length++)
            Assert.Null(BeatCodec.Read(bytes.AsSpan(0, length), 77));
        Assert.Null(BeatCodec.Read([.. bytes, 0], 77));
    }

    [Fact]
    public void Announcement_WhoseRecordBreaksAnInvariant_IsRefused()
    {
        var example = BeatExamples.Announcement("vm1");
        var broken = example with
        {
            Beat = example.Beat with { Record = example.Beat.Record with { Condition = ReplicaCondition.Outdated } },
        };
        Assert.Null(BeatCodec.Read(Bytes(broken), 77));
    }

    [Fact]
    public void Announcement_OfRandomBytes_NeverThrows()
    {
        var random = new Random(1);
        var bytes = new byte[BeatCodec.BytesMax];
        for (var round = 0; round < 20_000; round++)
        {
            var length = random.Next(bytes.Length);
            random.NextBytes(bytes.AsSpan(0, length));
            if (BeatCodec.Read(bytes.AsSpan(0, length), 1) is { } read) Assert.Null(read.Beat.Record.Validate());
        }
    }

    private static byte[] Bytes(ModuleAnnouncement announcement)
    {
        var buffer = new byte[BeatCodec.BytesMax];
        return buffer[..BeatCodec.Write(buffer, announcement)];
    }

    private static ModuleAnnouncement WithoutHistory(ModuleAnnouncement announcement) => announcement with
    {
        Beat = announcement.Beat with { Record = announcement.Beat.Record with { History = default } },
    };
}
