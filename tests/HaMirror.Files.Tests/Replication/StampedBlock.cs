// Content that says where and when it was written, so that a stale block names itself.
// Format: each block of 4 KiB, aligned in the file, begins with its generation (8 bytes, little-endian), its offset divided
// by 4096 (4 bytes) and a magic (4 bytes); the rest is derived from the generation: packable, not packable, or zeros.
using System.Buffers.Binary;

namespace HaMirror.Files.Tests.Replication;

internal static class StampedBlock
{
    public const int Bytes = 4096;

    private const uint Magic = 0x53544D50;
    private const int StampBytes = 16;

    /// <summary>Fills whole blocks.</summary>
    public static void Fill(Span<byte> blocks, ulong generation, long offset)
    {
        for (; blocks.Length > 0; offset += Bytes)
        {
            var block = blocks[..Math.Min(Bytes, blocks.Length)];
            blocks = blocks[block.Length..];
            Rest(block, generation);
            if (block.Length < StampBytes)
                continue;
            BinaryPrimitives.WriteUInt64LittleEndian(block, generation);
            BinaryPrimitives.WriteUInt32LittleEndian(block[8..], (uint)(offset / Bytes));
            BinaryPrimitives.WriteUInt32LittleEndian(block[12..], Magic);
        }
    }

    /// <summary>What a block says of itself.</summary>
    public static string Describe(ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty)
            return "nothing";
        if (!block.ContainsAnyExcept((byte)0))
            return "zeros";
        return block.Length >= StampBytes && BinaryPrimitives.ReadUInt32LittleEndian(block[12..]) == Magic
            ? $"generation {BinaryPrimitives.ReadUInt64LittleEndian(block)} of block {BinaryPrimitives.ReadUInt32LittleEndian(block[8..])}"
            : $"{Convert.ToHexString(block[..Math.Min(StampBytes, block.Length)])}";
    }

    private static void Rest(Span<byte> block, ulong generation)
    {
        switch (generation % 3)
        {
            case 0:
                block.Fill((byte)generation);
                break;
            case 1:
                block.Clear();
                break;
            default:
                var state = (generation + 1) * 0x9E3779B97F4A7C15;
                for (var at = 0; at + sizeof(ulong) <= block.Length; at += sizeof(ulong))
                {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    BinaryPrimitives.WriteUInt64LittleEndian(block[at..], state);
                }
                break;
        }
    }
}
