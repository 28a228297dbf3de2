// Accepts the peer that wants to become this node's target: one listener per module.
// Invariants: (1) a stranger never keeps the peer out: handshakes run beside each other, and when too many are under way
// the oldest gives way; (2) no handshake outlives its deadline; (3) a data connection is taken only for a control
// connection that has proven itself and has the same session number.
using System.Net;
using System.Net.Sockets;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Peer;

/// <summary>Listens on the module's replication port.</summary>
public sealed unsafe class PeerListener : IDisposable
{
    /// <summary>Handshakes under way at once; a peer needs two, the rest is room for strangers.</summary>
    public const int PendingMax = 8;

    /// <summary>The same refusal is logged once in this time, or a port scan would fill the disk.</summary>
    private const long RefusalSilenceMs = 10_000;

    private readonly PeerIdentity _identity;
    private readonly Func<PeerHello> _own;
    private readonly Action<PeerLink> _accepted;
    private readonly Action<IPAddress, string>? _refused;
    private readonly ILogger _log;
    private readonly Socket _socket;
    private readonly WakeEvent _stop = new();
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly LinkedList<WakeEvent> _pending = new();
    private readonly Dictionary<ulong, ControlHalf> _halves = [];
    private readonly Dictionary<string, long> _logged = [];
    private bool _disposed;

    private sealed record ControlHalf(PeerConnection Connection, PeerHello Peer, long Deadline);

