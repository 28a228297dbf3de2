// What a batch of frames is about to change in files, saved before any of it is applied: one sync for the batch.
using HaMirror.Io.Crashes;
using System.Buffers.Binary;
using System.Buffers;
using HaMirror.Core.Wire;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Saves preimages of data frames.</summary>
internal static class TargetPreimages
{
    private const int MovesBytes = 8 | 32; // FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE

    /// <summary>Saves what the frames up to the first one that changes names or what numbers mean will replace. That frame sees to
    /// itself: names are kept already, and what it removes is saved when it does.</summary>
    /// <returns>How many frames that were, at least one.</returns>
    public static int Save(PreimageJournal preimages, TargetFiles files, ReadOnlySpan<TargetFrame> frames)
    {
        var count = 0;
        for (; count < frames.Length && IsOfData(frames[count].Header.Type); count++)
            Save(preimages, files, frames[count]);
        preimages.Harden();
        Crash.At(CrashPoint.PreimagesSaved);
        return Math.Max(count, 1);
    }

    private static bool IsOfData(FrameType type) =>
        type is not (FrameType.Bind or FrameType.Unbind or FrameType.Change or FrameType.ResyncDirectory);

    private static void Save(PreimageJournal preimages, TargetFiles files, in TargetFrame frame)
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
        if (bytes > 0 && header.Offset <= long.MaxValue && files.Find(header.File) is { IsMissing: false } file)
            preimages.Save(new FileKey(file.RootIndex, file.Inode.Number), file.Descriptor, header.Offset, Math.Min(header.Offset + bytes, long.MaxValue));
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
