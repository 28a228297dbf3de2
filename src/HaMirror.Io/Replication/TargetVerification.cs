// The target's half of a verification: names, sizes and holes. It changes nothing here.
// Invariant: what is compared is the replica at the frame's place in the stream.
using System.Buffers.Binary;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>Answers VerifyDirectory, and ResyncHashes without hashes. Belongs to the session's thread.</summary>
internal sealed unsafe class TargetVerification(TargetSettings settings, ControlQueue outgoing)
{
    private readonly List<DirectoryEntry> _entries = [];
    private DirectoryPart? _open;

    /// <summary>Takes one part of a directory; answers behind the last.</summary>
    public void Take(in TargetFrame frame, DirectoryPart part)
    {
        var first = (frame.Header.Flags & FrameFlags.First) != 0;
        if (part.Root >= settings.Roots.Length || first != (_open is null) || (_open is { } open && (open.Root != part.Root || open.Path != part.Path)))
            throw TargetException.Violation($"the parts of directory '{part.Path}' do not follow each other.");
        if (first)
        {
            _open = part;
            _entries.Clear();
        }
        _entries.AddRange(part.Entries);
        if ((frame.Header.Flags & FrameFlags.More) != 0)
            return;
        var findings = Compare(_open!, _entries);
        _open = null;
        _entries.Clear();
        outgoing.Add(
            FrameType.VerifyResult, findings.Count == 0 ? FrameFlags.Equal : FrameFlags.None, frame.Header.Sequence,
            payload: NameFindingCodec.Write(findings));
    }

    /// <summary>Compares a file's size (no payload), or that a range is a hole here too (payload: its length).</summary>
    public void TakeShape(in TargetFrame frame, TargetFile file, TargetWrites writes)
    {
        var header = frame.Header;
        var equal = false;
        if (!file.IsMissing)
        {
            writes.WaitForFile(file);
            equal = header.PayloadLength == 0 ? IsSize(file, header.Offset) : IsHole(file, header.Offset, Length(frame));
        }
        outgoing.Add(
            FrameType.HashResult, equal ? FrameFlags.Equal : FrameFlags.None, header.Sequence, header.File, header.Offset, header.Argument);
    }

    private static bool IsSize(TargetFile file, ulong size)
    {
        NativeStat stat;
        return Shim.StatAt(file.Descriptor, "", &stat) >= 0 && stat.Size == size;
    }

    /// <summary>Allocated zeros are no hole: the source then compares them by hash.</summary>
    private static bool IsHole(TargetFile file, ulong offset, ulong bytes)
    {
        NativeStat stat;
        return Shim.StatAt(file.Descriptor, "", &stat) >= 0 && stat.Size >= offset + bytes
            && SparseFile.Data(file.Descriptor, offset, stat.Size) >= offset + bytes;
    }

