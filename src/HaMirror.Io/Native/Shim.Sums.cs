// Sums and compression.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>CRC-32C; <paramref name="seed"/> is 0 or the sum of what precedes.</summary>
    [LibraryImport(Library, EntryPoint = "hm_crc32c")]
    public static partial uint Crc32C(uint seed, byte* data, ulong bytes);

    /// <summary>XXH3, 128 bits, low half first.</summary>
    [LibraryImport(Library, EntryPoint = "hm_hash128")]
    public static partial void Hash128(byte* data, ulong bytes, ulong* two);

    /// <summary>1 when all bytes are zero, else 0.</summary>
    [LibraryImport(Library, EntryPoint = "hm_is_zero")]
    public static partial int IsZero(byte* data, ulong bytes);

    /// <summary>The most that <see cref="Lz4Compress"/> can need for so many bytes.</summary>
    [LibraryImport(Library, EntryPoint = "hm_lz4_bound")]
    public static partial long Lz4Bound(ulong bytes);

    /// <summary>Bytes written, or 0 when the result does not fit into <paramref name="capacity"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_lz4_compress")]
    public static partial long Lz4Compress(byte* from, ulong bytes, byte* to, ulong capacity);

    /// <summary>Bytes written, or -EBADMSG when the block is damaged or larger than <paramref
    /// name="capacity"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_lz4_decompress")]
    public static partial long Lz4Decompress(byte* from, ulong bytes, byte* to, ulong capacity);
}
