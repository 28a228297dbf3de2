// Finds writers that go through a file from front to back, so that their next areas are hot before they get there.
// Invariant: a guess costs at most a few areas that are compared for nothing after a crash; it never lets a write pass.
using HaMirror.Io.Replication;

namespace HaMirror.Io.IntentLog;

/// <summary>The last few places where somebody wrote on. Belongs to the pump's thread.</summary>
internal sealed class SequentialWriters
{
    /// <summary>Writers seen at once: more than a guest's disks have.</summary>
    private const int Count = 16;

    /// <summary>So far from where it was expected a write still belongs to its writer: several are under way at once.</summary>
    private const ulong SlackBytes = 4 << 20;

    /// <summary>After so many bytes in a row somebody counts as such a writer.</summary>
    private const ulong RunBytes = 1 << 20;

    private readonly Writer[] _writers = new Writer[Count];
    private int _next;

    private struct Writer
    {
        public FileKey Key;
        public ulong End;
        public ulong Run;
    }

    /// <summary>Notes a write.</summary>
    /// <returns>Whether it belongs to such a writer.</returns>
    public bool Note(FileKey key, ulong offset, ulong bytes)
    {
        foreach (ref var writer in _writers.AsSpan())
        {
            if (writer.Key != key || offset + SlackBytes < writer.End || offset > writer.End + SlackBytes || writer.Run == 0)
                continue;
            writer.Run = offset + bytes > writer.End ? writer.Run + bytes : writer.Run;
            writer.End = Math.Max(writer.End, offset + bytes);
            return writer.Run >= RunBytes;
        }
        _writers[_next] = new Writer { Key = key, End = offset + bytes, Run = bytes };
        _next = (_next + 1) % Count;
        return false;
    }
}
