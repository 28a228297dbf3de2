// One TCP connection of a replication link, plain or encrypted. Never waits: whoever owns it polls its descriptor.
// Invariants: used by one thread at a time (the shim's rule); the socket outlives the shim's handle; the socket is never
// given to .NET's own asynchronous calls, which would register it with their event loop for good.
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>A connection to the peer, for one thread at a time.</summary>
public sealed unsafe class PeerConnection : IDisposable
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReceiveLowWater = 18; // SO_RCVLOWAT

    private readonly Socket _socket;
    private readonly ConnHandle _handle;
    private readonly bool _isEncrypted;
    private int _wakesAt = 1;

    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="server">This end accepted the connection.</param>
    /// <exception cref="OutOfMemoryException">The system has no memory left.</exception>
    internal PeerConnection(Socket socket, bool server, PeerIdentity identity)
    {
        _socket = socket;
        _isEncrypted = identity.Encryption;
        // Without the port on the accepting end: it differs each time, and would make every refusal's sentence a new one.
        Remote = (server ? (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() : socket.RemoteEndPoint?.ToString())
            ?? "an unknown address";
        Descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        fixed (byte* key = identity.Key.Span)
            _handle = identity.Encryption
                ? Shim.ConnTls(Descriptor, server ? 1 : 0, key, identity.Cluster.ToString("n"))
                : Shim.ConnPlain(Descriptor);
        if (_handle.IsInvalid)
        {
            socket.Dispose();
            throw new OutOfMemoryException($"The system has no memory for a connection to {Remote}.");
        }
    }

    /// <summary>The socket, to be polled.</summary>
    public int Descriptor { get; }

    /// <summary>Address of the other end, with its port where this end dialled.</summary>
    public string Remote { get; }

    /// <summary>Bytes are here that a poll of <see cref="Descriptor"/> would not show.</summary>
    public bool HasPending => Shim.ConnPending(_handle) > 0;

    /// <summary>Bytes taken, 0: wait for writable and offer the same bytes again, or -errno.</summary>
    public long Send(NativeVector* parts, int count) => Shim.ConnSend(_handle, parts, count);

    /// <summary>Bytes received, 0: the peer closed, -EAGAIN: nothing waits, or another -errno.</summary>
    public long Receive(byte* buffer, ulong bytes) => Shim.ConnReceive(_handle, buffer, bytes);

    /// <summary>A poll shows the connection as readable once so many bytes are there, or its end. Only for bytes that are known
    /// to follow: each waking then takes many of them, and each acknowledgement of TCP's covers many. Records are decrypted as a
    /// whole, so an encrypted connection goes on waking at the first byte.</summary>
    public void WakeAt(int bytes)
    {
        if (_isEncrypted || bytes == _wakesAt)
            return;
        _wakesAt = bytes;
        _socket.SetRawSocketOption(SocketLevel, ReceiveLowWater, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in bytes)));
    }

    /// <summary>As <c>hm_conn_handshake</c>: 0 done, 1 wait for readable, 2 for writable, or -errno.</summary>
    internal int Handshake() => Shim.ConnHandshake(_handle);

    /// <summary>Ends the connection in both directions; any thread.</summary>
    public void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // It has ended already, which is what is wanted.
        }
    }

    /// <summary>Closes at once; what was sent and not yet taken by the kernel is lost.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        _socket.Dispose();
    }
}
