// What a ring of blocks says after a crash.
// Invariants: a transaction counts when all its blocks are whole; only the last one may be torn, because the next is begun
// after it was flushed, and then nothing that it lets in was written. Anything else that is missing or does not decode is
// damage: it is named, and nothing is guessed.
using System.Buffers.Binary;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;

namespace HaMirror.Core.Intent;

/// <summary>Reads an intent log.</summary>
public sealed class IntentReplay
{
    private readonly Dictionary<(int Root, ulong Inode), ExtentSet> _dirty = [];
    private readonly HashSet<IntentKey> _hot = [];
    private readonly HashSet<IntentKey> _whole = [];

    /// <summary>Areas and files that were hot when the log ended.</summary>
    public IReadOnlyCollection<IntentKey> Hot => _hot;

    /// <summary>Files all of which was dirty when they went cold.</summary>
    public IReadOnlyCollection<IntentKey> Whole => _whole;

    /// <summary>Extents that were dirty when their areas went cold.</summary>
    public IReadOnlyDictionary<(int Root, ulong Inode), ExtentSet> Dirty => _dirty;

    /// <summary>Blocks that counted.</summary>
    public ulong BlockCount { get; private set; }

    /// <summary>Reads the ring from a block on.</summary>
    /// <param name="ring">All of it: whole blocks.</param>
    /// <param name="log">Number of the log; blocks of another one are of no interest.</param>
    /// <param name="start">Sequence of the first block that counts. It must be there.</param>
    /// <returns>Null, or what is wrong with it, as the middle of a sentence.</returns>
    public string? Read(ReadOnlySpan<byte> ring, ulong log, ulong start)
    {
        var blocks = (ulong)(ring.Length / IntentTransaction.BlockBytes);
        if (blocks == 0 || ring.Length % IntentTransaction.BlockBytes != 0)
            return $"has {ring.Length} bytes, which are no whole number of blocks";
        var last = LastTransaction(ring, log);
        for (var at = start; at <= last; )
        {
            if (at - start >= blocks)
                return $"ends nowhere: block {at} stands where block {start} must be";
            var count = Transaction(ring, log, at);
            if (count == 0)
                return at < last ? $"is damaged: block {at} is not whole, but a later one is" : TornEnd(at, start);
            if (Apply(ring, at, count) is { } fault)
                return fault;
            BlockCount += count;
            at += count;
        }
        return BlockCount == 0 ? $"is damaged: it does not hold block {start}, where it begins" : null;
    }

    private string? TornEnd(ulong at, ulong start) =>
        at == start ? $"is damaged: block {start}, where it begins, is not whole" : null;

    /// <summary>The highest sequence with which a transaction begins, of those that left a whole block.</summary>
    private static ulong LastTransaction(ReadOnlySpan<byte> ring, ulong log)
    {
        ulong last = 0;
        var blocks = (ulong)(ring.Length / IntentTransaction.BlockBytes);
        for (ulong index = 0; index < blocks; index++)
        {
            var block = ring.Slice((int)index * IntentTransaction.BlockBytes, IntentTransaction.BlockBytes);
            if (IsWhole(block, log) && Sequence(block) % blocks == index)
                last = Math.Max(last, First(block));
        }
        return last;
    }

    /// <returns>How many blocks the transaction has that begins here; 0: one of them is missing.</returns>
    private static uint Transaction(ReadOnlySpan<byte> ring, ulong log, ulong first)
    {
        uint count = 1;
        for (uint index = 0; index < count; index++)
        {
            var block = Block(ring, first + index);
            if (!IsWhole(block, log) || Sequence(block) != first + index || First(block) != first)
                return 0;
            var said = BinaryPrimitives.ReadUInt16LittleEndian(block[32..]);
            if (said == 0 || (index > 0 && said != count))
                return 0;
            count = said;
        }
        return count;
    }

    private string? Apply(ReadOnlySpan<byte> ring, ulong first, uint count)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(Block(ring, first)[34..]) == 1)
            _hot.Clear();
        else if (BlockCount == 0)
            return $"is damaged: block {first}, where it begins, does not hold all that is hot";
        for (uint index = 0; index < count; index++)
            if (!Apply(Block(ring, first + index)[IntentTransaction.HeaderBytes..]))
                return $"is damaged: block {first + index} holds what no release has written";
        return null;
    }

    private bool Apply(ReadOnlySpan<byte> entries)
    {
        var reader = new WireReader(entries);
        while (reader.Left > 0 && (IntentEntryKind)reader.Byte() is var kind and not IntentEntryKind.None)
        {
            var key = new IntentKey(reader.UInt16(), reader.UInt64(), reader.UInt64());
            var fits = kind switch
            {
                IntentEntryKind.Hot => _hot.Add(key),
                IntentEntryKind.Dirty => key.IsWhole ? TakeWhole(key) : TakeArea(key),
                IntentEntryKind.Cold => _hot.Remove(key),
                IntentEntryKind.ColdWhole => _hot.Remove(key) && TakeWhole(key),
                IntentEntryKind.ColdList => _hot.Remove(key) && TakeList(ref reader, key),
                IntentEntryKind.ColdMap => _hot.Remove(key) && TakeMap(ref reader, key),
                _ => false,
            };
            if (!fits || reader.Failed)
                return false;
        }
        return !reader.Failed;
    }

    /// <summary>Always true: what was dirty as a whole before may be said to be so again.</summary>
    private bool TakeWhole(in IntentKey key)
    {
        _whole.Add(key);
        return true;
    }

    private bool TakeArea(in IntentKey key)
    {
        DirtyOf(key).Add(key.Offset, ExtentSet.AreaBytes);
        return true;
    }

    private ExtentSet DirtyOf(in IntentKey key)
    {
        if (!_dirty.TryGetValue((key.Root, key.Inode), out var set))
            _dirty.Add((key.Root, key.Inode), set = new ExtentSet());
        return set;
    }

    private bool TakeList(ref WireReader reader, in IntentKey key)
    {
        for (var left = reader.Byte(); left > 0 && !reader.Failed; left--)
            if (!Take(key, reader.UInt16()))
                return false;
        return !key.IsWhole;
    }

    private bool TakeMap(ref WireReader reader, in IntentKey key)
    {
        for (var word = 0; word < HotSet.MapWords; word++)
            for (var rest = reader.UInt64(); rest != 0; rest &= rest - 1)
                if (!Take(key, (ulong)(word * 64 + System.Numerics.BitOperations.TrailingZeroCount(rest))))
                    return false;
        return !key.IsWhole;
    }

    private bool Take(in IntentKey key, ulong extent)
    {
        if (extent >= ExtentSet.AreaBytes / ExtentSet.ExtentBytes || key.IsWhole)
            return false;
        DirtyOf(key).Add(key.Offset + extent * ExtentSet.ExtentBytes, ExtentSet.ExtentBytes);
        return true;
    }

    private static ReadOnlySpan<byte> Block(ReadOnlySpan<byte> ring, ulong sequence) => ring.Slice(
        (int)(sequence % (ulong)(ring.Length / IntentTransaction.BlockBytes)) * IntentTransaction.BlockBytes, IntentTransaction.BlockBytes);

    private static bool IsWhole(ReadOnlySpan<byte> block, ulong log) =>
        BinaryPrimitives.ReadUInt32LittleEndian(block) == IntentTransaction.Magic
        && BinaryPrimitives.ReadUInt64LittleEndian(block[8..]) == log
        && BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) == Crc32C.Compute(block[8..]);

    private static ulong Sequence(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt64LittleEndian(block[16..]);

    private static ulong First(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt64LittleEndian(block[24..]);
}
