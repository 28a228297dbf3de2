// The two files of a module's dirty extents: marks (replaced as a whole) and intentlog (a ring of blocks, written before each
// change of a cold area). FORMAT.md has both.
// Invariants: (1) marks names the log and the block from which on it counts; the log never writes over that block; (2) before
// a log is begun anew, marks says that the former one is closed and holds all that it said; (3) what cannot be read is named,
// and nothing is guessed from what is left.
using System.Security.Cryptography;
using HaMirror.Core.Intent;
using HaMirror.Io.Native;
using HaMirror.Io.Records;
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>Keeps one module's marks and its intent log.</summary>
/// <param name="marksPath">The file (<see cref="AgentFiles.MarksFile"/>).</param>
/// <param name="logPath">The file (<see cref="AgentFiles.IntentLogFile"/>).</param>
public sealed class IntentStore(string marksPath, string logPath)
{
    private const uint Magic = 0x4D524D48; // "HMRM"

    /// <summary>3: names the intent log and says how long it is.</summary>
    private const uint Version = 3;

    /// <summary>32 MiB: some seconds of the fastest cold writes there are.</summary>
    private const uint BlockCountMin = 8192;

    /// <summary>A log holds at least so many times all that is hot.</summary>
    private const uint MapsMin = 16;

    private bool _isClosed = true;

    /// <summary>The file that may be missing.</summary>
    public string MarksPath => marksPath;

    /// <summary>There is a marks file: dirty extents are kept here.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The log was open: the node, or its agent, died.</summary>
    public bool HasCrashed { get; private set; }

    /// <summary>Adds all that was kept to <paramref name="marks"/>. Whatever was hot counts as dirty. Changes nothing.</summary>
    /// <returns>Null, or why the dirty extents are not known, as a sentence: everything must then be compared.</returns>
    public string? Load(MarkSet marks)
    {
        CheckedFile.Load(marksPath, Magic, Version, out var content, out var fault);
        if (fault is null && content is null)
            return null;
        IsKnown = true;
        ulong log = 0, start = 0, blocks = 0;
        if (fault is null && !MarksContent.TryRead(content, marks, out log, out start, out blocks))
            fault = "holds no valid marks";
        if (fault is not null)
            return $"The marks file {marksPath} {fault}; everything will be compared with the peer.";
        if (log == 0)
            return null;
        HasCrashed = true;
        _isClosed = false;
        return LoadLog(marks, log, start, blocks) is { } wrong
            ? $"The intent log {logPath} {wrong}; everything will be compared with the peer."
            : null;
    }

    /// <summary>Begins a log, with nothing hot. <paramref name="marks"/> are what is dirty.</summary>
    /// <param name="areas">Size of the hot set.</param>
    /// <exception cref="IOException">A file cannot be written; the message is a sentence.</exception>
    internal IntentRing Open(MarkSet marks, int areas)
    {
        // Only when it was not before: what the former log says is in the marks, whole, before it is written over.
        if (!_isClosed)
            Close(Content(marks));
        var hotBlocks = (uint)(areas / IntentTransaction.HotPerBlock + 1);
        var ring = IntentRing.Open(logPath, Math.Max(BlockCountMin, hotBlocks * MapsMin));
        try
        {
            Span<byte> number = stackalloc byte[sizeof(ulong)];
            RandomNumberGenerator.Fill(number);
            ring.Begin(BitConverter.ToUInt64(number) | 1);
            Replace(Content(marks, ring));
            _isClosed = false;
            return ring;
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the marks file.</summary>
    /// <exception cref="IOException">It cannot be written; the message is a sentence.</exception>
    internal void Replace(MarksContent content)
    {
        CheckedFile.Save(marksPath, Magic, Version, content.Bytes);
        IsKnown = true;
    }

    private void Close(MarksContent content)
    {
        Replace(content);
        _isClosed = true;
    }

    /// <summary>Saves marks as a clean stop does.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public string? Save(MarkSet marks) => Save(Content(marks));

    /// <summary>The same, with a content that says that the log is closed.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    internal string? Save(MarksContent content)
    {
        try
        {
            Close(content);
            return null;
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    /// <param name="ring">The log that tells the rest; null: it is closed.</param>
    private static MarksContent Content(MarkSet marks, IntentRing? ring = null)
    {
        var content = ring is null ? new MarksContent() : new MarksContent(ring.Log, ring.Start, ring.BlockCount);
        marks.Visit(content.Add);
        return content;
    }

    private string? LoadLog(MarkSet marks, ulong log, ulong start, ulong blocks)
    {
        byte[] ring;
        try
        {
            ring = File.ReadAllBytes(logPath);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return "is missing";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {failure.Message}";
        }
        // A shorter ring would end where it was cut, as if nothing had been written after that.
        if ((ulong)ring.Length != blocks * IntentTransaction.BlockBytes)
            return $"is torn: it has {ring.Length} bytes instead of {blocks * IntentTransaction.BlockBytes}";
        var replay = new IntentReplay();
        if (replay.Read(ring, log, start) is { } wrong)
            return wrong;
        foreach (var key in replay.Hot.Concat(replay.Whole))
            if (key.IsWhole)
                marks.MarkWhole(new FileKey(key.Root, key.Inode));
            else
                marks.Mark(new FileKey(key.Root, key.Inode), key.Offset, Core.Extents.ExtentSet.AreaBytes);
        foreach (var (file, extents) in replay.Dirty)
        {
            var mark = new FileMark();
            mark.Extents.Union(extents);
            marks.Mark(new FileKey(file.Root, file.Inode), mark);
        }
        return null;
    }
}
