using System.Buffers;
using HaMirror.Core.Extents;

namespace HaMirror.Core.Wire;

/// <summary>The dirty extents of one file, under the name that it has at the sender.</summary>
/// <param name="Inode">At the sender; 0 when it is not known.</param>
/// <param name="Whole">Everything counts as dirty; of a directory: everything beneath it.</param>
public sealed record FileMarks(int Root, ulong Inode, string Path, bool Whole, ExtentSet Extents);

/// <summary>The payload of Marks, and the content of the marks file.</summary>
/// <remarks>
/// Entries up to the end:
/// <code>
/// size field
///    2 root
///    8 inode
///  2+n path
///    1 whole
///  4+n extents, as ExtentSet.Write writes them
/// </code>
/// A file whose extents need more than one payload has several entries; the union counts.
/// </remarks>
public static class FileMarksCodec
{
    /// <summary>Bytes of a file that one entry covers: with every second extent dirty its set has half a MiB.</summary>
    private const ulong WindowBytes = 16UL << 30;

    /// <summary>All marks as payloads of at most <see cref="FrameHeader.PayloadLengthMax"/>; one empty payload when there are
    /// none.</summary>
    public static List<byte[]> Split(IEnumerable<FileMarks> marks)
    {
        var payloads = new List<byte[]>();
        var room = new byte[FrameHeader.PayloadLengthMax];
        var filled = 0;
        foreach (var file in marks)
            foreach (var window in Windows(file))
            {
                var bytes = WriteEntry(room.AsSpan(filled), file, window);
                if (bytes == 0)
                {
                    payloads.Add(room[..filled]);
                    bytes = WriteEntry(room, file, window);
                    filled = 0;
                    if (bytes == 0)
                        throw new InvalidOperationException($"The marks of {file.Path} do not fit their format.");
                }
                filled += bytes;
            }
        payloads.Add(room[..filled]);
        return payloads;
    }

    /// <summary>The marks of one payload, added to a list.</summary>
    /// <returns>False: a violation.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, List<FileMarks> marks)
    {
        var reader = new WireReader(payload);
        while (!reader.Failed && reader.Left > 0)
        {
            var root = reader.UInt16();
            var inode = reader.UInt64();
            var path = reader.Text(WireProtocol.PathBytesMax);
            var whole = reader.Flag();
            var set = new ExtentSet();
            if (!WirePath.IsValid(path) || !set.TryRead(reader.Bytes(FrameHeader.PayloadLengthMax)) || reader.Failed)
                return false;
            marks.Add(new FileMarks(root, inode, path, whole, set));
        }
        return !reader.Failed;
    }

    private static IEnumerable<ExtentSet> Windows(FileMarks file)
    {
        if (file.Extents.IsEmpty)
            yield return file.Extents;
        var window = new ExtentSet();
        ulong number = 0;
        foreach (var range in file.Extents.Ranges())
            for (var at = range.Offset; at < range.End;)
            {
                if (at / WindowBytes != number && !window.IsEmpty)
                {
                    yield return window;
                    window = new ExtentSet();
                }
                number = at / WindowBytes;
                var end = Math.Min(range.End, (number + 1) * WindowBytes);
                window.Add(at, end - at);
                at = end;
            }
        if (!window.IsEmpty)
            yield return window;
    }

    private static int WriteEntry(Span<byte> room, FileMarks file, ExtentSet window)
    {
        var set = new ArrayBufferWriter<byte>();
        window.Write(set);
        var writer = new WireWriter(room);
        writer.UInt16((ushort)file.Root);
        writer.UInt64(file.Inode);
        writer.Text(file.Path, WireProtocol.PathBytesMax);
        writer.Byte(file.Whole ? (byte)1 : (byte)0);
        writer.Bytes(set.WrittenSpan);
        return writer.Overflowed ? 0 : writer.Count;
    }
}
