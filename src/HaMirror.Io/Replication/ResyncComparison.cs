// Blocks of a resync whose hashes are on their way.
// Invariant: an answer speaks of the place in the stream at which its hashes stand; what was written to the range since then
// was sent behind them and is in flight in the marks.
using System.Buffers.Binary;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <param name="Bytes">That were asked for from the disk; fewer were hashed at the end of the file.</param>
/// <param name="Hashed">Bytes that the hashes cover.</param>
/// <param name="IsDivided">There is a hash for each extent.</param>
internal readonly record struct ComparedBlock(FileCopy File, ulong Offset, int Bytes, int Hashed, bool IsDivided)
{
    public int ExtentCount => (int)(ExtentSet.RoundUp((ulong)Hashed) / ExtentSet.ExtentBytes);
}

/// <summary>Sends hashes and knows what was asked. Belongs to the pump's thread.</summary>
/// <param name="bytesMax">Bytes on their way: what the target may have to read before a live write behind it has its turn.</param>
internal sealed unsafe class ResyncComparison(SourceLink link, long bytesMax)
{
    /// <summary>Bytes of one hash (XXH3-128, low half first).</summary>
    public const int HashBytes = 16;

    /// <summary>Blocks on their way: round trips are hidden, and the memory for them is nothing.</summary>
    private const int BlocksMax = 256;

    private readonly Dictionary<ulong, ComparedBlock> _asked = [];
    private readonly byte[] _room = new byte[IResyncHost.BlockBytes / ExtentSet.ExtentBytes * HashBytes];
    private long _bytes;

    /// <summary>No further block should be asked for.</summary>
    public bool IsFull => _asked.Count >= BlocksMax || _bytes >= bytesMax;

    public int Count => _asked.Count;

    /// <summary>Bytes on their way.</summary>
    public long Bytes => _bytes;

    /// <summary>Asks for what was read.</summary>
    public void Ask(ComparedBlock block, byte* data, FrameFlags flags = FrameFlags.None)
    {
        var hashes = block.IsDivided ? block.ExtentCount : 1;
        for (var index = 0; index < hashes; index++)
        {
            var at = index * ExtentSet.ExtentBytes;
            Hash(data + at, block.IsDivided ? Math.Min(ExtentSet.ExtentBytes, block.Hashed - at) : block.Hashed, index);
        }
        var sequence = link.Send(
            block.IsDivided ? FrameType.ResyncHashes : FrameType.ResyncHash, flags, block.File.WireFile, block.Offset,
            (uint)block.Hashed, _room.AsSpan(0, hashes * HashBytes));
        _asked.Add(sequence, block);
        _bytes += block.Bytes;
        block.File.Outstanding++;
    }

    /// <summary>The answer to a frame has come.</summary>
    /// <returns>False: nobody waits for it any more.</returns>
    public bool TryTake(ulong sequence, out ComparedBlock block)
    {
        if (!_asked.Remove(sequence, out block))
            return false;
        _bytes -= block.Bytes;
        block.File.Outstanding--;
        return true;
    }

    /// <summary>What is under way counts for nothing.</summary>
    public void Clear()
    {
        foreach (var block in _asked.Values)
            block.File.Outstanding--;
        _asked.Clear();
        _bytes = 0;
    }

    private void Hash(byte* data, int bytes, int index)
    {
        var hash = stackalloc ulong[2];
        Shim.Hash128(data, (ulong)bytes, hash);
        BinaryPrimitives.WriteUInt64LittleEndian(_room.AsSpan(index * HashBytes), hash[0]);
        BinaryPrimitives.WriteUInt64LittleEndian(_room.AsSpan(index * HashBytes + sizeof(ulong)), hash[1]);
    }
}
