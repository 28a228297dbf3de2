namespace HaMirror.Simulator;

/// <summary>The intent log of one process: which areas are hot, and when they may go cold (design, section 6).</summary>
/// <remarks>An area is recorded, and the record flushed, before its first block is written. The least recently written one
/// makes room, together with the blocks written since it became hot. It goes cold without a word once both disks have
/// all of it: the peer has answered a barrier and this disk was flushed, both begun after its last write. Once a flush of this disk
/// has failed nothing settles any more.</remarks>
public sealed class SimulatedIntentLog(World world, SimulatedNode node, SimulatedPump pump, Mutation mutation)
{
    private const int Capacity = 2;

    /// <summary>Seldom enough that areas are evicted while they are dirty.</summary>
    private const long FlushInterval = 1_200_000;

    private readonly List<Area> _areas = []; // The least recently written first.
    private readonly HashSet<int> _wanted = [];
    private HashSet<int> _recorded = [];
    private HashSet<int> _recordedBefore = [];
    private long _period = 1;
    private long _settled;
    private bool _touched;
    private bool _writing;
    private bool _replacing;
    private bool _flushing;
    private int _failedFlushes; // When it was opened.
    private int _flushes;
    private int _openings;

    private IntentDisk Disk => node.Intent;

    /// <summary>It could not be written: nothing that it does not name may be changed.</summary>
    public bool Failed { get; private set; }

    /// <summary>A flush of this disk has failed since it was opened.</summary>
    public bool IsUnproven => node.Driver.FailedFlushes != _failedFlushes;

    private sealed class Area(int number)
    {
        public int Number => number;

        public long Touched { get; set; }

        public bool Entering { get; set; } = true;

        public HashSet<int> Written { get; } = [];
    }

    /// <summary>Begins anew: what the last process left is marked, and the marks file says so.</summary>
    public void Open()
    {
        Disk.Close(pump.Marks);
        _areas.Clear();
        _wanted.Clear();
        (_recorded, _recordedBefore, _writing, _replacing) = ([], [], false, false);
        (_failedFlushes, Failed) = (node.Driver.FailedFlushes, false);
        var opening = ++_openings;
        node.After(FlushInterval, () => Flush(opening));
    }

    /// <summary>Whether a change of a block may go. It goes at once, then; else its area is on its way into the log.</summary>
    public bool Enter(int block)
    {
        var number = block / IntentDisk.AreaBlocks;
        if (_areas.Find(area => area.Number == number) is not { } hot)
        {
            _wanted.Add(number);
            Commit();
            // A wrong product goes on as soon as it has written.
            if (mutation.FlushesLog || _areas.Find(area => area.Number == number) is not { Entering: false } written) return !mutation.LogsFirst;
            hot = written;
        }

        if (hot.Entering) return !mutation.LogsFirst;
        Touch(hot, block);
        _areas.Remove(hot);
        _areas.Add(hot);
        return true;
    }

    /// <summary>A resync copies a block: it is on its way again, like a write.</summary>
    public void Renew(int block)
    {
        if (_areas.Find(area => area.Number == block / IntentDisk.AreaBlocks) is { Entering: false } hot) Touch(hot, block);
    }

    /// <summary>This replica is known to equal its source on both disks.</summary>
    public void Equalled()
    {
        EndPeriod();
        _settled = _period - 1;
        foreach (var area in _areas) area.Written.Clear();
        (_recorded, _recordedBefore) = ([], []);
        if (!node.Disk.LogFails) Disk.Replace([]);
    }

    /// <summary>What a clean stop saves.</summary>
    public IEnumerable<int> Close() =>
        [.. pump.Marks, .. _recorded, .. _recordedBefore, .. _areas.Where(area => area.Touched > _settled).SelectMany(area => area.Written)];

    private void Touch(Area area, int block)
    {
        _touched = true;
        area.Touched = _period;
        area.Written.Add(block);
    }

    private void EndPeriod()
    {
        _period++;
        _touched = false;
    }

    private void Commit()
    {
        if (_writing || Failed || _wanted.Count == 0) return;
        List<int> hot = [], cold = [], dirt = [];
        foreach (var number in _wanted.ToArray())
        {
            if (_areas.Count == Capacity)
            {
                if (_areas.Find(area => !area.Entering) is not { } oldest) break;
                dirt.AddRange(Cool(oldest));
                cold.Add(oldest.Number);
                _areas.Remove(oldest);
            }

            _wanted.Remove(number);
            hot.Add(number);
            _areas.Add(new Area(number));
            if (hot.Count == Capacity / 2) break;
        }

        if (hot.Count > 0) Write(new IntentDisk.Transaction(hot, cold, dirt, Map: !_replacing && world.Disks.Next(4) == 0));
    }

    /// <summary>What may differ of an area that goes cold.</summary>
    private HashSet<int> Cool(Area area)
    {
        var marked = pump.Marks.Any(block => block / IntentDisk.AreaBlocks == area.Number);
        if (area.Touched <= _settled && !marked) return [];
        if (!mutation.KeepsInFlight) return [.. area.Written.Where(pump.Marks.Contains)];
        _recorded.UnionWith(area.Written);
        return area.Written;
    }

    private void Write(IntentDisk.Transaction transaction)
    {
        _writing = true;
        var late = mutation.JournalsFirst ? null : transaction;
        if (late is not null) transaction = transaction with { Dirt = [] };
        Disk.Write(transaction);
        node.DataStep();
        if (!mutation.FlushesLog) Entered();
        var opening = _openings;
        node.After(world.Disks.Next(300, 4000), () =>
        {
            if (opening != _openings) return;
            if (node.Disk.LogFails && mutation.HeedsLogFailure)
            {
                Disk.Fail(world.Disks);
                Failed = true;
                pump.LogFailed();
                return;
            }

            if (!node.Disk.LogFails) Disk.Flushed();
            Entered();
            _writing = false;
            if (late is not null) node.After(world.Disks.Next(1000, 30_000), () =>
            {
                Disk.Write(late);
                Disk.Flushed();
            });
            if (transaction.Map && late is null) Condense();
            pump.Settle();
            Commit();
        });

        void Entered()
        {
            foreach (var area in _areas) if (transaction.Hot.Contains(area.Number)) area.Entering = false;
        }
    }

    /// <summary>Replaces the marks file by what is marked and recorded now.</summary>
    private void Condense()
    {
        int[] marks = [.. pump.Marks, .. _recorded, .. _recordedBefore];
        _replacing = true;
        var opening = _openings;
        node.After(world.Disks.Next(500, 8000), () =>
        {
            if (opening != _openings) return;
            _replacing = false;
            if (!node.Disk.LogFails) Disk.Replace(marks);
        });
    }

    /// <summary>Now and then both disks are flushed, after the changes that are under way.</summary>
    private void Flush(int opening)
    {
        if (opening != _openings) return;
        node.After(FlushInterval, () => Flush(opening));
        if (_flushing || IsUnproven || (!_touched && _recorded.Count + _recordedBefore.Count == 0)) return;
        _flushing = true;
        var (period, number) = (_period, ++_flushes);
        EndPeriod();
        _recordedBefore.UnionWith(_recorded);
        _recorded = [];
        pump.FlushBoth(mutation.SettlesBoth, flushed =>
        {
            _flushing = false;
            if (number != _flushes || !flushed || IsUnproven) return;
            _settled = Math.Max(_settled, period);
            _recordedBefore = [];
            foreach (var area in _areas)
                if (!area.Entering && area.Touched <= _settled && !pump.Marks.Any(block => block / IntentDisk.AreaBlocks == area.Number))
                    area.Written.Clear();
        });
    }
}
