using System.Net;
using System.Net.Sockets;
using HaMirror.Core.Wire;
using HaMirror.Io.Peer;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Io.Tests.Peer;

public sealed class PeerLinkTests
{
    private static PeerListener Listen(PeerIdentity identity, Action<PeerLink>? accepted = null) =>
        new(identity, new IPEndPoint(IPAddress.Loopback, 0), () => LinkPair.Hello("node1"), accepted ?? (link => link.Close("unwanted")), NullLogger.Instance);

    private static Task<PeerDialOutcome> Dial(PeerIdentity identity, int port, TimeSpan? timeout = null) =>
        PeerDialer.DialAsync(identity, "127.0.0.1", port, null, LinkPair.Hello("node2"), timeout ?? LinkPair.Deadline, CancellationToken.None);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Link_SameCluster_BothEndsKnowEachOther(bool encryption)
    {
        using var pair = new LinkPair(encryption);
        Assert.True(pair.Source.IsSource);
        Assert.False(pair.Target.IsSource);
        Assert.NotEqual(pair.Source.Number, pair.Target.Number);
        Assert.Equal("node2", pair.Source.Peer.NodeName);
        Assert.Equal("node1", pair.Target.Peer.NodeName);
        Assert.True(pair.Source.Peer.FullSync);
        Assert.Equal(3, pair.Source.Peer.MarkCount);
        Assert.Equal(LinkPair.Hello("node1").Record.History.AsEnumerable(), pair.Target.Peer.Record.History.AsEnumerable());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Link_Closed_OtherEndReadsTheReason(bool encryption)
    {
        using var pair = new LinkPair(encryption);
        pair.Target.Close("The disk is full.");
        var bye = new SourceEnd(pair.Source).Expect(FrameType.Bye);
        Assert.Equal("The disk is full.", System.Text.Encoding.UTF8.GetString(bye!.Value.Payload));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dial_WrongKey_RefusedWithASentence(bool encryption)
    {
        using var listener = Listen(LinkPair.Identity(encryption));
        var outcome = await Dial(LinkPair.Identity(encryption, seed: 8), listener.LocalEndPoint.Port);
        Assert.Null(outcome.Link);
        Assert.Contains("key", outcome.Refusal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dial_OtherCluster_RefusedWithASentence(bool encryption)
    {
        using var listener = Listen(LinkPair.Identity(encryption));
        var outcome = await Dial(LinkPair.Identity(encryption, cluster: Guid.NewGuid()), listener.LocalEndPoint.Port);
        Assert.Null(outcome.Link);
        Assert.Contains("cluster", outcome.Refusal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dial_OtherModule_RefusedWithBothNames(bool encryption)
    {
        using var listener = Listen(LinkPair.Identity(encryption));
        var outcome = await Dial(LinkPair.Identity(encryption, module: "vm2"), listener.LocalEndPoint.Port);
        Assert.Contains("vm1", outcome.Refusal);
        Assert.Contains("vm2", outcome.Refusal);
    }

    [Fact]
    public async Task Dial_EncryptionDiffers_RefusedWithASentence()
    {
        using var listener = Listen(LinkPair.Identity(false));
        var outcome = await Dial(LinkPair.Identity(true), listener.LocalEndPoint.Port);
        Assert.Null(outcome.Link);
        Assert.Contains("encryption", outcome.Refusal);
    }

    [Fact]
    public async Task Dial_NotListening_RefusedWithItsSentence()
    {
        using var listener = Listen(LinkPair.Identity(true));
        listener.Refusal = "node1 is SECOND itself.";
        var outcome = await Dial(LinkPair.Identity(true), listener.LocalEndPoint.Port);
        Assert.EndsWith("node1 is SECOND itself.", outcome.Refusal);
    }

    [Fact]
    public async Task Dial_NobodyThere_RefusedAtOnce()
    {
        int port;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        var outcome = await Dial(LinkPair.Identity(true), port);
        Assert.Null(outcome.Link);
        Assert.Contains(port.ToString(), outcome.Refusal);
    }

    [Fact]
    public async Task Dial_ListenerSilent_GivesUpInTime()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(1);
        var outcome = await Dial(LinkPair.Identity(false), ((IPEndPoint)silent.LocalEndPoint!).Port, TimeSpan.FromMilliseconds(300));
        Assert.Contains("in time", outcome.Refusal);
    }

    [Fact]
    public async Task Dial_Cancelled_EndsAtOnce()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(1);
        using var cancellation = new CancellationTokenSource();
        var dialling = PeerDialer.DialAsync(LinkPair.Identity(false), "127.0.0.1", ((IPEndPoint)silent.LocalEndPoint!).Port, null,
            LinkPair.Hello("node2"), TimeSpan.FromHours(1), cancellation.Token);
        await cancellation.CancelAsync();
        var outcome = await dialling.WaitAsync(LinkPair.Deadline);
        Assert.Null(outcome.Link);
    }

    [Fact]
    public void Listener_PortInUse_SaysWhichAndWhy()
    {
        using var listener = Listen(LinkPair.Identity(true));
        var failure = Assert.Throws<IOException>(() =>
            new PeerListener(LinkPair.Identity(true), listener.LocalEndPoint, () => LinkPair.Hello("x"), _ => { }, NullLogger.Instance));
        Assert.Contains(listener.LocalEndPoint.ToString(), failure.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Listener_PeerOfAnotherKeyOrModule_TellsWhomItRefusedAndWhy(bool encryption)
    {
        using var refused = new BlockingCollectionOfOne<(IPAddress Remote, string Why)>();
        using var listener = new PeerListener(LinkPair.Identity(encryption), new IPEndPoint(IPAddress.Loopback, 0),
            () => LinkPair.Hello("node1"), _ => { }, NullLogger.Instance, (remote, why) => refused.Set((remote, why)));
        await Dial(LinkPair.Identity(encryption, seed: 8), listener.LocalEndPoint.Port);
        var (remote, why) = refused.Take(LinkPair.Deadline);
        Assert.Equal(IPAddress.Loopback, remote);
        Assert.Contains("cluster", why);
        await Dial(LinkPair.Identity(encryption, module: "vm2"), listener.LocalEndPoint.Port);
        Assert.Contains("vm2", refused.Take(LinkPair.Deadline).Why);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Listener_StrangersHoldConnectionsOpen_PeerGetsThrough(bool encryption)
    {
        using var accepted = new BlockingCollectionOfOne<PeerLink>();
        using var listener = Listen(LinkPair.Identity(encryption), accepted.Set);
        var strangers = new List<Socket>();
        for (var index = 0; index < 3 * PeerListener.PendingMax; index++)
        {
            var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await stranger.ConnectAsync(listener.LocalEndPoint);
            strangers.Add(stranger);
        }
        var outcome = await Dial(LinkPair.Identity(encryption), listener.LocalEndPoint.Port);
        Assert.Null(outcome.Refusal);
        accepted.Take(LinkPair.Deadline).Close("done");
        outcome.Link!.Close("done");
        strangers.ForEach(stranger => stranger.Dispose());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Listener_GarbageFlood_PeerGetsThrough(bool encryption)
    {
        using var accepted = new BlockingCollectionOfOne<PeerLink>();
        using var listener = Listen(LinkPair.Identity(encryption), accepted.Set);
        var random = new Random(42);
        for (var index = 0; index < 60; index++)
        {
            using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await stranger.ConnectAsync(listener.LocalEndPoint);
            var garbage = new byte[random.Next(1, 4096)];
            random.NextBytes(garbage);
            try
            {
                await stranger.SendAsync(garbage);
            }
            catch (SocketException)
            {
                // The listener may have seen enough already, which is what it is there for.
            }
        }
        var outcome = await Dial(LinkPair.Identity(encryption), listener.LocalEndPoint.Port);
        Assert.Null(outcome.Refusal);
        accepted.Take(LinkPair.Deadline).Close("done");
        outcome.Link!.Close("done");
    }

    [Fact]
    public async Task Listener_HalfOpen_IsClosedAfterTheHelloTimeout()
    {
        using var listener = Listen(LinkPair.Identity(false));
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(listener.LocalEndPoint);
        var received = await stranger.ReceiveAsync(new byte[1]).WaitAsync(LinkPair.Deadline);
        Assert.Equal(0, received);
    }

    [Fact]
    public async Task Listener_OtherVersion_RefusedWithBothVersions()
    {
        using var listener = Listen(LinkPair.Identity(false));
        var hello = new byte[HelloFrame.BytesMax];
        var bytes = new HelloFrame(99, ConnectionKind.Control, LinkPair.Cluster, 1, new byte[32], "vm1").Write(hello);
        Assert.Contains("99", await Say(listener, SourceEnd.Encode(FrameType.Hello, hello.AsSpan(0, bytes), 0)));
    }

    [Fact]
    public async Task Listener_IntroductionReplayed_IsRefused()
    {
        using var listener = Listen(LinkPair.Identity(false));
        var own = new byte[HelloFrame.BytesMax];
        var bytes = new HelloFrame(WireProtocol.Version, ConnectionKind.Control, LinkPair.Cluster, 1, new byte[32], "vm1").Write(own);
        // Proven against a hello that the listener gave to somebody else: its new nonce makes it worthless.
        var introduction = new byte[IntroductionFrame.BytesMax];
        var length = IntroductionFrame.Write(introduction, LinkPair.Identity(false).Key.Span, true, own.AsSpan(0, bytes), own.AsSpan(0, bytes), LinkPair.Hello("node2"));
        var said = await Say(listener, [
            .. SourceEnd.Encode(FrameType.Hello, own.AsSpan(0, bytes), 0),
            .. SourceEnd.Encode(FrameType.Introduction, introduction.AsSpan(0, length), 0)]);
        Assert.Contains("did not prove", said);
    }

    [Fact]
    public async Task Listener_DataConnectionWithoutControl_IsRefused()
    {
        using var listener = Listen(LinkPair.Identity(false));
        var key = LinkPair.Identity(false).Key;
        var own = new byte[HelloFrame.BytesMax];
        var bytes = new HelloFrame(WireProtocol.Version, ConnectionKind.Data, LinkPair.Cluster, 77, new byte[32], "vm1").Write(own);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        await socket.SendAsync(SourceEnd.Encode(FrameType.Hello, own.AsSpan(0, bytes), 0));
        var answer = await ReadFrame(socket);
        var introduction = new byte[IntroductionFrame.BytesMax];
        var length = IntroductionFrame.Write(introduction, key.Span, true, own.AsSpan(0, bytes), answer, null);
        await socket.SendAsync(SourceEnd.Encode(FrameType.Introduction, introduction.AsSpan(0, length), 0));
        Assert.Contains("No control connection", System.Text.Encoding.UTF8.GetString(await ReadFrame(socket)));
    }

    [Fact]
    public void Link_ManyInARow_EachStandsAndEnds()
    {
        for (var round = 0; round < 10; round++)
        {
            using var pair = new LinkPair(round % 2 == 0);
            var source = new SourceEnd(pair.Source);
            pair.Target.Outgoing.Add(FrameType.Probe, sequence: (ulong)round);
            Assert.Null(pair.Target.Outgoing.Flush());
            Assert.Equal((ulong)round, source.Expect(FrameType.Probe)!.Value.Header.Sequence);
        }
    }

    private static async Task<byte[]> ReadFrame(Socket socket)
    {
        var header = new byte[FrameHeader.Size];
        for (var got = 0; got < header.Length;)
            got += await Receive(socket, header.AsMemory(got));
        Assert.Equal(FrameReadStatus.Frame, FrameHeader.Read(header, out var parsed));
        var payload = new byte[parsed.PayloadLength];
        for (var got = 0; got < payload.Length;)
            got += await Receive(socket, payload.AsMemory(got));
        return payload;
    }

    private static async Task<int> Receive(Socket socket, Memory<byte> room)
    {
        var bytes = await socket.ReceiveAsync(room).AsTask().WaitAsync(LinkPair.Deadline);
        return bytes > 0 ? bytes : throw new EndOfStreamException();
    }

    /// <summary>Sends bytes and returns everything that is said back until the connection ends.</summary>
    private static async Task<string> Say(PeerListener listener, byte[] bytes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        await socket.SendAsync(bytes);
        var said = new List<byte>();
        var room = new byte[4096];
        while (await socket.ReceiveAsync(room).WaitAsync(LinkPair.Deadline) is > 0 and var got)
            said.AddRange(room.AsSpan(0, got));
        return System.Text.Encoding.UTF8.GetString([.. said]);
    }
}