    /// <summary>Begins to listen.</summary>
    /// <param name="own">Asked on each link for what this node says of its replica; from any thread.</param>
    /// <param name="accepted">Is given each link and owns it; called from any thread, must return at once.</param>
    /// <param name="refused">Told the address of each that cannot become a target and why (another release, cluster or key), as
    /// a sentence; called from any thread.</param>
    /// <exception cref="IOException">The address or port cannot be used; the message is a sentence.</exception>
    public PeerListener(PeerIdentity identity, IPEndPoint local, Func<PeerHello> own, Action<PeerLink> accepted, ILogger log,
        Action<IPAddress, string>? refused = null)
    {
        (_identity, _own, _accepted, _log, _refused) = (identity, own, accepted, log, refused);
        _socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            _socket.Bind(local); // .NET's own Bind lets a port in TIME_WAIT be taken; asking for reuse would share a live one
            _socket.Listen(PendingMax);
        }
        catch (SocketException failure)
        {
            _socket.Dispose();
            _stop.Dispose();
            throw new IOException($"Module {identity.Module} cannot listen on {local}: {failure.Message}. "
                + "Another program or module may hold the port, or the address is not this node's (cluster.xml).", failure);
        }
        LocalEndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _log.Listening(identity.Module, LocalEndPoint.ToString());
        _thread = new Thread(Accept) { IsBackground = true, Name = $"listen {identity.Module}" };
        _thread.Start();
    }

    /// <summary>Where it listens; the port is the real one when 0 was asked for.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Not null: whoever dials is proven, then refused with this sentence. Any thread may set it.</summary>
    public string? Refusal { get; set; }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (var cancel in _pending)
                cancel.Set();
        }
        _stop.Set();
        _thread.Join();
        _socket.Dispose();
        _stop.Dispose();
        lock (_gate)
        {
            foreach (var half in _halves.Values)
                half.Connection.Dispose();
            _halves.Clear();
        }
    }

    private void Accept()
    {
        var entries = stackalloc NativePoll[2];
        entries[0] = new NativePoll { Descriptor = (int)_socket.SafeHandle.DangerousGetHandle(), Events = NativePoll.In };
        entries[1] = new NativePoll { Descriptor = _stop.Descriptor, Events = NativePoll.In };
        while (true)
        {
            var ready = Shim.Poll(entries, 2, DropLateHalves());
            if (entries[1].Happened != 0)
                return;
            if (ready < 0)
                _log.ListenerFailed(_identity.Module, Errno.Describe(-ready));
            if (ready > 0)
                AcceptOne();
        }
    }

    private void AcceptOne()
    {
        try
        {
            var socket = _socket.Accept();
            var cancel = new WakeEvent();
            lock (_gate)
            {
                if (_pending.Count >= PendingMax)
                {
                    _pending.First!.Value.Set();
                    _pending.RemoveFirst();
                }
                _pending.AddLast(cancel);
            }
            new Thread(() => Serve(socket, cancel)) { IsBackground = true, Name = $"hello {_identity.Module}" }.Start();
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.WouldBlock or SocketError.ConnectionAborted)
        {
            // Who dialled was gone before it was accepted; the next poll waits for the next one.
        }
        catch (SocketException failure)
        {
            // Out of descriptors, most likely: a pause keeps this from filling the log and the processor.
            Report(failure.Message);
            Thread.Sleep(50);
        }
    }

    private void Serve(Socket socket, WakeEvent cancel)
    {
        PeerConnection? connection = null;
        var kept = false;
        try
        {
            var remote = ((IPEndPoint)socket.RemoteEndPoint!).Address;
            connection = new PeerConnection(socket, true, _identity);
            var deadline = Environment.TickCount64 + (long)PeerIdentity.HelloTimeout.TotalMilliseconds;
            var hello = new PeerHandshake(connection, _identity, false, deadline, cancel.Descriptor);
            kept = Answer(hello, connection, out var foreign);
            if (foreign)
                _refused?.Invoke(remote, hello.Failure);
            if (!kept)
                Report(hello.Failure);
        }
        catch (Exception failure)
        {
            Report(failure.Message); // the edge of this thread: a stranger's connection must not end the process
        }
        finally
        {
            if (!kept)
                connection?.Dispose();
            lock (_gate)
                _pending.Remove(cancel);
            cancel.Dispose();
        }
    }

    /// <summary>Returns whether the connection was kept.</summary>
    /// <param name="foreign">It was not, for who dialled is of another release, cluster or key.</param>
    private bool Answer(PeerHandshake hello, PeerConnection connection, out bool foreign)
    {
        foreign = true;
        if (!hello.Secure() || !hello.ReadHello())
            return false;
        if (hello.Objection() is { } objection)
            return Refuse(hello, objection);
        var (kind, session) = (hello.Other!.Kind, hello.Other.Session);
        foreign = false;
        if (!hello.SendHello(kind, session))
            return false;
        if (!hello.ReadIntroduction(kind == ConnectionKind.Control))
        {
            foreign = true;
            hello.Refuse(hello.Failure);
            return false;
        }
        return kind == ConnectionKind.Control ? KeepControl(hello, connection, session) : KeepData(hello, connection, session);
    }

    private bool KeepControl(PeerHandshake hello, PeerConnection connection, ulong session)
    {
        if (Refusal is { } refusal)
            return Refuse(hello, refusal);
        // In the table before the answer: the data connection may arrive the instant that the answer has left.
        lock (_gate)
        {
            var half = new ControlHalf(connection, hello.Peer!, Environment.TickCount64 + (long)PeerIdentity.HelloTimeout.TotalMilliseconds);
            if (_disposed || _halves.Count >= PendingMax || !_halves.TryAdd(session, half))
                return hello.Fail($"{connection.Remote} dials again before its last link was made.");
        }
        if (hello.SendIntroduction(_own()))
            return true;
        lock (_gate)
            return !_halves.Remove(session);
    }

    private bool KeepData(PeerHandshake hello, PeerConnection connection, ulong session)
    {
        ControlHalf? half;
        lock (_gate)
            _halves.Remove(session, out half);
        if (half is null)
            return Refuse(hello, "No control connection waits for this data connection.");
        if (!hello.SendIntroduction(null))
        {
            half.Connection.Dispose();
            return false;
        }
        var link = new PeerLink(true, half.Peer, connection, half.Connection);
        _log.Linked(connection.Remote, _identity.Module, link.Number);
        bool late;
        lock (_gate)
            late = _disposed;
        if (late)
            link.Close("The module stops on this node.");
        else
            _accepted(link);
        return true;
    }

    private static bool Refuse(PeerHandshake hello, string sentence)
    {
        hello.Refuse(sentence);
        return hello.Fail(sentence);
    }

    /// <summary>Closes control connections whose data connection did not come; ms until the next look: a second at most,
    /// because a half that comes meanwhile wakes nobody.</summary>
    private int DropLateHalves()
    {
        lock (_gate)
        {
            var now = Environment.TickCount64;
            foreach (var (session, half) in _halves.Where(half => half.Value.Deadline <= now).ToArray())
            {
                _halves.Remove(session);
                half.Connection.Dispose();
                Report($"{half.Connection.Remote} made no data connection in time.");
            }
            return _halves.Count == 0 ? 1000 : (int)Math.Clamp(_halves.Values.Min(half => half.Deadline) - now, 1, 1000);
        }
    }

    private void Report(string sentence)
    {
        lock (_gate)
        {
            var now = Environment.TickCount64;
            if (_logged.TryGetValue(sentence, out var last) && now - last < RefusalSilenceMs)
                return;
            if (_logged.Count > 64)
                _logged.Clear();
            _logged[sentence] = now;
        }
        _log.Refused(_identity.Module, sentence);
    }
}
