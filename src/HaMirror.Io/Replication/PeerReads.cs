// Reads that the peer does for a node whose disk is detached.
// The question goes over the control connection, so that it overtakes bulk data, and says behind which frame of the stream it
// is to be answered; the answer comes over the data connection, whose way back nothing else uses.
// Invariant: an answer is taken for the question that it names, or not at all.
using System.Buffers;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>The source's half. Belongs to the pump's thread.</summary>
internal sealed unsafe class PeerReads(PeerLink link)
{
    /// <summary>A number is a count and the slot's index below it.</summary>
    private const int SlotCount = 256;

    private const long ReceiveBudgetBytes = 8 << 20;

    /// <summary>fuse_dev_do_write refuses an answer with this error or a larger one, and whoever asked would wait for ever.</summary>
    private const uint ErrorEnd = 512;

    private readonly FrameReader _reader = new(link.Data);
    private readonly ulong[] _asked = new ulong[SlotCount];
    private ulong _count;

    /// <summary>Reads that have no answer yet.</summary>
    public int Owed { get; private set; }

    /// <summary>When an answer last came, in ms of TickCount64.</summary>
    public long LastAnswer { get; private set; }

    public bool HasPending => Owed > 0 && link.Data.HasPending;

    /// <param name="after">Sequence of the frame that must be in the file first.</param>
    public void Ask(int slot, ulong after, ulong file, ulong offset, uint bytes)
    {
        if (Owed++ == 0)
            LastAnswer = Environment.TickCount64;
        var number = _asked[slot] = (++_count * SlotCount) + (ulong)slot;
        Span<byte> payload = stackalloc byte[sizeof(ulong)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(payload, after);
        link.Outgoing.Add(FrameType.ReadRequest, sequence: number, file: file, offset: offset, argument: bytes, payload: payload);
    }

    /// <summary>Takes the answers that have come.</summary>
    /// <param name="room">Where the bytes of a slot's read belong, and how many there may be.</param>
    /// <param name="done">Told the slot and the bytes that it was given, or -errno.</param>
    /// <returns>Null, or why the link is over.</returns>
    public string? Receive(Func<int, (nint Address, uint Bytes)> room, Action<int, long> done)
    {
        _reader.Fill(ReceiveBudgetBytes);
        string? reason = null;
        while (reason is null)
        {
            var status = _reader.TryRead(out var header, out var payload);
            if (status == FrameReadStatus.NeedMore)
                break;
            reason = status == FrameReadStatus.Violation || header.Type != FrameType.ReadAnswer
                ? $"{link.Peer.NodeName} sent a frame on the data connection that is damaged or does not belong there."
                : Take(header, payload, room, done);
        }
        _reader.Release();
        return reason ?? _reader.Ended;
    }

    private string? Take(in FrameHeader header, in ReadOnlySequence<byte> payload, Func<int, (nint Address, uint Bytes)> room, Action<int, long> done)
    {
        var slot = (int)(header.Sequence % SlotCount);
        if (_asked[slot] != header.Sequence)
            return $"{link.Peer.NodeName} answered read {header.Sequence}, which was never asked for.";
        var (address, bytes) = room(slot);
        if (payload.Length > bytes || header.Argument >= ErrorEnd)
            return $"{link.Peer.NodeName} answered a read of {bytes} bytes with {payload.Length} and the error {header.Argument}.";
        _asked[slot] = 0;
        Owed--;
        LastAnswer = Environment.TickCount64;
        if (header.Argument != 0)
        {
            done(slot, -(long)header.Argument);
            return null;
        }
        payload.CopyTo(new Span<byte>((byte*)address, (int)payload.Length));
        done(slot, payload.Length);
        return null;
    }
}
