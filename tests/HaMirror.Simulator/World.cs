namespace HaMirror.Simulator;

/// <summary>Time and chance of one history. Everything that happens is an entry of one queue, ordered by time and then by
/// the order of entry, so one seed gives one history.</summary>
public sealed class World(int seed)
{
    private readonly PriorityQueue<Action, (long Microseconds, long Number)> _queue = new();
    private readonly List<string> _trace = [];
    private long _number;

    /// <summary>How long things take.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>What guests do. A source of its own, so that a change there leaves the times of the rest alone.</summary>
    public Random Guests { get; } = new(seed ^ 0x6E57);

    /// <summary>What power cuts leave on disks.</summary>
    public Random Disks { get; } = new(seed ^ 0xD15C);

    /// <summary>Microseconds since the history began.</summary>
    public long Now { get; private set; }

    /// <summary>Where transitions are told to, for a scenario; null: nowhere.</summary>
    public List<string>? Story { get; set; }

    /// <summary>The first broken invariant; null while all hold.</summary>
    public string? Violation { get; private set; }

    public IReadOnlyList<string> Trace => _trace;

    /// <summary>Collect the trace: only for a history that is being looked at, for it costs most of the time.</summary>
    public bool Tracing { get; init; }

    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>A number of microseconds between two numbers of milliseconds.</summary>
    public long Between(double fromMilliseconds, double toMilliseconds) =>
        (long)((fromMilliseconds + (Random.NextDouble() * (toMilliseconds - fromMilliseconds))) * 1000);

    public void After(long microseconds, Action action) =>
        _queue.Enqueue(action, (Now + Math.Max(microseconds, 1), _number++));

    public void Note(string line)
    {
        if (Tracing) _trace.Add($"{Now / 1e6,10:0.000000} {line}");
    }

    public void Violate(string sentence)
    {
        Note($"VIOLATION {sentence}");
        Violation ??= sentence;
    }

    /// <summary>Runs until the time, the condition or a violation; true when the condition held.</summary>
    public bool Run(long until, Func<bool>? condition = null)
    {
        while (Violation is null && _queue.TryPeek(out var action, out var key) && key.Microseconds <= until)
        {
            _queue.Dequeue();
            Now = key.Microseconds;
            action();
            if (condition?.Invoke() == true) return true;
        }

        if (Violation is null) Now = Math.Max(Now, until);
        return false;
    }
}
