using System.Runtime.InteropServices;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Jobs;

/// <summary>A disk: random blocks are written, now and then everything is flushed.</summary>
internal sealed unsafe class BlocksJob : Job
{
    private const int WriteBlocksMax = 16;
    private const int FlushEvery = 24;
    private const int LinesMax = 12;

    private readonly Dictionary<ulong, Promise> _blocks = [];
    private readonly List<ulong> _unflushed = [];
    private readonly PageBlock _room = new(WriteBlocksMax * StampedPage.Bytes);
    private readonly string _path;
    private readonly uint _file;
    private readonly ulong _blockCount;
    private readonly BlockLayout _layout;
    private readonly bool _direct;
    private int _descriptor = -1;
    private ulong _number;
    private bool _isDirty;

    private struct Promise
    {
        public ulong Issued, Written, Flushed, Found;
    }

    /// <param name="file">Number of the file, in its blocks.</param>
    /// <param name="blockCount">Blocks that may be written.</param>
    /// <param name="layout">Where they lie.</param>
    /// <param name="direct">With O_DIRECT.</param>
    public BlocksJob(
        string directory, string ledgers, Violations violations, uint file, ulong blockCount, BlockLayout layout, bool direct)
        : base(directory, $"blocks-{file}", ledgers, violations) =>
        (_path, _file, _blockCount, _layout, _direct) = (Path.Combine(directory, $"blocks-{file}"), file, blockCount, layout, direct);

    public override IEnumerable<string> Verify(bool plain)
    {
        Replay();
        var descriptor = Shim.Open(Shim.CurrentDirectory, _path, OpenFlags.ReadOnly, 0);
        if (descriptor < 0 && _blocks.Values.All(promise => (plain ? promise.Written : promise.Flushed) == 0))
            return [];
        Shim.Check(descriptor, $"open {_path}");
        var wrong = new List<string>();
        var count = 0;
        foreach (var block in _blocks.Keys.Order())
            if (Check(descriptor, block, plain) is { } text && ++count <= LinesMax)
                wrong.Add(text);
        _ = Shim.Close(descriptor);
        if (count > LinesMax)
            wrong.Add($"blocks-{_file}: {count} blocks are wrong.");
        return wrong;
    }

    public override void Begin()
    {
        _descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, _path,
            OpenFlags.Create | OpenFlags.ReadWrite | (_direct ? OpenFlags.Direct : 0), 0x1A4), $"open {_path}");
        Shim.Check(Shim.Sync(_descriptor, 0), $"flush {_path}");
        var found = _blocks.Where(known => known.Value.Found > 0).ToArray();
        _blocks.Clear();
        var snapshot = new List<Entry>();
        foreach (var (block, promise) in found)
        {
            snapshot.Add(new Entry(EntryKind.Issued, promise.Found, Place(block, 1)));
            snapshot.Add(new Entry(EntryKind.Written, promise.Found, Place(block, 1)));
        }
        snapshot.Add(new Entry(EntryKind.Flushed, _number, 0));
        Ledger.Replace(snapshot);
    }

    public override void Step(Random random)
    {
        var count = !_layout.IsDense || random.Next(4) > 0 ? 1UL : (ulong)random.Next(1, WriteBlocksMax);
        // Half of the time in a narrow area, so that writes meet each other.
        var block = (ulong)random.NextInt64((long)((random.Next(2) == 0 ? _blockCount : _blockCount / 16) - count));
        var number = ++_number;
        for (ulong index = 0; index < count; index++)
            StampedPage.Fill(new Span<byte>(_room.Address + index * StampedPage.Bytes, StampedPage.Bytes), _file, block + index, number);
        Ledger.Issue(number, Place(block, count));
        var bytes = count * StampedPage.Bytes;
        var written = Shim.WriteAt(_descriptor, _room.Address, bytes, _layout.Offset(block));
        if (written != (long)bytes)
            throw new IOException($"A write of {bytes} bytes to {_path} answered {written}.");
        Ledger.Acknowledge(EntryKind.Written, number, Place(block, count));
        _isDirty = true;
        if (random.Next(FlushEvery) == 0)
            Flush();
    }

    public override void Flush()
    {
        if (!_isDirty)
            return;
        Shim.Check(Shim.Sync(_descriptor, 1), $"flush {_path}");
        Ledger.Acknowledge(EntryKind.Flushed, _number);
        _isDirty = false;
    }

    public override void Dispose()
    {
        if (_descriptor >= 0)
            _ = Shim.Close(_descriptor);
        _room.Dispose();
        base.Dispose();
    }

    private static ulong Place(ulong block, ulong count) => block | count << 40;

    private void Replay()
    {
        foreach (var entry in Ledger.Read())
        {
            _number = Math.Max(_number, entry.Number);
            if (entry.Kind == EntryKind.Flushed)
            {
                foreach (var block in _unflushed)
                    Known(block).Flushed = Known(block).Written;
                _unflushed.Clear();
                continue;
            }
            var (first, count) = (entry.Place & (1UL << 40) - 1, entry.Place >> 40);
            for (var block = first; block < first + count; block++)
            {
                if (entry.Kind == EntryKind.Issued)
                {
                    Known(block).Issued = entry.Number;
                    continue;
                }
                Known(block).Written = entry.Number;
                _unflushed.Add(block);
            }
        }
    }

    private ref Promise Known(ulong block) => ref CollectionsMarshal.GetValueRefOrAddDefault(_blocks, block, out _);

    private string? Check(int descriptor, ulong block, bool plain)
    {
        ref var promise = ref Known(block);
        var offset = _layout.Offset(block);
        var bytes = Shim.Check(Shim.ReadAt(descriptor, _room.Address, StampedPage.Bytes, offset), $"read {_path} at {offset}");
        var page = new ReadOnlySpan<byte>(_room.Address, (int)bytes);
        var floor = plain ? promise.Written : promise.Flushed;
        var number = bytes == 0 ? 0 : StampedPage.Read(page, _file, block);
        // What was there before the first write to it, when the file was made with other content.
        if (number is null && floor == 0 && !_layout.IsDense)
            number = 0;
        promise.Found = number ?? 0;
        return number >= floor && number <= promise.Issued
            ? null
            : $"blocks-{_file} at {offset} holds {StampedPage.Describe(page)}; write {promise.Flushed} of block {block} was flushed, "
                + $"{promise.Written} acknowledged, {promise.Issued} begun.";
    }
}
