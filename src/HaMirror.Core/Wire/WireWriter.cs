using System.Buffers.Binary;
using System.Text;

namespace HaMirror.Core.Wire;

/// <summary>Writes fields one behind the other, little-endian, into room that the caller gives.</summary>
/// <remarks>Never throws for want of room: <see cref="Overflowed"/> is looked at once, at the end; nothing is written behind
/// the first field that did not fit.</remarks>
public ref struct WireWriter(Span<byte> room)
{
    private readonly Span<byte> _room = room;

    /// <summary>Bytes written.</summary>
    public int Count { get; private set; }

    /// <summary>A field did not fit, or a text was longer than its limit; the bytes are worth nothing.</summary>
    public bool Overflowed { get; private set; }

    public void Byte(byte value)
    {
        if (Take(1, out var at))
            at[0] = value;
    }

    public void UInt16(ushort value)
    {
        if (Take(2, out var at))
            BinaryPrimitives.WriteUInt16LittleEndian(at, value);
    }

    public void UInt32(uint value)
    {
        if (Take(4, out var at))
            BinaryPrimitives.WriteUInt32LittleEndian(at, value);
    }

    public void UInt64(ulong value)
    {
        if (Take(8, out var at))
            BinaryPrimitives.WriteUInt64LittleEndian(at, value);
    }

    public void Int64(long value) => UInt64((ulong)value);

    /// <summary>16 bytes in the order of <see cref="Guid.TryWriteBytes(Span{byte})"/>.</summary>
    public void Guid(Guid value)
    {
        if (Take(16, out var at))
            value.TryWriteBytes(at);
    }

    /// <summary>The bytes as they are, without a length.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        if (Take(bytes.Length, out var at))
            bytes.CopyTo(at);
    }

    /// <summary>A length of 4 bytes, then the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        UInt32((uint)bytes.Length);
        Raw(bytes);
    }

    /// <summary>A length of 2 bytes, then UTF-8.</summary>
    /// <param name="bytesMax">Longer is an overflow.</param>
    public void Text(string text, int bytesMax)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > bytesMax || bytes > ushort.MaxValue)
        {
            Overflowed = true;
            return;
        }
        UInt16((ushort)bytes);
        if (Take(bytes, out var at))
            Encoding.UTF8.GetBytes(text, at);
    }

    private bool Take(int bytes, out Span<byte> at)
    {
        at = default;
        if (Overflowed || bytes > _room.Length - Count)
        {
            Overflowed = true;
            return false;
        }
        at = _room.Slice(Count, bytes);
        Count += bytes;
        return true;
    }
}
