// The target's half of comparing by hash.
// Invariant: what is compared is what the stream up to the hash has made of the file: writes of the range that are under way
// end first.
using System.Buffers;
using System.Buffers.Binary;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>Answers ResyncHash and ResyncHashes. Belongs to the session's thread.</summary>
internal sealed unsafe class TargetComparison : IDisposable
{
    private readonly PageBlock _data = new(FrameHeader.PayloadLengthMax);
    private readonly byte[] _hashes = new byte[FrameHeader.PayloadLengthMax / ExtentSet.ExtentBytes * ResyncComparison.HashBytes];
    private readonly byte[] _different = new byte[FrameHeader.PayloadLengthMax / ExtentSet.ExtentBytes / 8];

    /// <summary>Has the disk read what a batch will ask for, side by side: this thread waits for each in its turn.</summary>
    public void Foresee(ReadOnlySpan<TargetFrame> frames, TargetFiles files)
    {
        // The one whose turn it is at once is read then.
        for (var index = 1; index < frames.Length; index++)
        {
            var header = frames[index].Header;
            if (header.Type is FrameType.ResyncHash or FrameType.ResyncHashes && header.Argument is > 0 and <= FrameHeader.PayloadLengthMax
                && header.Offset <= long.MaxValue - (ulong)header.Argument && files.Find(header.File) is { IsMissing: false } file)
            {
                _ = Shim.ReadAhead(file.Descriptor, header.Offset, header.Argument); // a hint: the read itself tells of a fault
            }
        }
    }

    /// <summary>Compares and queues the answer.</summary>
    /// <returns>True: something is equal, and counts as copied once a barrier has made it durable.</returns>
    public bool Answer(in TargetFrame frame, TargetFile file, TargetWrites writes, ControlQueue outgoing)
    {
        var header = frame.Header;
        var isDivided = header.Type == FrameType.ResyncHashes;
        var bytes = (int)Math.Min(header.Argument, FrameHeader.PayloadLengthMax);
        var extents = isDivided ? (bytes + ExtentSet.ExtentBytes - 1) / ExtentSet.ExtentBytes : 1;
        if (header.Argument is 0 or > FrameHeader.PayloadLengthMax || header.Offset > long.MaxValue - (ulong)bytes
            || header.PayloadLength != extents * ResyncComparison.HashBytes)
            throw TargetException.Violation($"hashes of {header.Argument} bytes with a payload of {header.PayloadLength}.");
        frame.Payload.CopyTo(_hashes);
        var read = Read(header, file, writes);
        var part = isDivided ? ExtentSet.ExtentBytes : bytes;
        var different = _different.AsSpan(0, (extents + 7) / 8);
        different.Clear();
        var equal = 0;
        for (var index = 0; index < extents; index++)
        {
            var length = Math.Min(part, bytes - index * part);
            if (index * part + length <= read && IsEqual(index * part, length, index))
                equal++;
            else
                different[index / 8] |= (byte)(1 << index % 8);
        }
        if (isDivided)
            outgoing.Add(FrameType.HashResults, FrameFlags.None, header.Sequence, header.File, header.Offset, header.Argument, different);
        else
            outgoing.Add(
                FrameType.HashResult, equal > 0 ? FrameFlags.Equal : FrameFlags.None, header.Sequence, header.File, header.Offset, header.Argument);
        return equal > 0;
    }

    public void Dispose() => _data.Dispose();

    /// <returns>Bytes that are there; -1: the file is not.</returns>
    private long Read(in FrameHeader header, TargetFile file, TargetWrites writes)
    {
        if (file.IsMissing)
            return -1;
        writes.WaitForRange(file, header.Offset, header.Argument);
        var read = Shim.ReadAt(file.Descriptor, _data.Address, header.Argument, header.Offset);
        return read >= 0 ? read
            : (header.Flags & FrameFlags.Tentative) != 0 ? -1
            : throw new TargetException($"{header.Argument} bytes at {header.Offset} of {file.FullPath} could not be read on this "
                + $"node: {Errno.Describe((int)-read)}. Repair the disk.", replicaFailed: true);
    }

    private bool IsEqual(int at, int bytes, int index)
    {
        var own = stackalloc ulong[2];
        Shim.Hash128(_data.Address + at, (ulong)bytes, own);
        var theirs = _hashes.AsSpan(index * ResyncComparison.HashBytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(theirs) == own[0]
            && BinaryPrimitives.ReadUInt64LittleEndian(theirs[sizeof(ulong)..]) == own[1];
    }
}
