// The areas that may be written without asking the disk first, the least recently written one first out.
// Invariants: every slot is either free or under its key in the table and in the chain; of a slot, the map holds every extent
// that was written since the area became hot or was last known equal on both disks. Nothing is allocated after construction
// but what the table needs to grow once.
using HaMirror.Core.Extents;

namespace HaMirror.Core.Intent;

/// <summary>The hot set of an intent log.</summary>
public sealed class HotSet
{
    /// <summary>64-bit words of the map of an area's extents.</summary>
    public const int MapWords = ExtentSet.AreaBytes / ExtentSet.ExtentBytes / 64;

    private const int None = -1;

    private readonly Dictionary<IntentKey, int> _slots;
    private readonly IntentKey[] _keys;
    private readonly long[] _touched;
    private readonly bool[] _entering;
    private readonly ulong[] _maps;
    private readonly int[] _newer;
    private readonly int[] _older;
    private readonly int[] _free;
    private int _freeCount;
    private int _newest = None;
    private int _last = None;

    /// <param name="capacity">Areas, at least 2.</param>
    public HotSet(int capacity)
    {
        Capacity = capacity;
        _slots = new Dictionary<IntentKey, int>(capacity);
        _keys = new IntentKey[capacity];
        _touched = new long[capacity];
        _entering = new bool[capacity];
        _maps = new ulong[capacity * MapWords];
        _newer = new int[capacity];
        _older = new int[capacity];
        _free = new int[capacity];
        Clear();
    }

    public int Capacity { get; }

    public int Count => Capacity - _freeCount;

    /// <summary>The slot that was touched longest ago; -1: there is none.</summary>
    public int Oldest { get; private set; } = None;

    public IEnumerable<IntentKey> Keys => _slots.Keys;

    /// <summary>All slots in use. The set must not change meanwhile.</summary>
    public IEnumerable<int> Slots => _slots.Values;

    /// <returns>The slot; -1: the area is cold.</returns>
    public int Find(in IntentKey key)
    {
        if (_last != None && _keys[_last] == key)
            return _last;
        return _slots.TryGetValue(key, out var slot) ? _last = slot : None;
    }

    public IntentKey Key(int slot) => _keys[slot];

    /// <summary>Period of the last touch; 0: never touched.</summary>
    public long Touched(int slot) => _touched[slot];

    /// <summary>It is in the set, but what says so is not on the disk yet.</summary>
    public bool IsEntering(int slot) => _entering[slot];

    public void Entered(int slot) => _entering[slot] = false;

    public Span<ulong> Map(int slot) => _maps.AsSpan(slot * MapWords, MapWords);

    /// <summary>The area is written now.</summary>
    public void Touch(int slot, long period)
    {
        _touched[slot] = period;
        if (slot == _newest)
            return;
        Unchain(slot);
        Chain(slot);
    }

    /// <summary>What was written into the area is on its way again; nobody writes it now.</summary>
    public void Renew(int slot, long period) => _touched[slot] = period;

    /// <summary>The slot that was touched next after this one; -1: it is the newest.</summary>
    public int Newer(int slot) => _newer[slot];

    /// <summary>Notes extents of an area as written: <paramref name="first"/> to <paramref name="end"/>, exclusive.</summary>
    public void Write(int slot, int first, int end)
    {
        var map = Map(slot);
        for (var word = first / 64; word <= (end - 1) / 64; word++)
        {
            var low = Math.Max(first - word * 64, 0);
            var high = Math.Min(end - word * 64, 64);
            map[word] |= (high == 64 ? ulong.MaxValue : (1UL << high) - 1) & ulong.MaxValue << low;
        }
    }

    /// <summary>Takes an area in; there must be room, and it must not be in.</summary>
    public int Add(in IntentKey key, bool entering)
    {
        var slot = _free[--_freeCount];
        _slots.Add(key, slot);
        _keys[slot] = key;
        _touched[slot] = 0;
        _entering[slot] = entering;
        Map(slot).Clear();
        Chain(slot);
        return slot;
    }

    public void Remove(int slot)
    {
        _slots.Remove(_keys[slot]);
        _keys[slot] = new IntentKey(-1, 0, 0);
        Unchain(slot);
        _free[_freeCount++] = slot;
    }

    public void Clear()
    {
        _slots.Clear();
        _newest = Oldest = _last = None;
        _freeCount = Capacity;
        for (var slot = 0; slot < Capacity; slot++)
        {
            _keys[slot] = new IntentKey(-1, 0, 0);
            _free[Capacity - 1 - slot] = slot;
        }
    }

    private void Chain(int slot)
    {
        _older[slot] = _newest;
        _newer[slot] = None;
        if (_newest != None)
            _newer[_newest] = slot;
        else
            Oldest = slot;
        _newest = slot;
    }

    private void Unchain(int slot)
    {
        var (newer, older) = (_newer[slot], _older[slot]);
        if (newer != None)
            _older[newer] = older;
        else
            _newest = older;
        if (older != None)
            _newer[older] = newer;
        else
            Oldest = newer;
    }
}
