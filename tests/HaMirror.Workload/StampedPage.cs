// Content of 4 KiB that says which write it is, and of which every byte can be checked.
// Format: magic (4 bytes), file (4), block (8), number of the write (8), then bytes that follow from these: packable for two
// writes of three.
using System.Buffers.Binary;

namespace HaMirror.Workload;

/// <summary>Makes and reads stamped blocks.</summary>
public static class StampedPage
{
    public const int Bytes = 4096;

    private const uint Magic = 0x57524B31;
    private const int HeaderBytes = 24;

    public static void Fill(Span<byte> page, uint file, ulong block, ulong number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(page[4..], file);
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], block);
        BinaryPrimitives.WriteUInt64LittleEndian(page[16..], number);
        var state = (number + 1) * 0x9E3779B97F4A7C15 ^ block;
        for (var at = HeaderBytes; at + sizeof(ulong) <= Bytes; at += sizeof(ulong))
        {
            if (number % 3 == 0 || at == HeaderBytes)
            {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
            }
            BinaryPrimitives.WriteUInt64LittleEndian(page[at..], state);
        }
    }

    /// <summary>The number of the write; 0: zeros; null: it is none of ours, or torn.</summary>
    public static ulong? Read(ReadOnlySpan<byte> page, uint file, ulong block)
    {
        if (!page.ContainsAnyExcept((byte)0))
            return 0;
        if (page.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(page) != Magic)
            return null;
        var number = BinaryPrimitives.ReadUInt64LittleEndian(page[16..]);
        Span<byte> wanted = stackalloc byte[Bytes];
        Fill(wanted, file, block, number);
        return wanted.SequenceEqual(page[..Bytes]) ? number : null;
    }

    /// <summary>What it says of itself.</summary>
    public static string Describe(ReadOnlySpan<byte> page)
    {
        if (page.IsEmpty)
            return "nothing";
        if (!page.ContainsAnyExcept((byte)0))
            return "zeros";
        if (page.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(page) != Magic)
            return $"bytes {Convert.ToHexString(page[..Math.Min(16, page.Length)])}";
        var (file, block) = (BinaryPrimitives.ReadUInt32LittleEndian(page[4..]), BinaryPrimitives.ReadUInt64LittleEndian(page[8..]));
        return $"write {BinaryPrimitives.ReadUInt64LittleEndian(page[16..])} of block {block}{(Read(page, file, block) is null ? ", torn" : "")}";
    }
}
