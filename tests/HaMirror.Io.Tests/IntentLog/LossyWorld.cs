// A primary with a disk that loses what was not flushed, a peer that loses what no barrier covered, and the intent log between
// a guest and both. Every step is a random one; a crash may come at any.
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.IntentLog;

internal sealed unsafe class LossyWorld : IIntentHost, IDisposable
{
    public const int FileCount = 3;
    private const int AreaCount = 24;
    private const int ExtentsPerArea = 4; // the first ones of each: enough to meet again
    private const int SectorBytes = 512;
    private const uint RingBlocks = 512;
    private const int HotAreas = 8;

    private readonly Random _random;
    private readonly string _folder = Directory.CreateTempSubdirectory("hamirror-intents-").FullName;
    private readonly List<(byte[] Data, int At)> _blockWrites = [];
    private readonly List<Extent> _underWay = [];
    private readonly HashSet<Extent> _awaited = [];
    private readonly Queue<(ulong Barrier, Extent Extent, int Value)> _stream = new();
    private readonly Dictionary<Extent, int> _cache = [];
    private readonly Dictionary<Extent, int> _disk = [];
    private readonly Dictionary<Extent, int> _peer = [];
    private readonly Dictionary<Extent, int> _peerDisk = [];
    private readonly Dictionary<Extent, int> _writing = [];
    private MarkSet _marks = new();
    private IntentGate _gate;
    private IntentRing _ring;
    private byte[] _ringBytes;
    private byte[] _marksFile;
    private (byte[] Content, Action<string?> Done)? _replacement;
    private (Dictionary<Extent, int> Cache, Action<string?> Done)? _flush;
    private bool _isLinked;
    private ulong _sequence;
    private ulong _durable;
    private int _value;

    public readonly record struct Extent(ulong Inode, ulong Number)
    {
        public FileKey Key => new(0, Inode);

        public ulong Offset => Number * ExtentSet.ExtentBytes;
    }

    public LossyWorld(int seed)
    {
        _random = new Random(seed);
        (_ring, _gate, _ringBytes, _marksFile) = (null!, null!, [], []);
        Begin();
    }

    public int WriteCount { get; private set; }

    public int HeldCount { get; private set; }

    public long TransactionCount { get; private set; }

    /// <summary>Mutation for the test of the test: this many of the log's writes are said to be done and are not.</summary>
    public bool LosesFlushes { get; init; }

    bool IIntentHost.AreAwaitedDone => _awaited.Count == 0;

    public void Step()
    {
        switch (_random.Next(16))
        {
            case < 6: Write(); break;
            case 6: Complete(); break;
            case 7: CompleteBlocks(); break;
            case 8: Receive(); break;
            case 9: Copy(); break;
            case 10 when _random.Next(4) == 0: _gate.Flushes.Begin(0); break;
            case 11 when _random.Next(40) == 0: Link(); break;
            case 12: Elsewhere(); break;
            case 13 when _isLinked && _marks.HasUnclosed && _random.Next(3) == 0: _ = Barrier(); break;
            case 14 when _random.Next(20) == 0: _gate.Condense(); break;
            case 15: _gate.Flushes.Tick(0, false); break;
        }
        _gate.Commit();
    }

