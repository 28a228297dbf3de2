// One record of a preimage journal: 64 bytes, then the payload, padded to 64 (Records/FORMAT.md, "undo and salvage").
// Invariant: a header that reads well was written whole; its payload is judged by a checksum of its own.
using System.Buffers.Binary;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Preimages;

/// <summary>What a record of the journal keeps.</summary>
internal enum PreimageKind : byte
{
    /// <summary>A directory as it was (<see cref="DirectoryPart"/>); every entry that is no directory has its inode.</summary>
    Directory = 1,

    /// <summary>Every directory of every root stands before this; from here on the replica may have changed.</summary>
    NamesEnd = 2,

    /// <summary>Bytes of a file as they were.</summary>
    Bytes = 3,

    /// <summary>A range of a file that was a hole.</summary>
    Hole = 4,

    /// <summary>A range of a file that was allocated and held zeros.</summary>
    Zeros = 5,

    /// <summary>The file is about to lose its last name. All of a regular file's data stands before this.</summary>
    Gone = 6,

    /// <summary>The file is about to lose its last name, and has one more where kept files stand (<see cref="KeptFiles"/>): all
    /// its data is there, but for ranges that are saved. The length is what it has allocated.</summary>
    Kept = 7,

    /// <summary>Nothing: it fills a batch up to a multiple of 4 KiB.</summary>
    Filling = 8,
}

/// <summary>The header of a record.</summary>
/// <param name="Number">1, 2, 3 ... within the journal.</param>
/// <param name="Hardened">Bytes of the journal that were on stable storage when this was written: damage before that is no torn tail.</param>
internal readonly record struct PreimageHeader(
    PreimageKind Kind, FrameFlags Flags, int Root, ulong Number, ulong Inode, ulong Offset, ulong Length, ulong Hardened,
    int PayloadBytes, uint PayloadSum)
{
    public const int Size = 64;

    private const uint Magic = 0x504D4D48; // "HMMP"

    /// <summary>Bytes of the record, padding included.</summary>
    public long RecordBytes => Padded(Size + PayloadBytes);

    public static long Padded(long bytes) => (bytes + Size - 1) & ~(Size - 1L);

    public void Write(Span<byte> room)
    {
        room[..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(room, Magic);
        room[4] = (byte)Kind;
        room[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(room[6..], (ushort)Root);
        BinaryPrimitives.WriteUInt64LittleEndian(room[8..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(room[16..], Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(room[24..], Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(room[32..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(room[40..], Hardened);
        BinaryPrimitives.WriteUInt32LittleEndian(room[48..], (uint)PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(room[52..], PayloadSum);
        BinaryPrimitives.WriteUInt32LittleEndian(room[60..], Crc32C.Compute(room[..60]));
    }

    /// <returns>Null: these bytes are no header.</returns>
    public static PreimageHeader? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Compute(bytes[..60]))
            return null;
        var header = new PreimageHeader(
            (PreimageKind)bytes[4], (FrameFlags)bytes[5], BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]), (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[52..]));
        return header.Kind is >= PreimageKind.Directory and <= PreimageKind.Filling
            && header.PayloadBytes is >= 0 and <= FrameHeader.PayloadLengthMax && header.Offset <= long.MaxValue
            && header.Length <= long.MaxValue - header.Offset
            ? header
            : null;
    }
}