    private static ulong Length(in TargetFrame frame)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        if (frame.Payload.Length != number.Length)
            throw TargetException.Violation($"frame {frame.Header.Sequence} has {frame.Payload.Length} bytes where a length belongs.");
        System.Buffers.BuffersExtensions.CopyTo(frame.Payload, number);
        var bytes = BinaryPrimitives.ReadUInt64LittleEndian(number);
        return bytes is > 0 and <= long.MaxValue && frame.Header.Offset <= long.MaxValue - bytes
            ? bytes
            : throw TargetException.Violation($"a hole of {bytes} bytes at {frame.Header.Offset}.");
    }

    private List<NameFinding> Compare(DirectoryPart theirs, List<DirectoryEntry> entries)
    {
        var root = settings.Roots[theirs.Root];
        var findings = new List<NameFinding>();
        DirectorySnapshot? snapshot;
        try
        {
            snapshot = DirectorySnapshot.Read(new ResyncRoot(root.Descriptor, path => Replicates(root, path)), theirs.Path);
        }
        catch (IOException failure)
        {
            return [new NameFinding("", NameFindingKind.Differs, $"cannot be read: {failure.Message}")];
        }
        if (snapshot is null)
            return [new NameFinding("", NameFindingKind.Missing, "is missing, or is no directory")];
        Compare("", theirs.Own!, snapshot.Own, findings);
        var ours = snapshot.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        foreach (var entry in entries)
            if (!ours.Remove(entry.Name, out var own))
                findings.Add(new NameFinding(entry.Name, NameFindingKind.Missing, "is missing"));
            else
                Compare(entry, own, findings);
        findings.AddRange(ours.Keys.Select(name => new NameFinding(name, NameFindingKind.Extra, "does not exist on the primary")));
        CompareLinks(entries, snapshot, findings);
        return findings;
    }

    private static void Compare(DirectoryEntry theirs, DirectoryEntry ours, List<NameFinding> findings)
    {
        if (theirs.LinkTarget != ours.LinkTarget)
            findings.Add(new NameFinding(theirs.Name, NameFindingKind.Differs, "is a symbolic link that leads elsewhere"));
        Compare(theirs.Name, theirs.Attributes, ours.Attributes, findings);
    }

    /// <summary>Not the times: each node's writes leave its own. Not the size: data that is under way may change it.</summary>
    private static void Compare(string name, EntryAttributes theirs, EntryAttributes ours, List<NameFinding> findings)
    {
        const uint typeMask = 0xF000;
        if ((theirs.Mode & typeMask) != (ours.Mode & typeMask))
            findings.Add(new NameFinding(name, NameFindingKind.Differs, "is a file of another kind"));
        else if (theirs.Mode != ours.Mode)
            findings.Add(new NameFinding(name, NameFindingKind.Differs, $"has mode {Octal(ours.Mode)} instead of {Octal(theirs.Mode)}"));
        if ((theirs.Uid, theirs.Gid) != (ours.Uid, ours.Gid))
            findings.Add(new NameFinding(name, NameFindingKind.Differs, $"belongs to {ours.Uid}:{ours.Gid} instead of {theirs.Uid}:{theirs.Gid}"));
        if ((theirs.DeviceMajor, theirs.DeviceMinor) != (ours.DeviceMajor, ours.DeviceMinor))
            findings.Add(new NameFinding(name, NameFindingKind.Differs, "is another device"));
        var own = ours.Extended.ToDictionary(attribute => attribute.Name, attribute => attribute.Value, StringComparer.Ordinal);
        foreach (var attribute in theirs.Extended)
            if (!own.Remove(attribute.Name, out var value) || !value.Span.SequenceEqual(attribute.Value.Span))
                findings.Add(new NameFinding(name, NameFindingKind.Differs, $"has another extended attribute {attribute.Name}"));
        findings.AddRange(own.Keys.Select(extra => new NameFinding(name, NameFindingKind.Differs, $"has an extended attribute {extra} that the primary's lacks")));
    }

    /// <summary>Names of one file there are names of one file here, as far as this directory tells.</summary>
    private static void CompareLinks(List<DirectoryEntry> theirs, DirectorySnapshot snapshot, List<NameFinding> findings)
    {
        var ours = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var entry in snapshot.Entries)
            ours[entry.Name] = entry.SameInode;
        var forth = new Dictionary<ulong, ulong>();
        var back = new Dictionary<ulong, ulong>();
        foreach (var entry in theirs)
        {
            if (!ours.TryGetValue(entry.Name, out var own) || (entry.SameInode == 0 && own == 0))
                continue;
            if (entry.SameInode == 0 || own == 0 || !IsSame(forth, entry.SameInode, own) || !IsSame(back, own, entry.SameInode))
                findings.Add(new NameFinding(entry.Name, NameFindingKind.Differs, "has other hard links"));
        }
    }

    private static bool IsSame(Dictionary<ulong, ulong> known, ulong from, ulong to) =>
        known.TryAdd(from, to) || known[from] == to;

    private static string Octal(uint mode) => Convert.ToString(mode & 0xFFF, 8);

    private static bool Replicates(TargetRoot root, string path)
    {
        NativeStat stat;
        return root.Filter.Replicates(path, Shim.StatAt(root.Descriptor, path, &stat) == 0 && DirectorySnapshot.IsDirectory(stat));
    }
}
