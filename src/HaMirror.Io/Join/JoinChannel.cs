// One TLS 1.3 connection with the join secret's derivative as pre-shared key. A message is its length (4 bytes,
// little-endian) and that many bytes. Every wait is bounded by the one deadline of the whole conversation.
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using HaMirror.Io.Native;

namespace HaMirror.Io.Join;

/// <summary>Carries the cluster's configuration and key over to the node that joins. Blocks; for one thread.</summary>
public sealed unsafe class JoinChannel : IDisposable
{
    /// <summary>Neither side ever has more to say: a cluster.xml of a few LANs and 32 bytes of key.</summary>
    public const int MessageBytesMax = 64 << 10;

    private const string Identity = "hamirror join 1";

    private readonly Socket _socket;
    private readonly ConnHandle _conn;
    private readonly long _deadline;
    private readonly int _descriptor;

    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="server">This end accepted the connection.</param>
    /// <param name="timeout">For the whole conversation.</param>
    /// <exception cref="IOException">The handshake failed, as it does when the two secrets differ.</exception>
    public JoinChannel(Socket socket, bool server, ReadOnlySpan<byte> secret, TimeSpan timeout)
    {
        _socket = socket;
        _deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        _descriptor = (int)socket.Handle;
        Span<byte> key = stackalloc byte[Shim.ConnKeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, [], "hamirror join"u8);
        fixed (byte* pointer = key) _conn = Shim.ConnTls(_descriptor, server ? 1 : 0, pointer, Identity);
        CryptographicOperations.ZeroMemory(key);
        try
        {
            if (_conn.IsInvalid) throw new IOException("The system has no memory for a connection.");
            Handshake();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">The other end left or the time is over.</exception>
    public void Send(ReadOnlySpan<byte> message)
    {
        var bytes = new byte[4 + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, message.Length);
        message.CopyTo(bytes.AsSpan(4));
        fixed (byte* start = bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var part = new NativeVector { Data = start + at, Bytes = (nuint)(bytes.Length - at) };
                var sent = Shim.ConnSend(_conn, &part, 1);
                if (sent < 0) throw Ended(sent);
                if (sent == 0) Wait(NativePoll.Out);
                at += (int)sent;
            }
        }

        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <exception cref="IOException">The other end left, said something impossible, or the time is over.</exception>
    public byte[] Receive()
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(Receive(4));
        return length is >= 0 and <= MessageBytesMax
            ? Receive(length)
            : throw new IOException($"The other node announced a message of {length} bytes, more than {MessageBytesMax}.");
    }

    public void Dispose()
    {
        _conn.Dispose();
        _socket.Dispose();
    }

    private byte[] Receive(int length)
    {
        var bytes = new byte[length];
        fixed (byte* start = bytes)
        {
            for (var at = 0; at < length;)
            {
                var got = Shim.ConnReceive(_conn, start + at, (ulong)(length - at));
                if (got == 0) throw new IOException("The other node ended the connection.");
                if (got == -Errno.EAGAIN) Wait(NativePoll.In);
                else if (got < 0) throw Ended(got);
                else at += (int)got;
            }
        }

        return bytes;
    }

    private void Handshake()
    {
        while (true)
        {
            switch (Shim.ConnHandshake(_conn))
            {
                case 0: return;
                case 1: Wait(NativePoll.In); break;
                case 2: Wait(NativePoll.Out); break;
                case var failure: throw Ended(failure);
            }
        }
    }

    private void Wait(short events)
    {
        var left = _deadline - Environment.TickCount64;
        if (left <= 0) throw new IOException("The other node did not answer in time.");
        var entry = new NativePoll { Descriptor = _descriptor, Events = events };
        var ready = Shim.Poll(&entry, 1, (int)left);
        if (ready < 0) throw Ended(ready);
    }

    private static IOException Ended(long failure) => new($"The connection failed: {Errno.Describe((int)-failure)}.");
}
