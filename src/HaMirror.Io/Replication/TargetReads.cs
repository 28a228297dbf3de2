// Reads for a source whose own disk is detached (PeerReads.cs is the other half).
// Invariants: (1) a read is done only once every frame that it must come behind is in the file, or under way in front of it;
// (2) no more is read ahead of the connection than it takes.
using System.Buffers.Binary;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>The target's half. Belongs to the session's thread.</summary>
internal sealed unsafe class TargetReads(PeerLink link, TargetStream stream) : IDisposable
{
    /// <summary>Answers that may wait for the connection.</summary>
    private const int WaitingBytesMax = 4 << 20;

    private readonly Queue<(FrameHeader Header, ulong After)> _asked = new();
    private readonly ControlQueue _answers = new(link.Data);
    private readonly PageBlock _room = new(FrameHeader.PayloadLengthMax);

    public bool WaitsToSend => _answers.IsWaiting;

    public void Ask(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != sizeof(ulong) || header.Argument is 0 or > FrameHeader.PayloadLengthMax)
            throw TargetException.Violation($"a read of {header.Argument} bytes.");
        _asked.Enqueue((header, BinaryPrimitives.ReadUInt64LittleEndian(payload)));
    }

    /// <summary>Answers what can be answered, and sends.</summary>
    /// <returns>Null, or why the link is over.</returns>
    public string? Serve()
    {
        while (_asked.TryPeek(out var asked) && asked.After <= stream.LastBegun && _answers.WaitingBytes < WaitingBytesMax)
        {
            _asked.Dequeue();
            var header = asked.Header;
            var result = stream.Read(header.File, header.Offset, header.Argument, _room.Address);
            _answers.Add(
                FrameType.ReadAnswer, sequence: header.Sequence, argument: result < 0 ? (uint)-result : 0,
                payload: new ReadOnlySpan<byte>(_room.Address, (int)Math.Max(result, 0)));
        }
        return _answers.IsWaiting ? _answers.Flush() : null;
    }

    public void Dispose() => _room.Dispose();
}
