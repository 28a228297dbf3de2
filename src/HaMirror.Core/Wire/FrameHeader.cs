using System.Buffers;
using System.Buffers.Binary;

namespace HaMirror.Core.Wire;

/// <summary>The 48 bytes before every payload. All integers are little-endian.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 magic "HMR1"
///      4    1 type
///      5    1 flags
///      6    2 reserved, zero
///      8    4 payload length, in bytes, at most <see cref="PayloadLengthMax"/>
///     12    4 payload CRC-32C
///     16    8 sequence: 1, 2, 3 ... on the data connection; by type on the control connection
///     24    8 file: what a Bind named, 0 for none
///     32    8 offset, in bytes, by type
///     40    4 argument, by type
///     44    4 header CRC-32C, over bytes 0 to 43
/// </code>
/// </remarks>
public readonly record struct FrameHeader(
    FrameType Type, FrameFlags Flags, int PayloadLength, uint PayloadCrc, ulong Sequence, ulong File, ulong Offset, uint Argument)
{
    public const int Size = 48;

    /// <summary>The largest FUSE write, and room for the largest directory chunk.</summary>
    public const int PayloadLengthMax = 1 << 20;

    private const uint Magic = 0x31524D48; // "HMR1"

    /// <summary>Judges the header by its own checksum, then its length, before anybody waits for the payload.</summary>
    public static FrameReadStatus TryRead(in ReadOnlySequence<byte> buffer, out FrameHeader header)
    {
        header = default;
        if (buffer.Length < Size)
            return FrameReadStatus.NeedMore;
        if (buffer.FirstSpan.Length >= Size)
            return Read(buffer.FirstSpan[..Size], out header);
        Span<byte> bytes = stackalloc byte[Size];
        buffer.Slice(0, Size).CopyTo(bytes);
        return Read(bytes, out header);
    }

    /// <summary>As <see cref="TryRead"/>, from exactly <see cref="Size"/> bytes.</summary>
    public static FrameReadStatus Read(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) != Crc32C.Compute(bytes[..44])
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) != 0)
            return FrameReadStatus.Violation;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (length > PayloadLengthMax)
            return FrameReadStatus.Violation;
        header = new FrameHeader(
            (FrameType)bytes[4],
            (FrameFlags)bytes[5],
            (int)length,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]));
        return FrameReadStatus.Frame;
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        bytes[4] = (byte)Type;
        bytes[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], (uint)PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], PayloadCrc);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], File);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], Argument);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], Crc32C.Compute(bytes[..44]));
    }
}
