// Frames that wait to leave over the control connection, in order.
// Invariant: bytes that the connection was offered stay at the front until it took them, as TLS demands.
using System.Text;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>Outgoing side of a control connection; used by the connection's owner only.</summary>
public sealed unsafe class ControlQueue(PeerConnection connection)
{
    /// <summary>More waiting than this means that the peer does not read: the link is to be ended.</summary>
    public const int WaitingBytesMax = 64 << 20;

    private byte[] _bytes = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Frames wait for the connection to become writable.</summary>
    public bool IsWaiting => _end > _start;

    /// <summary>Bytes that wait.</summary>
    public int WaitingBytes => _end - _start;

    /// <summary>When bytes last left, in ms of <see cref="Environment.TickCount64"/>.</summary>
    public long LastSent { get; private set; } = Environment.TickCount64;

    /// <summary>Queues a frame; it leaves with the next <see cref="Flush"/>.</summary>
    public void Add(
        FrameType type, FrameFlags flags = FrameFlags.None, ulong sequence = 0, ulong file = 0, ulong offset = 0,
        uint argument = 0, ReadOnlySpan<byte> payload = default)
    {
        Reserve(FrameHeader.Size + payload.Length);
        new FrameHeader(type, flags, payload.Length, Crc32C.Compute(payload), sequence, file, offset, argument)
            .Write(_bytes.AsSpan(_end, FrameHeader.Size));
        payload.CopyTo(_bytes.AsSpan(_end + FrameHeader.Size));
        _end += FrameHeader.Size + payload.Length;
    }

    /// <summary>Queues the last frame of a link.</summary>
    public void AddBye(string sentence)
    {
        var bytes = Encoding.UTF8.GetBytes(sentence);
        Add(FrameType.Bye, payload: bytes.AsSpan(0, Math.Min(bytes.Length, WireProtocol.SentenceBytesMax)));
    }

    /// <summary>Sends what the connection takes. Returns null, or a sentence when the connection is dead.</summary>
    public string? Flush()
    {
        fixed (byte* bytes = _bytes)
            while (_end > _start)
            {
                var part = new NativeVector { Data = bytes + _start, Bytes = (nuint)(_end - _start) };
                var taken = connection.Send(&part, 1);
                if (taken < 0)
                    return $"The control connection to {connection.Remote} broke: {Errno.Describe((int)-taken)}.";
                if (taken == 0)
                    return IsOverfull
                        ? $"The peer at {connection.Remote} does not take what it is sent."
                        : null;
                _start += (int)taken;
                LastSent = Environment.TickCount64;
            }
        _start = _end = 0;
        return null;
    }

    private bool IsOverfull => _end - _start > WaitingBytesMax;

    private void Reserve(int bytes)
    {
        if (_bytes.Length - _end >= bytes)
            return;
        var waiting = _end - _start;
        var room = waiting + bytes <= _bytes.Length / 2 ? _bytes : new byte[Math.Max(_bytes.Length * 2, (waiting + bytes) * 2)];
        _bytes.AsSpan(_start, waiting).CopyTo(room);
        (_bytes, _start, _end) = (room, 0, waiting);
    }
}
