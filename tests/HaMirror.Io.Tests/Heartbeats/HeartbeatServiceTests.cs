using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using HaMirror.Core.Generations;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Io.Tests.Heartbeats;

/// <summary>Two nodes on two loopback addresses, over real sockets.</summary>
public sealed class HeartbeatServiceTests
{
    private readonly int _port = FreePort();

    [Fact]
    public void Nodes_BothBeat_HearEachOther()
    {
        using var one = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        one.Announced = [BeatExamples.Announcement("vm1")];
        two.Announced = [BeatExamples.Announcement("vm2", node: "n2")];
        Expect(() => one.Heard.ContainsKey("vm2") && two.Heard.ContainsKey("vm1"));
        Assert.Equal(one.Session.Boot.Short, two.Heard["vm1"].Beat.Boot);
        Expect(() => !one.Service.Lans[0].Lost && !two.Service.Lans[0].Lost);
    }

    [Fact]
    public void Announcements_MoreThanADatagramHolds_AllArrive()
    {
        using var one = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        one.Announced = [.. Enumerable.Range(1, 32).Select(number => BeatExamples.Announcement($"vm{number}", ReplicaRecord.HistoryMax))];
        Expect(() => two.Heard.Count == 32);
    }

    [Fact]
    public void Node_Restarted_IsHeardAgainWithItsNewBoot()
    {
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        using (var one = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port))
        {
            one.Announced = [BeatExamples.Announcement("vm1")];
            Expect(() => two.Heard.ContainsKey("vm1"));
        }

        using var again = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        again.Announced = [BeatExamples.Announcement("vm1")];
        Expect(() => two.Heard["vm1"].Beat.Boot == again.Session.Boot.Short);
    }

    [Fact]
    public void Lan_PeerFallsSilent_IsLostAndComesBack()
    {
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        using (new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port))
        {
            Expect(() => two.LanLost == false);
        }

        Expect(() => two.LanLost == true && two.Service.Lans[0].Lost);
        using var again = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        Expect(() => two.LanLost == false);
    }

    [Fact]
    public void Port_InUse_IsSaidAndUsedOnceItIsFree()
    {
        using var one = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), _port));
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        Expect(() => two.Troubles.Any(sentence => sentence.Contains($"127.0.0.2 port {_port}", StringComparison.Ordinal)));
        other.Dispose();
        Expect(() => two.LanLost == false);
    }

    [Fact]
    public void Heartbeat_OfAnotherCluster_IsSaidAndNotHeard()
    {
        using var one = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port, cluster: Guid.NewGuid());
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        one.Announced = [BeatExamples.Announcement("vm1")];
        Expect(() => two.Troubles.Any(sentence => sentence.Contains("another cluster", StringComparison.Ordinal)));
        Assert.Empty(two.Heard);
        Expect(() => two.Service.Lans[0] is { Silent: null, Refusal: { } why } && why.Contains("another cluster", StringComparison.Ordinal));
    }

    [Fact]
    public void Lan_PeerBecomesOneOfThisCluster_ForgetsThatItWasRefused()
    {
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        using (new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port, cluster: Guid.NewGuid()))
            Expect(() => two.Service.Lans[0].Refusal is not null);
        using var again = new Node("n1", "127.0.0.1", "n2", "127.0.0.2", _port);
        Expect(() => two.Service.Lans[0] is { Lost: false, Refusal: null, Silent: not null });
    }

    [Fact]
    public void Heartbeat_OfAStranger_IsNotTakenForThePeers()
    {
        using var two = new Node("n2", "127.0.0.2", "n1", "127.0.0.1", _port);
        using var stranger = new Node("n3", "127.0.0.3", "n2", "127.0.0.2", _port, cluster: Guid.NewGuid());
        Expect(() => two.Troubles.Any(sentence => sentence.Contains("another cluster", StringComparison.Ordinal)));
        Assert.Null(two.Service.Lans[0].Refusal);
    }

    private static void Expect(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(() => { Thread.Sleep(5); return condition(); }, TimeSpan.FromSeconds(30)));

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.1"), 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class Node : IHeartbeatEvents, IDisposable
    {
        public Node(string name, string address, string peer, string peerAddress, int port, Guid? cluster = null)
        {
            Session = BeatExamples.Session(name, peer, cluster: cluster);
            Service = new HeartbeatService(Session, [new LanPath("default", address, peerAddress)], port, this, TimeProvider.System)
            {
                Pulse = TimeSpan.FromMilliseconds(20),
                Timeout = TimeSpan.FromMilliseconds(400),
            };
            Service.Start();
        }

        public HeartbeatSession Session { get; }

        public HeartbeatService Service { get; }

        public IReadOnlyCollection<ModuleAnnouncement> Announced { get; set; } = [];

        public ConcurrentDictionary<string, ModuleAnnouncement> Heard { get; } = new();

        public ConcurrentQueue<string> Troubles { get; } = new();

        public bool? LanLost { get; private set; }

        public IReadOnlyCollection<ModuleAnnouncement> Announcements() => Announced;

        void IHeartbeatEvents.Heard(ModuleAnnouncement announcement) => Heard[announcement.Module] = announcement;

        public void LanChanged(string lan, bool lost) => LanLost = lost;

        public void Trouble(string sentence) => Troubles.Enqueue(sentence);

        public void Dispose() => Service.Dispose();
    }
}
