// Turns what a connection receives into frames: a Pipe is filled without waiting and parsed by the same thread.
// Invariants: (1) a payload that was handed out stays valid until Release, and no byte is received in between into its
// place; (2) while a payload is received in place, the pipe is empty.
using System.Buffers;
using System.IO.Pipelines;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Peer;

/// <summary>Incoming side of a connection; used by the connection's owner only.</summary>
public sealed unsafe class FrameReader(PeerConnection connection)
{
    /// <summary>One receive takes at most this: large enough for a batch of small writes, small enough to be pooled.</summary>
    private const int SegmentBytes = 256 << 10;

    // No pause threshold: Fill's budget is the back-pressure, and FlushAsync must never wait for this same thread.
    private readonly Pipe _pipe = new(new PipeOptions(
        MemoryPool<byte>.Shared, PipeScheduler.Inline, PipeScheduler.Inline, 0, 0, SegmentBytes, useSynchronizationContext: false));

    /// <summary>What is received after a payload in place: the next frame's header and little more, so that a large payload
    /// behind it can be received in place again.</summary>
    private const int HeadBytes = 4096;

    /// <summary>An encrypted connection returns whole records of this many bytes at most.</summary>
    private const int RecordBytes = 16384;

    /// <summary>Of a payload in place, so much is worth waking for.</summary>
    private const int WakeBytes = 128 << 10;

    private byte* _place;
    private FrameHeader _placeHeader;
    private int _placed;
    private bool _headOnly;
    private ReadOnlySequence<byte> _rest;
    private bool _reading;
    private bool _needsMore;

    /// <summary>When bytes last arrived, in ms of <see cref="Environment.TickCount64"/>.</summary>
    public long LastReceived { get; private set; } = Environment.TickCount64;

    /// <summary>Set once nothing more will come: why, as a sentence.</summary>
    public string? Ended { get; private set; }

    /// <summary>The frame whose payload is not here in whole, after <see cref="TryRead"/> asked for more and before
    /// <see cref="Release"/>.</summary>
    public FrameHeader? Incomplete { get; private set; }

    /// <summary>Receives what is there, up to a budget. Returns the bytes; 0 with <see cref="Ended"/> set: nothing more
    /// will come.</summary>
    /// <remarks>Must not be called between <see cref="TryRead"/> and <see cref="Release"/>.</remarks>
    public long Fill(long bytesMax)
    {
        if (_place is not null)
            return FillPlace();
        long total = 0;
        while (total < bytesMax && Ended is null)
        {
            var memory = _pipe.Writer.GetMemory(HeadBytes);
            var room = _headOnly ? HeadBytes : memory.Length;
            long received;
            fixed (byte* at = memory.Span)
                received = Receive(at, room);
            if (received <= 0)
                break;
            _pipe.Writer.Advance((int)received);
            total += received;
            if (_headOnly || IsDry(received, room))
            {
                _headOnly = false;
                break;
            }
        }
        if (total > 0)
        {
            var flushed = _pipe.Writer.FlushAsync();
            if (!flushed.IsCompletedSuccessfully)
                throw new InvalidOperationException("A pipe without a limit made its writer wait.");
        }
        return total;
    }

    /// <summary>The next frame that is whole; its payload's checksum is right and valid until <see cref="Release"/>.</summary>
    public FrameReadStatus TryRead(out FrameHeader header, out ReadOnlySequence<byte> payload)
    {
        header = default;
        payload = default;
        Incomplete = null;
        if (_place is not null)
            return TryReadPlace(out header);
        if (!_reading)
        {
            if (!_pipe.Reader.TryRead(out var result))
                return FrameReadStatus.NeedMore;
            _rest = result.Buffer;
            _reading = true;
        }
        _needsMore = false;
        var status = FrameHeader.TryRead(_rest, out header);
        if (status == FrameReadStatus.Frame && _rest.Length - FrameHeader.Size < header.PayloadLength)
        {
            status = FrameReadStatus.NeedMore;
            Incomplete = header;
        }
        if (status != FrameReadStatus.Frame)
        {
            _needsMore = status == FrameReadStatus.NeedMore;
            return status;
        }
        payload = _rest.Slice(FrameHeader.Size, header.PayloadLength);
        if (Sum(payload) != header.PayloadCrc)
            return FrameReadStatus.Violation;
        _rest = _rest.Slice(payload.End);
        return FrameReadStatus.Frame;
    }

    /// <summary>Has the rest of the <see cref="Incomplete"/> frame's payload received where it is needed, which saves a copy.
    /// <see cref="TryRead"/> returns that frame next, with an empty payload.</summary>
    /// <param name="to">Room for the whole payload, valid until then.</param>
    public void ReceiveInPlace(byte* to)
    {
        _placeHeader = Incomplete ?? throw new InvalidOperationException("No frame is incomplete.");
        var begun = _rest.Slice(FrameHeader.Size);
        begun.CopyTo(new Span<byte>(to, _placeHeader.PayloadLength));
        _place = to;
        _placed = (int)begun.Length;
        _rest = _rest.Slice(_rest.End);
        _needsMore = false;
        Incomplete = null;
        ExpectPlace();
    }

    private void ExpectPlace() => connection.WakeAt(Math.Clamp(_placeHeader.PayloadLength - _placed, 1, WakeBytes));

    /// <summary>Gives the payloads of all frames read so far back.</summary>
    public void Release()
    {
        Incomplete = null;
        if (!_reading)
            return;
        _pipe.Reader.AdvanceTo(_rest.Start, _needsMore ? _rest.End : _rest.Start);
        _reading = false;
    }

    /// <summary>As the connection's, and 0 with <see cref="Ended"/> set when nothing more will come.</summary>
    private long Receive(byte* to, int bytes)
    {
        var received = connection.Receive(to, (ulong)bytes);
        if (received > 0)
            LastReceived = Environment.TickCount64;
        if (received > 0 || received == -Errno.EAGAIN)
            return received;
        Ended = received == 0
            ? $"The peer at {connection.Remote} closed the connection."
            : $"The connection to {connection.Remote} broke: {Errno.Describe((int)-received)}.";
        return 0;
    }

    /// <summary>Less came than was asked for: the socket is empty, and asking again would only cost a system call. Whole
    /// records may be followed by another one.</summary>
    private bool IsDry(long received, int room) =>
        received < room && !connection.HasPending && received % RecordBytes != 0;

    private long FillPlace()
    {
        long total = 0;
        while (_placed < _placeHeader.PayloadLength)
        {
            var room = _placeHeader.PayloadLength - _placed;
            var received = Receive(_place + _placed, room);
            if (received <= 0)
                break;
            _placed += (int)received;
            total += received;
            if (IsDry(received, room))
                break;
        }
        ExpectPlace();
        return total;
    }

    private FrameReadStatus TryReadPlace(out FrameHeader header)
    {
        header = default;
        if (_placed < _placeHeader.PayloadLength)
            return FrameReadStatus.NeedMore;
        header = _placeHeader;
        var sum = Shim.Crc32C(0, _place, (ulong)_placed);
        _place = null;
        _headOnly = true;
        return sum == header.PayloadCrc ? FrameReadStatus.Frame : FrameReadStatus.Violation;
    }

    private static uint Sum(in ReadOnlySequence<byte> payload)
    {
        if (payload.IsSingleSegment)
            return Sum(payload.FirstSpan, 0);
        uint sum = 0;
        foreach (var part in payload)
            sum = Sum(part.Span, sum);
        return sum;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint seed)
    {
        fixed (byte* at = bytes)
            return Shim.Crc32C(seed, at, (ulong)bytes.Length);
    }
}
