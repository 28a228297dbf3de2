// Turns what a connection receives into frames: a Pipe is filled without waiting and parsed by the same thread.
// Invariant: a payload that was handed out stays valid until Release, and no byte is received in between into its place.
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

    private ReadOnlySequence<byte> _rest;
    private bool _reading;
    private bool _needsMore;

    /// <summary>When bytes last arrived, in ms of <see cref="Environment.TickCount64"/>.</summary>
    public long LastReceived { get; private set; } = Environment.TickCount64;

    /// <summary>Set once nothing more will come: why, as a sentence.</summary>
    public string? Ended { get; private set; }

    /// <summary>Receives what is there, up to a budget. Returns the bytes; 0 with <see cref="Ended"/> set: nothing more
    /// will come.</summary>
    /// <remarks>Must not be called between <see cref="TryRead"/> and <see cref="Release"/>.</remarks>
    public long Fill(long bytesMax)
    {
        long total = 0;
        while (total < bytesMax && Ended is null)
        {
            var memory = _pipe.Writer.GetMemory(4096);
            long received;
            fixed (byte* at = memory.Span)
                received = connection.Receive(at, (ulong)memory.Length);
            if (received == -Errno.EAGAIN)
                break;
            if (received <= 0)
            {
                Ended = received == 0
                    ? $"The peer at {connection.Remote} closed the connection."
                    : $"The connection to {connection.Remote} broke: {Errno.Describe((int)-received)}.";
                break;
            }
            _pipe.Writer.Advance((int)received);
            total += received;
            // Less than was asked for: the socket is empty, and asking again would only cost a system call. An encrypted
            // connection returns one record at a time, so it is asked until it says no.
            if (received < memory.Length && !connection.HasPending && received % 16384 != 0)
                break;
        }
        if (total > 0)
        {
            LastReceived = Environment.TickCount64;
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
            status = FrameReadStatus.NeedMore;
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

    /// <summary>Gives the payloads of all frames read so far back.</summary>
    public void Release()
    {
        if (!_reading)
            return;
        _pipe.Reader.AdvanceTo(_rest.Start, _needsMore ? _rest.End : _rest.Start);
        _reading = false;
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
