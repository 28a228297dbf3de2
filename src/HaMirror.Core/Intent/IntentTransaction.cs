// Packs the changes of one transaction into blocks.
// Invariant: an entry lies within one block, so that each block can be read by itself; the buffer grows to the largest
// transaction there was and is used again.
//
// A block, 4096 bytes, little-endian:
//   offset size field
//        0    4 magic "HMRI"
//        4    4 CRC-32C of bytes 8 to 4095
//        8    8 number of the log: a random one for each time that it was opened
//       16    8 sequence of the block, one more than that of the block before
//       24    8 sequence of the first block of its transaction
//       32    2 blocks of the transaction
//       34    2 1: the hot set is empty before this transaction
//       36    4 zero
//       40      entries up to kind 0 or the end of the block:
//                  1 kind   2 root   8 inode   8 area (2^64-1: all of the file)
//                  ColdList: 1 count, 2 for each extent of the area; ColdMap: 128, one bit for each
using System.Buffers.Binary;
using System.Numerics;
using HaMirror.Core.Wire;

namespace HaMirror.Core.Intent;

/// <summary>Blocks of the intent log.</summary>
public sealed class IntentTransaction
{
    public const int BlockBytes = 4096;
    public const int HeaderBytes = 40;
    public const uint Magic = 0x49524D48; // "HMRI"

    /// <summary>Kind, root, inode, area.</summary>
    public const int EntryBytes = 19;

    public const int MapBytes = HotSet.MapWords * sizeof(ulong);

    /// <summary>More extents than this take less room as a map.</summary>
    public const int ListMax = 48;

    private byte[] _blocks = new byte[BlockBytes];
    private int _at;
    private bool _isAnew;

    public int BlockCount { get; private set; }

    public bool IsEmpty => BlockCount == 0;

    /// <summary>How many areas' Hot entries a block holds.</summary>
    public static int HotPerBlock => (BlockBytes - HeaderBytes) / EntryBytes;

    /// <param name="anew">The hot set is empty before it.</param>
    public void Begin(bool anew)
    {
        BlockCount = 0;
        _at = BlockBytes;
        _isAnew = anew;
        if (anew)
            NewBlock(); // also when nothing is hot: it says so
    }

    public void Hot(in IntentKey key) => Entry(IntentEntryKind.Hot, key, 0);

    /// <summary>All of a file or an area is dirty, whether it is hot or not.</summary>
    public void Dirty(in IntentKey key) => Entry(IntentEntryKind.Dirty, key, 0);

    /// <param name="dirty">Null: nothing of it is.</param>
    public void Cold(in IntentKey key, ReadOnlySpan<ulong> dirty)
    {
        var count = 0;
        foreach (var word in dirty)
            count += BitOperations.PopCount(word);
        if (count == 0)
        {
            Entry(IntentEntryKind.Cold, key, 0);
        }
        else if (count <= ListMax)
        {
            var room = Entry(IntentEntryKind.ColdList, key, 1 + count * sizeof(ushort));
            room[0] = (byte)count;
            var next = 1;
            for (var word = 0; word < dirty.Length; word++)
                for (var rest = dirty[word]; rest != 0; rest &= rest - 1, next += sizeof(ushort))
                    BinaryPrimitives.WriteUInt16LittleEndian(room[next..], (ushort)(word * 64 + BitOperations.TrailingZeroCount(rest)));
        }
        else
        {
            var room = Entry(IntentEntryKind.ColdMap, key, MapBytes);
            for (var word = 0; word < dirty.Length; word++)
                BinaryPrimitives.WriteUInt64LittleEndian(room[(word * sizeof(ulong))..], dirty[word]);
        }
    }

    public void ColdWhole(in IntentKey key) => Entry(IntentEntryKind.ColdWhole, key, 0);

    /// <summary>Numbers and seals the blocks.</summary>
    /// <param name="sequence">Of the first one.</param>
    /// <returns>Valid until the next <see cref="Begin"/>.</returns>
    public ReadOnlySpan<byte> Seal(ulong log, ulong sequence)
    {
        for (var index = 0; index < BlockCount; index++)
        {
            var block = _blocks.AsSpan(index * BlockBytes, BlockBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
            BinaryPrimitives.WriteUInt64LittleEndian(block[8..], log);
            BinaryPrimitives.WriteUInt64LittleEndian(block[16..], sequence + (ulong)index);
            BinaryPrimitives.WriteUInt64LittleEndian(block[24..], sequence);
            BinaryPrimitives.WriteUInt16LittleEndian(block[32..], (ushort)BlockCount);
            BinaryPrimitives.WriteUInt16LittleEndian(block[34..], _isAnew ? (ushort)1 : (ushort)0);
            BinaryPrimitives.WriteUInt32LittleEndian(block[36..], 0);
            BinaryPrimitives.WriteUInt32LittleEndian(block[4..], Crc32C.Compute(block[8..]));
        }
        return _blocks.AsSpan(0, BlockCount * BlockBytes);
    }

    private Span<byte> Entry(IntentEntryKind kind, in IntentKey key, int more)
    {
        if (_at + EntryBytes + more > BlockBytes)
            NewBlock();
        var entry = _blocks.AsSpan((BlockCount - 1) * BlockBytes + _at, EntryBytes + more);
        entry[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(entry[1..], (ushort)key.Root);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[3..], key.Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[11..], key.Area);
        _at += entry.Length;
        return entry[EntryBytes..];
    }

    private void NewBlock()
    {
        if ((BlockCount + 1) * BlockBytes > _blocks.Length)
            Array.Resize(ref _blocks, _blocks.Length * 2);
        _blocks.AsSpan(BlockCount * BlockBytes, BlockBytes).Clear();
        BlockCount++;
        _at = HeaderBytes;
    }
}
