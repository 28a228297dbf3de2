namespace HaMirror.Core.Wire;

/// <summary>The payload of Hello, the first frame that each end sends on each connection. Its layout NEVER changes, the
/// frame's header included, so that releases which cannot talk can still say so.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    4 protocol version
///      4    1 connection: 1 control, 2 data
///      5    3 zero
///      8   16 cluster id
///     24    8 session: made by who dials, the same on both connections of a link
///     32   32 nonce
///     64  2+n module name
/// </code>
/// </remarks>
public sealed record HelloFrame(
    uint Version, ConnectionKind Kind, Guid Cluster, ulong Session, ReadOnlyMemory<byte> Nonce, string Module)
{
    public const int NonceBytes = 32;

    /// <summary>Bytes of the largest Hello.</summary>
    public const int BytesMax = 64 + 2 + WireProtocol.NameBytesMax;

    /// <returns>Bytes written, or 0 when the module's name is too long.</returns>
    public int Write(Span<byte> room)
    {
        var writer = new WireWriter(room);
        writer.UInt32(Version);
        writer.Byte((byte)Kind);
        writer.Byte(0);
        writer.UInt16(0);
        writer.Guid(Cluster);
        writer.UInt64(Session);
        writer.Raw(Nonce.Span);
        writer.Text(Module, WireProtocol.NameBytesMax);
        return writer.Overflowed ? 0 : writer.Count;
    }

    /// <returns>Null: a violation.</returns>
    public static HelloFrame? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var version = reader.UInt32();
        var kind = (ConnectionKind)reader.Byte();
        if (kind is not (ConnectionKind.Control or ConnectionKind.Data) || reader.Byte() != 0 || reader.UInt16() != 0)
            reader.Fail();
        var cluster = reader.Guid();
        var session = reader.UInt64();
        var nonce = reader.Raw(NonceBytes).ToArray();
        var module = reader.Text(WireProtocol.NameBytesMax);
        return reader.IsWhole ? new HelloFrame(version, kind, cluster, session, nonce, module) : null;
    }
}

/// <summary>Which of a link's two connections a hello opens.</summary>
public enum ConnectionKind : byte
{
    Control = 1,
    Data = 2,
}
