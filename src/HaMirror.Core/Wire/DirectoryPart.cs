using System.Collections.Immutable;

namespace HaMirror.Core.Wire;

/// <summary>The payload of one ResyncDirectory: a directory, or a part of one that is too large for a frame.</summary>
/// <remarks>
/// <code>
/// size field
///    2 root
///  2+n path of the directory
///    n its own attributes           (frame flag First)
///      entries up to the end of the payload:
///        2+n name
///          8 same-inode number
///        2+n symlink target
///          n attributes
///
/// attributes:
///    4 mode, 4 uid, 4 gid, 4 device major, 4 device minor
///    8 size, 8 access time, 8 modify time
///    2 count of extended attributes, for each: 2+n name, 4+n value
/// </code>
/// The first frame of a directory has the flag First, every one but the last has More, and no frame of another kind comes
/// between them.
/// </remarks>
/// <param name="Own">The directory's own attributes; null in every part but the first.</param>
public sealed record DirectoryPart(int Root, string Path, EntryAttributes? Own, ImmutableArray<DirectoryEntry> Entries)
{
    /// <summary>A directory as the payloads of its frames, each with the frame's flags.</summary>
    /// <returns>Null: an entry alone is larger than a frame, or a name breaks a limit; <paramref name="culprit"/> is its
    /// name.</returns>
    public static List<(FrameFlags Flags, byte[] Payload)>? Split(
        int root, string path, EntryAttributes own, IEnumerable<DirectoryEntry> entries, out string culprit)
    {
        var parts = new List<(FrameFlags, byte[])>();
        var room = new byte[FrameHeader.PayloadLengthMax];
        culprit = path;
        if (!WirePath.IsValid(path) || !Begin(room, root, path, own, out var filled))
            return null;
        foreach (var entry in entries)
        {
            culprit = entry.Name;
            if (!WirePath.IsName(entry.Name))
                return null;
            var bytes = WriteEntry(room.AsSpan(filled), entry);
            if (bytes == 0)
            {
                parts.Add((FrameFlags.More | FirstOf(parts), room[..filled]));
                _ = Begin(room, root, path, null, out filled);
                bytes = WriteEntry(room.AsSpan(filled), entry);
                if (bytes == 0)
                    return null;
            }
            filled += bytes;
        }
        parts.Add((FirstOf(parts), room[..filled]));
        return parts;
    }

    /// <returns>Null: a violation.</returns>
    public static DirectoryPart? Read(ReadOnlySpan<byte> payload, bool first)
    {
        var reader = new WireReader(payload);
        var root = reader.UInt16();
        var path = reader.Text(WireProtocol.PathBytesMax);
        if (!WirePath.IsValid(path))
            return null;
        var own = first ? ReadAttributes(ref reader) : null;
        var entries = ImmutableArray.CreateBuilder<DirectoryEntry>();
        while (!reader.Failed && reader.Left > 0)
        {
            var name = reader.Text(WirePath.ComponentBytesMax);
            var inode = reader.UInt64();
            var target = reader.Text(WireProtocol.PathBytesMax);
            var attributes = ReadAttributes(ref reader);
            if (!WirePath.IsName(name))
                return null;
            entries.Add(new DirectoryEntry(name, inode, target, attributes));
        }
        return reader.IsWhole ? new DirectoryPart(root, path, own, entries.ToImmutable()) : null;
    }

    private static FrameFlags FirstOf(List<(FrameFlags, byte[])> parts) => parts.Count == 0 ? FrameFlags.First : FrameFlags.None;

    private static bool Begin(Span<byte> room, int root, string path, EntryAttributes? own, out int filled)
    {
        var writer = new WireWriter(room);
        writer.UInt16((ushort)root);
        writer.Text(path, WireProtocol.PathBytesMax);
        if (own is not null)
            WriteAttributes(ref writer, own);
        filled = writer.Count;
        return !writer.Overflowed;
    }

    private static int WriteEntry(Span<byte> room, DirectoryEntry entry)
    {
        var writer = new WireWriter(room);
        writer.Text(entry.Name, WirePath.ComponentBytesMax);
        writer.UInt64(entry.SameInode);
        writer.Text(entry.LinkTarget, WireProtocol.PathBytesMax);
        WriteAttributes(ref writer, entry.Attributes);
        return writer.Overflowed ? 0 : writer.Count;
    }

    private static void WriteAttributes(ref WireWriter writer, EntryAttributes attributes)
    {
        writer.UInt32(attributes.Mode);
        writer.UInt32(attributes.Uid);
        writer.UInt32(attributes.Gid);
        writer.UInt32(attributes.DeviceMajor);
        writer.UInt32(attributes.DeviceMinor);
        writer.UInt64(attributes.Size);
        writer.Int64(attributes.AccessTime);
        writer.Int64(attributes.ModifyTime);
        writer.UInt16((ushort)attributes.Extended.Length);
        foreach (var extended in attributes.Extended)
        {
            writer.Text(extended.Name, WireProtocol.NameBytesMax);
            writer.Bytes(extended.Value.Span);
        }
    }

    private static EntryAttributes ReadAttributes(ref WireReader reader)
    {
        var mode = reader.UInt32();
        var uid = reader.UInt32();
        var gid = reader.UInt32();
        var major = reader.UInt32();
        var minor = reader.UInt32();
        var size = reader.UInt64();
        var access = reader.Int64();
        var modify = reader.Int64();
        var count = reader.UInt16();
        if (size > long.MaxValue)
            reader.Fail();
        var extended = ImmutableArray.CreateBuilder<ExtendedAttribute>();
        for (var index = 0; index < count && !reader.Failed; index++)
        {
            var name = reader.Text(WireProtocol.NameBytesMax);
            if (name.Length == 0)
                reader.Fail();
            extended.Add(new ExtendedAttribute(name, reader.Bytes(WireProtocol.AttributeBytesMax).ToArray()));
        }
        return new EntryAttributes(mode, uid, gid, size, access, modify, major, minor, extended.ToImmutable());
    }
}
