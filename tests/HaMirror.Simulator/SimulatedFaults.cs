namespace HaMirror.Simulator;

/// <summary>What a story has in store for a node: each befalls it when it gets there.</summary>
public sealed class SimulatedFaults(World world)
{
    private long _recordFailsUntil;

    /// <summary>Actions that its machine still asks for before it dies; 0: it does not.</summary>
    public int CrashAt { get; set; }

    /// <summary>The same for steps of its data path.</summary>
    public int DataCrashAt { get; set; }

    public bool CrashLosesPower { get; set; }

    /// <summary>After how many microseconds it boots again; null: not by itself.</summary>
    public long? CrashTime { get; set; }

    /// <summary>Writes that its target still applies before one finds the disk full; 0: none does.</summary>
    public int FullAt { get; set; }

    public bool HookFails { get; set; }

    /// <summary>How long the next sequence of hooks hangs, in microseconds; 0: it does not.</summary>
    public long HookHangs { get; set; }

    public bool RecordFails => world.Now < _recordFailsUntil;

    public void FailRecord(long microseconds) => _recordFailsUntil = world.Now + microseconds;

    public void Clear()
    {
        _recordFailsUntil = 0;
        (CrashAt, DataCrashAt, FullAt, HookFails, HookHangs) = (0, 0, 0, false, 0);
    }
}
