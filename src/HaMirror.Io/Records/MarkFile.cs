// The dirty extents on disk: FORMAT.md, "marks".
// Invariant: what Load returns was once given to Save, whole; a torn or damaged file is told apart from one that is not
// there, so that the owner can compare everything instead.
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Records;

/// <summary>Keeps one module's <see cref="FileMarks"/> while it is stopped.</summary>
/// <param name="path">The file (<see cref="AgentFiles.MarksFile"/>).</param>
public sealed class MarkFile(string path)
{
    private const uint Magic = 0x4B4D4D48; // "HMMK"

    /// <summary>1: the first.</summary>
    private const uint Version = 1;

    /// <summary>Reads the marks; no file: none.</summary>
    /// <returns>False: <paramref name="refusal"/> says what is wrong with which file. The marks are lost, and the next resync
    /// must compare everything.</returns>
    public bool TryLoad(out ImmutableArray<FileMarks> marks, out string refusal)
    {
        marks = [];
        refusal = "";
        CheckedFile.Load(path, Magic, Version, out var content, out var fault);
        var found = new List<FileMarks>();
        if (fault is null && content is not null && !TryRead(content, found))
            fault = "holds no valid marks";
        if (fault is null)
        {
            marks = [.. found];
            return true;
        }
        refusal = $"The dirty extents in {path} {fault}. Which extents differ is unknown now: the next resync compares everything.";
        return false;
    }

    /// <summary>Replaces the marks; durable when it returns.</summary>
    /// <exception cref="IOException">The message is a sentence that names the file.</exception>
    public void Save(IEnumerable<FileMarks> marks)
    {
        var content = new ArrayBufferWriter<byte>();
        foreach (var payload in FileMarksCodec.Split(marks))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(content.GetSpan(4), (uint)payload.Length);
            content.Advance(4);
            content.Write(payload);
        }
        CheckedFile.Save(path, Magic, Version, content.WrittenMemory);
    }

    private static bool TryRead(ReadOnlySpan<byte> content, List<FileMarks> marks)
    {
        while (!content.IsEmpty)
        {
            if (content.Length < 4)
                return false;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(content);
            content = content[4..];
            if (length > (uint)content.Length || !FileMarksCodec.TryRead(content[..(int)length], marks))
                return false;
            content = content[(int)length..];
        }
        return true;
    }
}
