using System.Buffers.Binary;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Records;

/// <summary>The 24 bytes before every file of HaMirror's own, and what makes one valid (FORMAT.md).</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 magic, by kind of file
///      4    4 version
///      8    8 content length, in bytes
///     16    4 content CRC-32C
///     20    4 CRC-32C of bytes 0 to 19
/// </code>
/// </remarks>
public static class CheckedFile
{
    public const int HeaderBytes = 24;

    public static void Save(string path, uint magic, uint version, ReadOnlyMemory<byte> content)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), (ulong)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Crc32C.Compute(content.Span));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), Crc32C.Compute(header.AsSpan(0, 20)));
        AtomicFile.Replace(path, header, content);
    }

    /// <param name="content">Null when there is no such file.</param>
    /// <param name="refusal">Null, or what is wrong with the file, as the middle of a sentence.</param>
    public static void Load(string path, uint magic, uint version, out byte[]? content, out string? refusal)
    {
        content = null;
        refusal = null;
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            refusal = $"cannot be read: {failure.Message}";
            return;
        }
        refusal = Judge(bytes, magic, version);
        if (refusal is null)
            content = bytes[HeaderBytes..];
    }

    private static string? Judge(ReadOnlySpan<byte> bytes, uint magic, uint version)
    {
        if (bytes.Length < HeaderBytes)
            return $"is torn: it has {bytes.Length} bytes, fewer than its header";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != magic)
            return "is not a file of this kind (its magic number is wrong)";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != Crc32C.Compute(bytes[..20]))
            return "is damaged (the checksum of its header is wrong)";
        var found = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (found != version)
            return $"has format version {found}, but this release knows version {version}";
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        if (length != (ulong)(bytes.Length - HeaderBytes))
            return $"is torn: it has {bytes.Length - HeaderBytes} bytes of content instead of {length}";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) != Crc32C.Compute(bytes[HeaderBytes..]))
            return "is damaged (the checksum of its content is wrong)";
        return null;
    }
}
