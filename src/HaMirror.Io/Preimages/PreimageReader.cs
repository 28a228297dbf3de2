// Reads a journal, whole and checked.
// Invariant: what comes back was written whole. Damage in what was on stable storage is named and refused; a torn tail, which a
// power cut leaves and nothing rests on (no change was made before its record was durable), is dropped.
using System.Buffers;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The journal of a directory.</summary>
/// <param name="Bytes">Of the journal, without a torn tail.</param>
/// <param name="LastNumber">Of the last record.</param>
/// <param name="Hardened">Bytes of which its records say that they were on stable storage.</param>
internal sealed record PreimageReader(PreimageCatalog Catalog, long Bytes, ulong LastNumber, long Hardened)
{
    public const string FileName = "journal";

    /// <summary>No payload is read but those of names: for what an operator is told.</summary>
    public const long Unverified = long.MaxValue;

    /// <summary>The journal that an origin is of: as <see cref="Read"/>, and at least as long as the origin says.</summary>
    /// <exception cref="IOException">It is damaged, was cut, or cannot be read; the message is a sentence that names the file.</exception>
    public static PreimageReader Of(PreimageOrigin origin, string directory, bool withRanges, long verifyFrom = 0)
    {
        var read = Read(directory, withRanges, verifyFrom);
        if (read.Bytes >= origin.Bytes && read.LastNumber >= origin.LastNumber)
            return read;
        var path = Path.Combine(directory, FileName);
        throw new IOException((File.Exists(path)
                ? $"{path} was cut: only {read.Bytes} of the {origin.Bytes} bytes are there that were on stable storage, and {read.LastNumber} of {origin.LastNumber} records."
                : $"{path} is gone, which had {origin.Bytes} bytes and {origin.LastNumber} records.")
            + " Nothing of it is used. Put the whole file back from a copy if there is one; else move its directory away, or remove it when nothing of it is needed.");
    }

    /// <param name="withRanges">Keep where each range's bytes lie.</param>
    /// <param name="verifyFrom">Every payload from this byte of the journal on is read and judged by its checksum.</param>
    /// <exception cref="IOException">It is damaged or cannot be read; the message is a sentence that names the file.</exception>
    public static unsafe PreimageReader Read(string directory, bool withRanges, long verifyFrom = 0)
    {
        var path = Path.Combine(directory, FileName);
        var catalog = new PreimageCatalog();
        if (!File.Exists(path))
            return new PreimageReader(catalog, 0, 0, 0);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 4 << 20);
        var room = ArrayPool<byte>.Shared.Rent(FrameHeader.PayloadLengthMax + (2 * PreimageHeader.Size));
        try
        {
            long at = 0;
            ulong number = 0;
            ulong hardened = 0;
            while (TryRead(stream, room, number + 1, at >= verifyFrom, out var header))
            {
                if (!Take(catalog, header, room.AsSpan(0, header.PayloadBytes), at, withRanges))
                    throw new IOException(Damaged(path, at));
                (number, hardened) = (header.Number, Math.Max(hardened, header.Hardened));
                at += header.RecordBytes;
            }
            if (at < stream.Length && IsDamage(stream, room, at))
                throw new IOException(Damaged(path, at));
            return new PreimageReader(catalog, at, number, (long)hardened);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(room);
        }
    }

    private static string Damaged(string path, long at) =>
        $"{path} is damaged at byte {at}, in what was on stable storage: its checksum is wrong. Nothing of it is used; move its directory "
        + "away, or remove it when nothing of it is needed.";

    private static bool TryRead(FileStream stream, byte[] room, ulong number, bool verify, out PreimageHeader header)
    {
        header = default;
        if (stream.ReadAtLeast(room.AsSpan(0, PreimageHeader.Size), PreimageHeader.Size, throwOnEndOfStream: false) < PreimageHeader.Size
            || PreimageHeader.Read(room) is not { } found || found.Number != number)
            return false;
        header = found;
        var rest = (int)(found.RecordBytes - PreimageHeader.Size);
        if (!verify && found.Kind != PreimageKind.Directory)
            return stream.Seek(rest, SeekOrigin.Current) <= stream.Length;
        return stream.ReadAtLeast(room.AsSpan(0, rest), rest, throwOnEndOfStream: false) == rest
            && Crc32C.Compute(room.AsSpan(0, found.PayloadBytes)) == found.PayloadSum;
    }

    /// <summary>Whether a record behind the place says that the place was on stable storage.</summary>
    private static bool IsDamage(FileStream stream, byte[] room, long at)
    {
        stream.Seek(at + PreimageHeader.Size, SeekOrigin.Begin);
        while (stream.ReadAtLeast(room.AsSpan(0, 1 << 20), 1 << 20, throwOnEndOfStream: false) is > 0 and var bytes)
            for (var offset = 0; offset + PreimageHeader.Size <= bytes; offset += PreimageHeader.Size)
                if (PreimageHeader.Read(room.AsSpan(offset)) is { } later && later.Hardened > (ulong)at)
                    return true;
        return false;
    }

    private static bool Take(PreimageCatalog catalog, in PreimageHeader header, ReadOnlySpan<byte> payload, long at, bool withRanges)
    {
        switch (header.Kind)
        {
            case PreimageKind.Directory:
                if (DirectoryPart.Read(payload, (header.Flags & FrameFlags.First) != 0) is not { } part)
                    return false;
                catalog.Add(part);
                return true;
            case PreimageKind.NamesEnd:
                catalog.HasAllNames = true;
                return true;
            case PreimageKind.Filling:
                return true;
        }
        if (catalog.Find(new FileKey(header.Root, header.Inode)) is not { } file)
            return false;
        if (header.Kind == PreimageKind.Gone)
            file.IsGone = true;
        else if (header.Kind == PreimageKind.Kept)
            catalog.Kept(file, header.Length);
        else
            catalog.Saved(file, new PreimageRange(header.Kind, header.Offset, header.Length, at + PreimageHeader.Size), withRanges);
        return true;
    }
}