    /// <summary>The power fails here, perhaps on the other node too.</summary>
    /// <returns>Null, or an extent that differs and that nothing recovered says.</returns>
    public string? Crash()
    {
        TransactionCount += _gate.TransactionCount;
        foreach (var (data, at) in _blockWrites)
            for (var sector = 0; sector < data.Length; sector += SectorBytes)
                if (_random.Next(2) == 0)
                    data.AsSpan(sector, SectorBytes).CopyTo(_ringBytes.AsSpan(at + sector));
        if (_replacement is { } replacement && _random.Next(2) == 0)
            _marksFile = replacement.Content;
        foreach (var extent in All().Where(_ => _random.Next(2) == 0))
            _disk[extent] = _cache.GetValueOrDefault(extent);
        foreach (var extent in _underWay.Where(_ => _random.Next(2) == 0))
            _disk[extent] = _random.Next(2) == 0 ? _writing[extent] : --_value; // torn
        if (_random.Next(2) == 0)
            foreach (var extent in All().Where(_ => _random.Next(2) == 0))
                _peer[extent] = _peerDisk.GetValueOrDefault(extent);

        var recovered = new MarkSet();
        if (!MarksContent.TryRead(_marksFile, recovered, out var log, out var start, out _))
            return "The marks file does not decode.";
        var replay = new IntentReplay();
        if (replay.Read(_ringBytes, log, start) is { } wrong)
            return $"The log {wrong}.";
        foreach (var key in replay.Hot)
            recovered.Mark(new FileKey(key.Root, key.Inode), key.Offset, ExtentSet.AreaBytes);
        foreach (var (file, extents) in replay.Dirty)
            foreach (var range in extents.Ranges())
                recovered.Mark(new FileKey(file.Root, file.Inode), range.Offset, range.Length);
        foreach (var extent in All())
            if (_disk.GetValueOrDefault(extent) != _peer.GetValueOrDefault(extent)
                && recovered.Find(extent.Key)?.Extents.Contains(extent.Offset) != true)
                return $"{extent} is {_disk.GetValueOrDefault(extent)} here and {_peer.GetValueOrDefault(extent)} at the peer, and nothing says so.";
        Restart(recovered);
        return null;
    }

