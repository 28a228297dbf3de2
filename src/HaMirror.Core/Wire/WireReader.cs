using System.Buffers.Binary;
using System.Text;

namespace HaMirror.Core.Wire;

/// <summary>Reads fields one behind the other, little-endian, from bytes that may be anything.</summary>
/// <remarks>Never throws: the first field that is not there or breaks a limit makes <see cref="Failed"/> true, and every
/// later one reads as zero or empty. A codec looks at <see cref="IsWhole"/> once, at the end.</remarks>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read.</summary>
    public int Count { get; private set; }

    public bool Failed { get; private set; }

    public readonly int Left => _bytes.Length - Count;

    /// <summary>Everything was read and nothing was wrong.</summary>
    public readonly bool IsWhole => !Failed && Count == _bytes.Length;

    /// <summary>A codec's own rule was broken.</summary>
    public void Fail() => Failed = true;

    public byte Byte() => Take(1, out var at) ? at[0] : (byte)0;

    public ushort UInt16() => Take(2, out var at) ? BinaryPrimitives.ReadUInt16LittleEndian(at) : (ushort)0;

    public uint UInt32() => Take(4, out var at) ? BinaryPrimitives.ReadUInt32LittleEndian(at) : 0;

    public ulong UInt64() => Take(8, out var at) ? BinaryPrimitives.ReadUInt64LittleEndian(at) : 0;

    public long Int64() => (long)UInt64();

    public Guid Guid() => Take(16, out var at) ? new Guid(at) : default;

    public ReadOnlySpan<byte> Raw(int bytes) => Take(bytes, out var at) ? at : default;

    /// <summary>What <see cref="WireWriter.Bytes"/> wrote.</summary>
    public ReadOnlySpan<byte> Bytes(int bytesMax)
    {
        var length = UInt32();
        if (length <= (uint)bytesMax)
            return Raw((int)length);
        Failed = true;
        return default;
    }

    /// <summary>What <see cref="WireWriter.Text"/> wrote. Bytes that are no UTF-8, or hold a zero, are a failure.</summary>
    public string Text(int bytesMax)
    {
        var length = UInt16();
        if (length > bytesMax)
            Failed = true;
        if (Failed || length == 0)
            return "";
        var at = Raw(length);
        if (!Failed && System.Text.Unicode.Utf8.IsValid(at) && !at.Contains((byte)0))
            return Encoding.UTF8.GetString(at);
        Failed = true;
        return "";
    }

    /// <summary>0 or 1; anything else is a failure.</summary>
    public bool Flag()
    {
        var value = Byte();
        if (value > 1)
            Failed = true;
        return value == 1;
    }

    private bool Take(int bytes, out ReadOnlySpan<byte> at)
    {
        at = default;
        if (Failed || bytes < 0 || bytes > Left)
        {
            Failed = true;
            return false;
        }
        at = _bytes.Slice(Count, bytes);
        Count += bytes;
        return true;
    }
}
