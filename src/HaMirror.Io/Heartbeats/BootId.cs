using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HaMirror.Io.Heartbeats;

/// <summary>Random number of one life of an agent: 128 bits, so that no two lives ever share a heartbeat key.</summary>
public readonly record struct BootId(UInt128 Value)
{
    public const int Size = 16;

    public static readonly BootId None = default;

    /// <summary>The number that <see cref="Core.Machine.ModuleBeat.Boot"/> carries.</summary>
    public ulong Short => (ulong)Value;

    public static BootId New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    public static BootId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128LittleEndian(bytes));

    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128LittleEndian(bytes, Value);
}