    public void Dispose()
    {
        _gate.Dispose();
        _ring.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    void IIntentHost.WriteBlocks(byte* blocks, int bytes, ulong offset) =>
        _blockWrites.Add((new ReadOnlySpan<byte>(blocks, bytes).ToArray(), (int)offset));

    void IIntentHost.ReplaceMarks(MarksContent content, Action<string?> done) => _replacement = (content.Bytes.ToArray(), done);

    void IIntentHost.AwaitChanges() => _awaited.UnionWith(_underWay);

    void IIntentHost.FlushLocal(Action<string?> done) => _flush = (new Dictionary<Extent, int>(_cache), done);

    bool IIntentHost.TrySendBarrier(out ulong barrier)
    {
        barrier = _marks.HasInFlight && _isLinked ? Barrier() : 0;
        return true;
    }

    bool IIntentHost.IsDurable(ulong barrier) => !_isLinked || barrier <= _durable;

    void IIntentHost.LogFailed(string reason) => throw new InvalidOperationException(reason);

    private static IEnumerable<Extent> All()
    {
        for (ulong inode = 1; inode <= FileCount; inode++)
            for (ulong area = 0; area < AreaCount; area++)
                for (ulong extent = 0; extent < ExtentsPerArea; extent++)
                    yield return new Extent(inode, area * 1024 + extent);
    }

    private void Begin()
    {
        _ring = IntentRing.Open(Path.Combine(_folder, "intentlog"), RingBlocks);
        _ring.Begin((ulong)_random.NextInt64() | 1);
        _ringBytes = File.ReadAllBytes(_ring.Path);
        var content = new MarksContent(_ring.Log, _ring.Start, _ring.BlockCount);
        _marks.Visit(content.Add);
        _marksFile = content.Bytes.ToArray();
        _gate = new IntentGate(this, _marks, _ring, HotAreas);
    }

    private void Restart(MarkSet recovered)
    {
        _gate.Dispose();
        _ring.Dispose();
        foreach (var extent in All())
        {
            _cache[extent] = _disk.GetValueOrDefault(extent);
            _peerDisk[extent] = _peer.GetValueOrDefault(extent);
        }
        _blockWrites.Clear();
        _underWay.Clear();
        _awaited.Clear();
        _stream.Clear();
        (_replacement, _flush, _isLinked, _marks) = (null, null, false, recovered);
        (_sequence, _durable) = (0, 0);
        Begin();
    }

    private void Write()
    {
        var extent = new Extent((ulong)_random.Next(1, FileCount + 1), (ulong)(_random.Next(AreaCount) * 1024 + _random.Next(ExtentsPerArea)));
        if (_underWay.Contains(extent))
            return;
        if (!_gate.Enter(extent.Key, extent.Offset, ExtentSet.ExtentBytes))
        {
            HeldCount++;
            return;
        }
        WriteCount++;
        _writing[extent] = ++_value;
        _underWay.Add(extent);
        if (_isLinked)
            Send(extent, _value);
        else
            _marks.Mark(extent.Key, extent.Offset, ExtentSet.ExtentBytes);
    }

    private void Send(Extent extent, int value)
    {
        _stream.Enqueue((0, extent, value));
        _sequence++;
        _marks.Sent(extent.Key, extent.Offset, ExtentSet.ExtentBytes);
    }

    private ulong Barrier()
    {
        _stream.Enqueue((++_sequence, default, 0));
        _marks.Close(_sequence);
        return _sequence;
    }

    private void Complete()
    {
        if (_underWay.Count == 0)
            return;
        var index = _random.Next(_underWay.Count);
        var extent = _underWay[index];
        _cache[extent] = _writing[extent];
        _underWay.RemoveAt(index);
        _awaited.Remove(extent);
    }

    private void CompleteBlocks()
    {
        if (_blockWrites.Count == 0)
            return;
        var (data, at) = _blockWrites[0];
        _blockWrites.RemoveAt(0);
        if (!LosesFlushes || _random.Next(3) != 0)
            data.CopyTo(_ringBytes, at);
        _gate.Written(data.Length);
    }

    private void Receive()
    {
        for (var count = _random.Next(8); count > 0 && _stream.TryDequeue(out var frame); count--)
            if (frame.Barrier == 0)
                _peer[frame.Extent] = frame.Value;
            else
            {
                foreach (var (extent, value) in _peer)
                    _peerDisk[extent] = value;
                _durable = frame.Barrier;
                _marks.Durable(frame.Barrier);
            }
    }

    /// <summary>A resync's step.</summary>
    private void Copy()
    {
        if (!_isLinked || _marks.Count == 0)
            return;
        var (key, mark) = _marks.All.ElementAt(_random.Next(_marks.Count));
        var range = mark.Extents.Ranges().ElementAt(_random.Next(mark.Extents.Ranges().Count()));
        var extent = new Extent(key.Inode, range.Offset / ExtentSet.ExtentBytes);
        if (_underWay.Contains(extent))
            return;
        Send(extent, _cache.GetValueOrDefault(extent));
        _marks.Copied(key, range.Offset, ExtentSet.ExtentBytes);
        // What lies between the few extents that exist here is empty on both disks.
        var rest = range with { Offset = range.Offset + ExtentSet.ExtentBytes, Length = Math.Max(range.Length, ExtentSet.ExtentBytes) - ExtentSet.ExtentBytes };
        var skip = rest.Offset / ExtentSet.ExtentBytes % 1024;
        if (skip >= ExtentsPerArea && rest.Length > 0)
            _marks.Copied(key, rest.Offset, Math.Min(rest.Length, (1024 - skip) * ExtentSet.ExtentBytes));
    }

    private void Link()
    {
        _isLinked = !_isLinked;
        if (_isLinked)
            return;
        _stream.Clear();
        _marks.LinkEnded();
    }

    /// <summary>What other threads, the page cache and the disk do meanwhile.</summary>
    private void Elsewhere()
    {
        foreach (var extent in All().Where(_ => _random.Next(200) == 0))
            _disk[extent] = _cache.GetValueOrDefault(extent);
        if (_replacement is { } replacement && _random.Next(3) == 0)
        {
            _replacement = null;
            _marksFile = replacement.Content;
            replacement.Done(null);
        }
        if (_flush is not { } flush || _random.Next(3) != 0)
            return;
        _flush = null;
        foreach (var (extent, value) in flush.Cache)
            if (_disk.GetValueOrDefault(extent) != _cache.GetValueOrDefault(extent))
                _disk[extent] = value;
        flush.Done(null);
    }
}
