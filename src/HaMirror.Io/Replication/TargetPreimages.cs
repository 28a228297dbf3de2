// What a batch of frames is about to change in files: asked for before any of it is applied, so that one sync covers the batch,
// and awaited by each frame that changes something.
using System.Buffers;
using System.Buffers.Binary;
using HaMirror.Core.Wire;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Has preimages of data frames saved. Belongs to the session's thread.</summary>
internal sealed class TargetPreimages(TargetFiles files)
{
    private const int PunchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    private const int MovesBytes = 8 | 32; // FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE

    /// <summary>Of a frame that frees more than this, in bytes, nothing is asked for before its turn.</summary>
    public const ulong AheadBytesMax = 8 << 20;

    private readonly List<PreimageWait> _waits = [];
    private readonly Queue<(ulong Ticket, TargetFile File)> _open = new();

    /// <summary>Null: nothing is kept.</summary>
    public PreimageJournal? Journal { get; set; }

    /// <summary>Another batch begins.</summary>
    public void Begin() => _waits.Clear();

    /// <summary>Asks for what the frames from this one up to the first one that changes names or what numbers mean will replace.
    /// That frame sees to itself: names are kept already, and what it removes is saved when it does.</summary>
    /// <param name="index">Of the frame whose turn it is.</param>
    /// <returns>What it has to await.</returns>
    public PreimageWait Of(ReadOnlySpan<TargetFrame> frames, int index)
    {
        if (Journal is not { } journal)
            return default;
        // Of frames that were applied before there was a journal nothing is remembered, and nothing looked at again.
        while (_waits.Count < index)
            _waits.Add(default);
        if (_waits.Count == index)
            LookAhead(journal, frames);
        return _waits[index];
    }

    /// <summary>Asks for a range whose turn it is.</summary>
    public PreimageWait Of(TargetFile file, ulong offset, ulong bytes) =>
        Journal is { } journal ? Ask(journal, file, offset, bytes) : default;

    /// <summary>A range was compared and differs: its new content is to come, and what it replaces can be saved meanwhile.</summary>
    public void Foresee(TargetFile file, ulong offset, ulong bytes)
    {
        if (Journal is { } journal)
            _ = Ask(journal, file, offset, bytes);
    }

    /// <summary>Lets go of files that nothing has to be saved of any more.</summary>
    public void Settle()
    {
        while (_open.TryPeek(out var oldest) && (Journal is not { } journal || oldest.Ticket <= journal.SavedTicket))
            _open.Dequeue().File.Release();
    }

    private void LookAhead(PreimageJournal journal, ReadOnlySpan<TargetFrame> frames)
    {
        bool isOfData;
        do
        {
            ref readonly var frame = ref frames[_waits.Count];
            isOfData = IsOfData(frame.Header.Type);
            _waits.Add(Ask(journal, frame));
        }
        while (isOfData && _waits.Count < frames.Length && IsOfData(frames[_waits.Count].Header.Type));
    }

    /// <summary>Not of names, nor of what numbers mean.</summary>
    public static bool IsOfData(FrameType type) =>
        type is not (FrameType.Bind or FrameType.Unbind or FrameType.Change or FrameType.ResyncDirectory);

    private static bool FreesMuch(FrameType type, uint mode, ulong bytes) =>
        bytes > AheadBytesMax && (type == FrameType.ResyncZero || (type == FrameType.Fallocate && mode == PunchHole));

    private PreimageWait Ask(PreimageJournal journal, in TargetFrame frame)
    {
        var header = frame.Header;
        ulong bytes = header.Type switch
        {
            FrameType.Write => (ulong)header.PayloadLength,
            FrameType.ResyncBlock => (header.Flags & FrameFlags.Lz4) != 0 ? header.Argument : (ulong)header.PayloadLength,
            FrameType.Fallocate when (header.Argument & MovesBytes) != 0 => (ulong)long.MaxValue,
            FrameType.Fallocate or FrameType.ResyncZero => Length(frame),
            _ => 0UL,
        };
        return bytes > 0 && header.Offset <= long.MaxValue && !FreesMuch(header.Type, header.Argument, bytes) && files.Find(header.File) is { } file ? Ask(journal, file, header.Offset, bytes) : default;
    }

    private PreimageWait Ask(PreimageJournal journal, TargetFile file, ulong offset, ulong bytes)
    {
        if (file.IsMissing)
            return default;
        var wait = journal.Ask(
            file.Key, file.Descriptor, offset, Math.Min(offset + bytes, long.MaxValue));
        if (wait.Ticket > 0)
        {
            file.Retain();
            _open.Enqueue((wait.Ticket, file));
        }
        return wait;
    }

    private static ulong Length(in TargetFrame frame)
    {
        Span<byte> number = stackalloc byte[8];
        if (frame.Payload.Length != number.Length)
            return 0; // A violation, which its turn will tell.
        frame.Payload.CopyTo(number);
        return Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(number), long.MaxValue);
    }
}
