// What a job of the service was promised, outside of both nodes: it survives every death of theirs.
// Format: entries of three 64-bit words (kind, number, place), appended with one write each. A new epoch replaces the file by
// a snapshot of what it found and flushed.
// Invariant: an entry Issued is here before the operation begins, Written or Flushed after it was acknowledged.
using System.Runtime.InteropServices;

namespace HaMirror.Workload;

internal enum EntryKind : ulong
{
    /// <summary>An operation is about to be made.</summary>
    Issued = 1,

    /// <summary>It was acknowledged.</summary>
    Written = 2,

    /// <summary>A flush was acknowledged that covers everything written up to this number.</summary>
    Flushed = 3,

    /// <summary>All that there was is removed next: nothing is promised until the next Base.</summary>
    Cleared = 4,

    /// <summary>Promises begin with this number.</summary>
    Base = 5,
}

internal readonly record struct Entry(EntryKind Kind, ulong Number, ulong Place);

/// <summary>The ledger of one job. One thread.</summary>
internal sealed class Ledger(string path, Violations violations) : IDisposable
{
    private const int EntryBytes = 24;

    private FileStream? _file;

    public static IEnumerable<Entry> Read(string path)
    {
        if (!File.Exists(path))
            yield break;
        var content = File.ReadAllBytes(path);
        for (var at = 0; at + EntryBytes <= content.Length; at += EntryBytes)
            yield return MemoryMarshal.Read<Entry>(content.AsSpan(at));
    }

    public IEnumerable<Entry> Read() => Read(path);

    /// <summary>Begins anew with these entries.</summary>
    public void Replace(IEnumerable<Entry> snapshot)
    {
        var beside = path + ".new";
        using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16))
            foreach (var entry in snapshot)
                file.Write(Bytes(entry));
        File.Move(beside, path, overwrite: true);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
    }

    public void Issue(ulong number, ulong place = 0) => _file!.Write(Bytes(new Entry(EntryKind.Issued, number, place)));

    public void Note(EntryKind kind, ulong number) => _file!.Write(Bytes(new Entry(kind, number, 0)));

    /// <summary>The mount has acknowledged it; nobody else may be served at this moment.</summary>
    public void Acknowledge(EntryKind kind, ulong number, ulong place = 0)
    {
        violations.CheckEpoch($"{kind} {number} of {Path.GetFileName(path)}");
        _file!.Write(Bytes(new Entry(kind, number, place)));
    }

    public void Dispose() => _file?.Dispose();

    private static byte[] Bytes(Entry entry)
    {
        var bytes = new byte[EntryBytes];
        MemoryMarshal.Write(bytes, entry);
        return bytes;
    }
}
