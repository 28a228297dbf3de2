namespace HaMirror.Core.Wire;

/// <summary>The payload of Change.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0    1 kind
///      1    1 attribute mask
///      2    2 root
///      4    4 flags
///      8    4 mode
///     12    4 uid
///     16    4 gid
///     20    4 device major
///     24    4 device minor
///     28    8 size
///     36    8 access time
///     44    8 modify time
///     52  2+n path
///         2+n other: a path (rename, link) or the text of a symlink
///         2+n attribute's name
///         4+n attribute's value
/// </code>
/// </remarks>
public static class NamespaceChangeCodec
{
    /// <summary>Bytes of the largest change.</summary>
    public const int BytesMax = 52 + 3 * 2 + 2 * WireProtocol.PathBytesMax + WireProtocol.NameBytesMax + 4 + WireProtocol.AttributeBytesMax;

    private const AttributeMask AllAttributes = AttributeMask.Mode | AttributeMask.Owner | AttributeMask.Size
        | AttributeMask.AccessTime | AttributeMask.ModifyTime;

    /// <returns>Bytes written, or 0 when a field is longer than its limit or a path is not valid.</returns>
    public static int Write(Span<byte> room, NamespaceChange change)
    {
        if (!IsSound(change))
            return 0;
        var writer = new WireWriter(room);
        writer.Byte((byte)change.Kind);
        writer.Byte((byte)change.Mask);
        writer.UInt16((ushort)change.Root);
        writer.UInt32(change.Flags);
        writer.UInt32(change.Mode);
        writer.UInt32(change.Uid);
        writer.UInt32(change.Gid);
        writer.UInt32(change.DeviceMajor);
        writer.UInt32(change.DeviceMinor);
        writer.UInt64(change.Size);
        writer.Int64(change.AccessTime);
        writer.Int64(change.ModifyTime);
        writer.Text(change.Path, WireProtocol.PathBytesMax);
        writer.Text(change.Other, WireProtocol.PathBytesMax);
        writer.Text(change.Name, WireProtocol.NameBytesMax);
        writer.Bytes(change.Value.Span);
        return writer.Overflowed ? 0 : writer.Count;
    }

    /// <returns>Null: a violation.</returns>
    public static NamespaceChange? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var kind = (ChangeKind)reader.Byte();
        var mask = (AttributeMask)reader.Byte();
        var root = reader.UInt16();
        var change = new NamespaceChange(kind, root, "")
        {
            Mask = mask,
            Flags = reader.UInt32(),
            Mode = reader.UInt32(),
            Uid = reader.UInt32(),
            Gid = reader.UInt32(),
            DeviceMajor = reader.UInt32(),
            DeviceMinor = reader.UInt32(),
            Size = reader.UInt64(),
            AccessTime = reader.Int64(),
            ModifyTime = reader.Int64(),
            Path = reader.Text(WireProtocol.PathBytesMax),
            Other = reader.Text(WireProtocol.PathBytesMax),
            Name = reader.Text(WireProtocol.NameBytesMax),
            Value = reader.Bytes(WireProtocol.AttributeBytesMax).ToArray(),
        };
        return reader.IsWhole && IsSound(change) ? change : null;
    }

    /// <summary>The rules that both ends hold to: the sender finds its own mistake before the receiver does.</summary>
    private static bool IsSound(NamespaceChange change)
    {
        if (change.Kind is < ChangeKind.Create or > ChangeKind.RemoveXattr
            || (change.Mask & ~AllAttributes) != 0
            || change.Root is < 0 or > ushort.MaxValue
            || change.Value.Length > WireProtocol.AttributeBytesMax
            || change.Size > long.MaxValue
            || !WirePath.IsValid(change.Path))
            return false;
        var needsPath = change.Kind is not (ChangeKind.SetAttributes or ChangeKind.SetXattr or ChangeKind.RemoveXattr);
        if (needsPath && change.Path.Length == 0)
            return false;
        return change.Kind switch
        {
            ChangeKind.Rename or ChangeKind.Link => change.Other.Length > 0 && WirePath.IsValid(change.Other),
            ChangeKind.Symlink => change.Other.Length > 0,
            ChangeKind.SetXattr or ChangeKind.RemoveXattr => change.Name.Length > 0,
            _ => true,
        };
    }
}
