// TLS 1.3 with a key that both nodes derive from the cluster's, as a stream for what is neither replication nor a heartbeat: one
// node's questions to the other. Nothing blocks a thread: what cannot go on waits for the socket. The shim's connection is for one
// thread at a time, so each call of it is made under a lock, and none of them waits.
using System.Net.Sockets;
using System.Security.Cryptography;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>An authenticated, encrypted stream between the two nodes. One reader and one writer at a time.</summary>
public sealed class NodeStream : Stream
{
    private const string Identity = "hamirror requests 1";
    private static readonly TimeSpan TakenTimeout = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly ConnHandle _conn;
    private readonly Lock _lock = new();
    private bool _disposed;

    private unsafe NodeStream(Socket socket, bool server, ReadOnlySpan<byte> key)
    {
        _socket = socket;
        Span<byte> copy = stackalloc byte[Shim.ConnKeyBytes];
        key.CopyTo(copy);
        fixed (byte* pointer = copy) _conn = Shim.ConnTls((int)socket.Handle, server ? 1 : 0, pointer, Identity);
        CryptographicOperations.ZeroMemory(copy);
        if (_conn.IsInvalid) throw new IOException("The system has no memory for a connection.");
    }

    /// <param name="socket">Connected; owned from here on, whatever happens.</param>
    /// <param name="server">This end accepted the connection.</param>
    /// <param name="key">32 bytes, the same on both nodes.</param>
    /// <exception cref="IOException">The handshake failed: the other end has another key, most likely.</exception>
    public static async Task<NodeStream> OpenAsync(Socket socket, bool server, ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        NodeStream? stream = null;
        try
        {
            stream = new NodeStream(socket, server, key.Span);
            await stream.HandshakeAsync(cancellation);
            return stream;
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("A connection has no length.");

    public override long Position
    {
        get => throw new NotSupportedException("A connection has no position.");
        set => throw new NotSupportedException("A connection has no position.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var got = Receive(buffer);
            if (got >= 0) return (int)got;
            if (got != -Errno.EAGAIN) throw Ended(got);
            await ReadableAsync(cancellationToken);
            if (buffer.IsEmpty) return 0; // A caller that only waits until there is something.
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var sent = Send(buffer);
            if (sent < 0) throw Ended(sent);
            if (sent == 0) await WritableAsync(cancellationToken);
            buffer = buffer[(int)sent..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        // What was written has left.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream never blocks: use ReadAsync.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream never blocks: use WriteAsync.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A connection has no position.");

    public override void SetLength(long value) => throw new NotSupportedException("A connection has no length.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_lock)
            {
                if (_disposed) return;
                _disposed = true;
                _conn.Dispose();
            }

            _socket.Dispose(); // Wakes whoever waits for it.
        }

        base.Dispose(disposing);
    }

    private async Task HandshakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            int step;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                step = Shim.ConnHandshake(_conn);
            }

            switch (step)
            {
                case 0: return;
                case 1: await ReadableAsync(cancellation); break;
                case 2: await WritableAsync(cancellation); break;
                default: throw Ended(step);
            }
        }
    }

    private unsafe long Receive(Memory<byte> buffer)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (buffer.IsEmpty) return Shim.ConnPending(_conn) > 0 ? 0 : -Errno.EAGAIN;
            fixed (byte* start = buffer.Span) return Shim.ConnReceive(_conn, start, (ulong)buffer.Length);
        }
    }

    private unsafe long Send(ReadOnlyMemory<byte> buffer)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            fixed (byte* start = buffer.Span)
            {
                var part = new NativeVector { Data = start, Bytes = (nuint)buffer.Length };
                return Shim.ConnSend(_conn, &part, 1);
            }
        }
    }

    /// <summary>A receive of nothing completes when something is there, or the other end has left.</summary>
    private async ValueTask ReadableAsync(CancellationToken cancellation)
    {
        try
        {
            _ = await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellation);
        }
        catch (SocketException error)
        {
            throw new IOException($"The connection to the other node failed: {error.Message}.", error);
        }
    }

    /// <summary>Seldom needed: requests fit into the socket's buffer. A thread waits, for a bounded time.</summary>
    private async Task WritableAsync(CancellationToken cancellation)
    {
        var descriptor = (int)_socket.Handle;
        var ready = await Task.Run(() => PollWritable(descriptor), cancellation);
        if (ready == 0) throw new IOException($"The other node took nothing for {TakenTimeout.TotalSeconds:0} s.");
        if (ready < 0) throw Ended(ready);
    }

    private static unsafe int PollWritable(int descriptor)
    {
        var entry = new NativePoll { Descriptor = descriptor, Events = NativePoll.Out };
        return Shim.Poll(&entry, 1, (int)TakenTimeout.TotalMilliseconds);
    }

    private static IOException Ended(long failure) => new($"The connection to the other node failed: {Errno.Describe((int)-failure)}.");
}
