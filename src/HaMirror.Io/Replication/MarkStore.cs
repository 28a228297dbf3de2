// The marks file of a module: what a clean stop leaves of the marks. Content as FileMarks.cs lays it out, in one piece.
// Invariant: marks are found again by inode; the path is there for who reads the file with other means.
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Records;

namespace HaMirror.Io.Replication;

/// <summary>Keeps one module's marks.</summary>
/// <param name="path">The file (<see cref="AgentFiles.MarksFile"/>).</param>
public sealed class MarkStore(string path) : IMarkStore
{
    private const uint Magic = 0x4D524D48; // "HMRM"

    /// <summary>1: the first.</summary>
    private const uint Version = 1;

    /// <inheritdoc/>
    public string? Load(MarkSet marks)
    {
        CheckedFile.Load(path, Magic, Version, out var content, out var fault);
        var files = new List<FileMarks>();
        if (fault is null && content is not null && !FileMarksCodec.TryRead(content, files))
            fault = "holds no valid marks";
        if (fault is not null)
            return $"The marks file {path} {fault}; everything will be compared with the peer.";
        foreach (var file in files)
        {
            var key = new FileKey(file.Root, file.Inode);
            if (file.Whole)
                marks.MarkWhole(key);
            foreach (var range in file.Extents.Ranges())
                marks.Mark(key, range.Offset, range.Length);
        }
        return null;
    }

    /// <inheritdoc/>
    public string? Save(MarkSet marks)
    {
        var payloads = FileMarksCodec.Split(marks.All.Select(mark =>
            new FileMarks(mark.Key.Root, mark.Key.Inode, "", mark.Value.IsWhole, mark.Value.Extents)));
        var content = new byte[payloads.Sum(payload => payload.Length)];
        var at = 0;
        foreach (var payload in payloads)
        {
            payload.CopyTo(content, at);
            at += payload.Length;
        }
        try
        {
            CheckedFile.Save(path, Magic, Version, content);
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }
}
