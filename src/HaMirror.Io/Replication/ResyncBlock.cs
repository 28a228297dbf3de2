// How a block of data is sent: not at all when it is zeros, compressed when that pays, else as it is.
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Sends blocks of a resync. Belongs to the pump's thread.</summary>
internal sealed unsafe class ResyncBlock(SourceLink link, IResyncHost host, ResyncProgress progress)
{
    /// <summary>Below an eighth of gain the time to pack and unpack costs more than the bytes.</summary>
    private const int GainShift = 3;

    /// <summary>A sample decides whether packing the whole block is tried.</summary>
    private const int SampleBytes = 16 << 10;

    /// <summary>Blocks below this are sent as they are.</summary>
    private const int PackedBytesMin = 4096;

    private readonly PackingRule _packing = new();

    /// <summary>Bytes wait for the link, or a cap counts them: making them fewer is worth time.</summary>
    public bool IsLinkBehind { get; set; }

    private ulong _lastSequence;
    private long _bytesUnderWay;

    /// <summary>Payload bytes of blocks that the peer does not hold yet, as far as it matters: nothing once it holds the last one.</summary>
    public long BytesUnderWay => _bytesUnderWay = link.Window.Received < _lastSequence ? _bytesUnderWay : 0;

    /// <returns>Payload bytes that will cross the link.</returns>
    public long Send(int token, FileCopy file, ulong offset, byte* data, int bytes)
    {
        if (bytes == 0)
        {
            host.Release(token);
            return 0;
        }
        if (Shim.IsZero(data, (ulong)bytes) == 1)
        {
            link.SendRange(FrameType.ResyncZero, file.WireFile, offset, (ulong)bytes, 0, -1);
            host.Release(token);
            return sizeof(ulong);
        }
        var packed = 0;
        if (bytes >= PackedBytesMin && _packing.Tries(IsLinkBehind))
        {
            packed = Pack(data, bytes, host.Spare(token));
            _packing.Learn(packed > 0);
        }
        if (packed > 0)
            _lastSequence = link.SendInPlace(
                FrameType.ResyncBlock, FrameFlags.Lz4, file.WireFile, offset, (uint)bytes, host.Spare(token), packed,
                host.Owner(token), -1);
        else
            _lastSequence = link.SendInPlace(
                FrameType.ResyncBlock, FrameFlags.None, file.WireFile, offset, 0, data, bytes, host.Owner(token), -1);
        var sent = packed > 0 ? packed : bytes;
        progress.BytesSent += (ulong)sent;
        _bytesUnderWay += sent;
        Crash.At(CrashPoint.BlockQueued);
        return sent;
    }

    private static int Pack(byte* data, int bytes, byte* room)
    {
        if (bytes > 2 * SampleBytes)
        {
            var middle = data + (bytes / 2 & ~15);
            if (Shim.Lz4Compress(middle, SampleBytes, room, SampleBytes - (SampleBytes >> GainShift)) <= 0)
                return 0;
        }
        return (int)Shim.Lz4Compress(data, (ulong)bytes, room, (ulong)(bytes - (bytes >> GainShift)));
    }
}
