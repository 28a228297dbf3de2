using HaMirror.Io.Heartbeats;

namespace HaMirror.Io.Tests.Heartbeats;

public sealed class HeartbeatSessionTests
{
    private readonly byte[] _content = "the content of a heartbeat"u8.ToArray();

    [Fact]
    public void FirstHeartbeat_DoesNotKnowTheReceiver_IsUnprovenAndTheNextIsAccepted()
    {
        using var one = BeatExamples.Session("n1", "n2");
        using var two = BeatExamples.Session("n2", "n1");
        Assert.Equal(HeartbeatVerdict.Unproven, Open(two, Seal(one), out var sender));
        Assert.Equal(one.Boot, sender);

        Assert.Equal(HeartbeatVerdict.Accepted, Open(one, Seal(two, sender), out _));
        Assert.Equal(two.Boot, one.PeerBoot);
        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, Seal(one), out _));
    }

    [Fact]
    public void Content_OfAnAcceptedHeartbeat_IsTheSame()
    {
        var (one, two) = Met();
        var content = new byte[HeartbeatSession.DatagramBytesMax];
        Assert.Equal(HeartbeatVerdict.Accepted, two.Open(Seal(one), content, out var length, out _));
        Assert.Equal(_content, content[..length]);
    }

    [Fact]
    public void Heartbeat_SeenBefore_IsReplayed()
    {
        var (one, two) = Met();
        var datagram = Seal(one);
        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, datagram, out _));
        Assert.Equal(HeartbeatVerdict.Replayed, Open(two, datagram, out _));
    }

    [Fact]
    public void Heartbeat_ComeBackToItsSender_IsReplayed()
    {
        var (one, _) = Met();
        Assert.Equal(HeartbeatVerdict.Replayed, Open(one, Seal(one), out _));
    }

    [Fact]
    public void Heartbeat_WithAnyBitFlipped_IsNeverAccepted()
    {
        var (one, two) = Met();
        var datagram = Seal(one);
        for (var at = 0; at < datagram.Length; at++)
        {
            datagram[at] ^= 0x10;
            Assert.Contains(Open(two, datagram, out _),
                new[] { HeartbeatVerdict.Forged, HeartbeatVerdict.Malformed, HeartbeatVerdict.OtherVersion, HeartbeatVerdict.OtherCluster });
            datagram[at] ^= 0x10;
        }

        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, datagram, out _));
    }

    [Fact]
    public void Heartbeat_CutAnywhere_IsNeverAccepted()
    {
        var (one, two) = Met();
        var datagram = Seal(one);
        for (var length = 0; length < datagram.Length; length++)
            Assert.Contains(Open(two, datagram[..length], out _), new[] { HeartbeatVerdict.Forged, HeartbeatVerdict.Malformed });
    }

    [Fact]
    public void Heartbeat_TooLong_IsMalformed()
    {
        var (_, two) = Met();
        Assert.Equal(HeartbeatVerdict.Malformed, Open(two, new byte[HeartbeatSession.DatagramBytesMax + 1], out _));
    }

    [Fact]
    public void Heartbeat_OfAnotherVersion_IsNamedSo()
    {
        const int versionAt = 4;
        var (one, two) = Met();
        var datagram = Seal(one);
        datagram[versionAt]++;
        Assert.Equal(HeartbeatVerdict.OtherVersion, Open(two, datagram, out _));
    }

    [Fact]
    public void Heartbeat_OfAnotherCluster_IsNamedSo()
    {
        var (_, two) = Met();
        using var stranger = BeatExamples.Session("n1", "n2", cluster: Guid.NewGuid());
        Assert.Equal(HeartbeatVerdict.OtherCluster, Open(two, Seal(stranger), out _));
    }

    [Fact]
    public void Heartbeat_WithAnotherKey_IsForged()
    {
        var (_, two) = Met();
        using var stranger = BeatExamples.Session("n1", "n2", key: new byte[32]);
        Assert.Equal(HeartbeatVerdict.Forged, Open(two, Seal(stranger), out _));
    }

    [Fact]
    public void Heartbeat_OfARestartedPeer_IsAcceptedOnceItNamesUs_AndTheOldLifeIsRefused()
    {
        var (one, two) = Met();
        var late = Seal(one);
        using var again = BeatExamples.Session("n1", "n2");
        Assert.Equal(HeartbeatVerdict.Unproven, Open(two, Seal(again), out var sender));
        Assert.Equal(HeartbeatVerdict.Accepted, Open(again, Seal(two, sender), out _));
        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, Seal(again), out _));

        Assert.Equal(HeartbeatVerdict.Retired, Open(two, late, out _));
        Assert.Equal(HeartbeatVerdict.Retired, Open(two, Seal(one), out _));
        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, Seal(again), out _));
    }

    [Fact]
    public void Heartbeat_RecordedBeforeTheReceiverRestarted_IsNotAccepted()
    {
        var (one, two) = Met();
        var recorded = Seal(one);
        two.Dispose();
        using var again = BeatExamples.Session("n2", "n1");
        Assert.Equal(HeartbeatVerdict.Unproven, Open(again, recorded, out _));
        Assert.Equal(BootId.None, again.PeerBoot);
    }

    [Fact]
    public void Content_TooLongForADatagram_IsRefused()
    {
        using var one = BeatExamples.Session("n1", "n2");
        Assert.Throws<ArgumentException>(() =>
            one.Seal(new byte[HeartbeatSession.ContentBytesMax + 1], new byte[2 * HeartbeatSession.DatagramBytesMax]));
    }

    private (HeartbeatSession One, HeartbeatSession Two) Met()
    {
        var one = BeatExamples.Session("n1", "n2");
        var two = BeatExamples.Session("n2", "n1");
        Open(two, Seal(one), out var sender);
        Open(one, Seal(two, sender), out _);
        Assert.Equal(HeartbeatVerdict.Accepted, Open(two, Seal(one), out _));
        return (one, two);
    }

    private byte[] Seal(HeartbeatSession session, BootId? echo = null)
    {
        var datagram = new byte[HeartbeatSession.DatagramBytesMax];
        return datagram[..session.Seal(_content, datagram, echo ?? session.PeerBoot)];
    }

    private static HeartbeatVerdict Open(HeartbeatSession session, byte[] datagram, out BootId sender) =>
        session.Open(datagram, new byte[HeartbeatSession.DatagramBytesMax], out _, out sender);
}
