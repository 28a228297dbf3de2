// The content of the marks file: what was dirty at a moment, and from which block on the intent log tells the rest.
//   8 number of the log; 0: it is closed, and these are all marks
//   8 sequence of its first block that counts
//   8 how many blocks it has
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
    private const int HeadBytes = 24;
    private const int FileBytes = 19;

    private readonly ArrayBufferWriter<byte> _content = new(256);
    private readonly ArrayBufferWriter<byte> _extents = new(256);

    /// <summary>With all marks: the log is closed.</summary>
    public MarksContent() : this(0, 0, 0)
    {
    }

    public MarksContent(ulong log, ulong start, ulong blocks)
    {
        var head = _content.GetSpan(HeadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, log);
        BinaryPrimitives.WriteUInt64LittleEndian(head[8..], start);
        BinaryPrimitives.WriteUInt64LittleEndian(head[16..], blocks);
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
    /// <param name="log">0: closed.</param>
    /// <returns>False: it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> content, MarkSet marks, out ulong log, out ulong start, out ulong blocks)
    {
        var reader = new WireReader(content);
        (log, start, blocks) = (reader.UInt64(), reader.UInt64(), reader.UInt64());
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
