using System.Net;
using System.Net.Sockets;

namespace HaMirror.Io.Heartbeats;

/// <summary>One LAN's socket. It is bound when the address is there, and again after an error: a network that comes up
/// after the agent is no failure. Sending is called by one thread, receiving by another.</summary>
internal sealed class HeartbeatLan : IDisposable
{
    private static readonly TimeSpan BindRetry = TimeSpan.FromSeconds(1);

    /// <summary>How often a receiver looks whether it is to end.</summary>
    private const int ReceiveMilliseconds = 500;

    private const int ReceiveBufferBytes = 1 << 20;

    /// <summary>A peer that is refused comes again with every pulse: what was refused longer ago than this says nothing of now.</summary>
    private static readonly TimeSpan RefusalHolds = TimeSpan.FromSeconds(10);

    private readonly int _port;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private readonly Lock _lock = new();
    private Socket? _socket;
    private EndPoint? _peer;
    private SocketAddress? _peerAddress;
    private SocketAddress? _sender; // The receiver's own, used again: a datagram a pulse allocates nothing.
    private long _bindTried;
    private long _heard; // 0: never
    private (string Why, long At)? _refusal;
    private bool _lost;
    private bool _everJudged;
    private string? _trouble, _troubleSaid;
    private bool _resolving;

    public HeartbeatLan(LanPath path, int port, TimeProvider clock)
    {
        Path = path;
        _port = port;
        _clock = clock;
        _started = clock.GetTimestamp();
    }

    public LanPath Path { get; }

    public void MarkHeard() => Interlocked.Exchange(ref _heard, _clock.GetTimestamp());

    /// <summary>What came from the peer's address was refused.</summary>
    /// <param name="why">A clause.</param>
    public void MarkRefused(string why)
    {
        lock (_lock) _refusal = (why, _clock.GetTimestamp());
    }

    public LanHearing Hearing(TimeSpan timeout)
    {
        var heard = Interlocked.Read(ref _heard);
        TimeSpan? silent = heard == 0 ? null : _clock.GetElapsedTime(heard);
        var lost = (silent ?? _clock.GetElapsedTime(_started)) > timeout;
        lock (_lock)
        {
            var refused = (lost || silent is null) && _refusal is { } last && _clock.GetElapsedTime(last.At) < RefusalHolds;
            return new LanHearing(Path, silent, lost, refused ? _refusal!.Value.Why : null);
        }
    }

    /// <summary>Whether the LAN was lost (true) or came back (false) since the last call; null: neither.</summary>
    public bool? TakeChange(TimeSpan timeout)
    {
        var hearing = Hearing(timeout);
        if (hearing.Lost == _lost && (_everJudged || hearing.Silent is null)) return null;
        _everJudged = true;
        _lost = hearing.Lost;
        return _lost;
    }

    /// <summary>A new reason why the LAN does not work, once.</summary>
    public string? TakeTrouble()
    {
        lock (_lock)
        {
            if (_trouble == _troubleSaid) return null;
            _troubleSaid = _trouble;
            return _trouble;
        }
    }

    public void Send(ReadOnlySpan<byte> datagram)
    {
        if (Bound() is not { } socket || _peer is not { } peer) return;
        try
        {
            socket.SendTo(datagram, SocketFlags.None, peer);
            SetTrouble(null);
        }
        catch (SocketException error)
        {
            // A cable pulled or a route gone: the LAN is lost, which its silence shows; the socket stays good.
            SetTrouble($"Heartbeats cannot be sent on LAN {Path.Name} to {Path.PeerAddress}: {error.Message}.");
        }
        catch (ObjectDisposedException)
        {
            return; // The agent is ending.
        }
    }

    /// <param name="fromPeer">The datagram bears the peer's address. Anybody can write that on one: it proves nothing.</param>
    /// <returns>Bytes received; 0 when nothing came for a while.</returns>
    public int Receive(byte[] datagram, out bool fromPeer)
    {
        fromPeer = false;
        if (Bound() is not { } socket)
        {
            Thread.Sleep(BindRetry);
            return 0;
        }

        try
        {
            if (!socket.Poll(ReceiveMilliseconds * 1000, SelectMode.SelectRead)) return 0;
            var bytes = socket.ReceiveFrom(datagram, SocketFlags.None, _sender ??= new SocketAddress(socket.AddressFamily));
            fromPeer = _sender.Equals(_peerAddress);
            return bytes;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionRefused
            or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
        {
            return 0; // Too long to be ours, or an ICMP answer to something sent: the next receive is good.
        }
        catch (SocketException error)
        {
            SetTrouble($"Heartbeats cannot be received on LAN {Path.Name}: {error.Message}.");
            Thread.Sleep(BindRetry);
            return 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _socket?.Dispose();
            _socket = null;
            _bindTried = long.MaxValue;
        }
    }

    private Socket? Bound()
    {
        lock (_lock)
        {
            if (_socket is not null) return _socket;
            if (_bindTried == long.MaxValue) return null;
            if (_bindTried != 0 && _clock.GetElapsedTime(_bindTried) < BindRetry) return null;
            _bindTried = _clock.GetTimestamp();
            if (!IPAddress.TryParse(Path.LocalAddress, out var local) || !IPAddress.TryParse(Path.PeerAddress, out var peer))
            {
                ResolveLater();
                return null;
            }

            return Bind(local, peer);
        }
    }

    private Socket? Bind(IPAddress local, IPAddress peer)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.ReceiveBufferSize = ReceiveBufferBytes;
            socket.Bind(new IPEndPoint(local, _port));
        }
        catch (SocketException error)
        {
            socket.Dispose();
            _trouble = $"Heartbeats cannot use {local} port {_port} (UDP) on LAN {Path.Name}: {error.Message}. "
                + "Check that this node has the address and that nothing else uses the port.";
            return null;
        }

        _peer = new IPEndPoint(peer, _port);
        _peerAddress = _peer.Serialize();
        _trouble = null;
        return _socket = socket;
    }

    /// <summary>A resolver may take many seconds, which no heartbeat thread has: it is asked on the side.</summary>
    private void ResolveLater()
    {
        if (_resolving) return;
        _resolving = true;
        _ = Task.Run(async () =>
        {
            try
            {
                var local = await Resolve(Path.LocalAddress, null).ConfigureAwait(false);
                var peer = await Resolve(Path.PeerAddress, local.AddressFamily).ConfigureAwait(false);
                lock (_lock)
                {
                    if (_socket is null && _bindTried != long.MaxValue) Bind(local, peer);
                }
            }
            catch (SocketException error)
            {
                SetTrouble($"The addresses of LAN {Path.Name} ({Path.LocalAddress}, {Path.PeerAddress}) cannot be resolved: {error.Message}.");
            }
            finally
            {
                lock (_lock) _resolving = false;
            }
        });
    }

    private static async Task<IPAddress> Resolve(string name, AddressFamily? family)
    {
        if (IPAddress.TryParse(name, out var literal)) return literal;
        var found = await Dns.GetHostAddressesAsync(name).ConfigureAwait(false);
        return found.FirstOrDefault(address => family is null || address.AddressFamily == family)
            ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    private void SetTrouble(string? sentence)
    {
        lock (_lock) _trouble = sentence;
    }
}
