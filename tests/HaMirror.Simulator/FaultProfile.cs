namespace HaMirror.Simulator;

/// <summary>Which faults one history may meet. Drawn from the seed, so that every combination is visited and the strict
/// checks (no partition, or a witness) get histories of their own.</summary>
public sealed record FaultProfile
{
    public static readonly FaultProfile None = new();

    /// <summary>The network between the nodes may be cut, one way or both.</summary>
    public bool Partitions { get; init; }

    /// <summary>A witness that, while the nodes are cut from each other, at most one of them reaches.</summary>
    public bool Witness { get; init; }

    public bool Crashes { get; init; }

    public bool PowerCuts { get; init; }

    public bool Pauses { get; init; }

    /// <summary>A disk hangs: the machine and the data path of a node wait, its heartbeats go on.</summary>
    public bool Hangs { get; init; }

    public bool LinkResets { get; init; }

    public bool Commands { get; init; }

    public bool HookFailures { get; init; }

    /// <summary>Hooks may run into their time-outs.</summary>
    public bool HookHangs { get; init; }

    /// <summary>--as-primary on either node or both, and --full-sync, at any time.</summary>
    public bool ForcedByOperator { get; init; }

    public bool FailoverOff { get; init; }

    /// <summary>A full disk at the target: what it acknowledged as received cannot be applied.</summary>
    public bool TargetFailures { get; init; }

    /// <summary>A mount or a disk fails for good, on either side.</summary>
    public bool StorageFailures { get; init; }

    /// <summary>The replica record cannot be written now and then.</summary>
    public bool RecordFailures { get; init; }

    public bool Checkers { get; init; }

    /// <summary>Half of the writes are plain, acknowledged when the peer has received them (async="second").</summary>
    public bool PlainWrites { get; init; }

    /// <summary>A divergence waits for an operator (divergence="manual").</summary>
    public bool ManualDivergence { get; init; }

    /// <summary>Probability that a heartbeat is dropped.</summary>
    public double Loss { get; init; }

    public static FaultProfile Draw(Random random)
    {
        bool Chance(double probability) => random.NextDouble() < probability;
        return new FaultProfile
        {
            Partitions = Chance(0.4), Witness = Chance(0.5), Crashes = Chance(0.6), PowerCuts = Chance(0.5), Pauses = Chance(0.4),
            LinkResets = Chance(0.6), Commands = Chance(0.6), HookFailures = Chance(0.2), HookHangs = Chance(0.15),
            ForcedByOperator = Chance(0.15), FailoverOff = Chance(0.15), TargetFailures = Chance(0.25),
            StorageFailures = Chance(0.2), RecordFailures = Chance(0.15), Checkers = Chance(0.25), PlainWrites = Chance(0.5),
            Loss = Chance(0.5) ? 0.1 : 0.0, Hangs = Chance(0.3), ManualDivergence = Chance(0.3),
        };
    }
}
