// The content of the marks file: what was dirty at a moment, and from which block on the intent log tells the rest.
//   8 number of the log; 0: it is closed, and these are all marks
//   8 sequence of its first block that counts
//   then for each file, perhaps several times (the union counts):
//     2 root   8 inode   1 whole   8 bytes of extents   n extents, as ExtentSet.Write writes them
using System.Buffers;
using System.Buffers.Binary;
using HaMirror.Core.Wire;
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>Writes and reads the content of a marks file.</summary>
internal sealed class MarksContent
{
    private const int HeadBytes = 16;
    private const int FileBytes = 19;

    private readonly ArrayBufferWriter<byte> _content = new(256);
    private readonly ArrayBufferWriter<byte> _extents = new(256);

    /// <param name="log">0: closed.</param>
    public MarksContent(ulong log, ulong start)
    {
        var head = _content.GetSpan(HeadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, log);
        BinaryPrimitives.WriteUInt64LittleEndian(head[8..], start);
        _content.Advance(HeadBytes);
    }

    public bool HasFiles => _content.WrittenCount > HeadBytes;

    public ReadOnlyMemory<byte> Bytes => _content.WrittenMemory;

    public void Add(FileKey key, FileMark mark)
    {
        if (mark.IsEmpty)
            return;
        _extents.ResetWrittenCount();
        mark.Extents.Write(_extents);
        var head = _content.GetSpan(FileBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)key.Root);
        BinaryPrimitives.WriteUInt64LittleEndian(head[2..], key.Inode);
        head[10] = mark.IsWhole ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(head[11..], (ulong)_extents.WrittenCount);
        _content.Advance(FileBytes);
        _content.Write(_extents.WrittenSpan);
    }

    /// <summary>Adds what a content holds to marks.</summary>
    /// <returns>False: it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> content, MarkSet marks, out ulong log, out ulong start)
    {
        var reader = new WireReader(content);
        (log, start) = (reader.UInt64(), reader.UInt64());
        while (!reader.Failed && reader.Left > 0)
        {
            var key = new FileKey(reader.UInt16(), reader.UInt64());
            var mark = new FileMark { IsWhole = reader.Flag() };
            var length = reader.UInt64();
            if (reader.Failed || length > (ulong)reader.Left || !mark.Extents.TryRead(reader.Raw((int)length)))
                return false;
            marks.Mark(key, mark);
        }
        return reader.IsWhole;
    }
}
