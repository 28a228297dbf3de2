namespace HaMirror.Core.States;

/// <summary>What a module does on this node (design, section 4).</summary>
/// <remarks>
/// <code>
/// STOP    the module does not run; its directory is not mounted.
/// WAIT    runs, serves nothing: not known up to date, arbitration lost, or failover is off. The reason is shown.
/// ALONE   serves without a peer; every write is marked dirty before it is acknowledged.
/// PRIM    serves; the peer is SECOND Ready and holds every acknowledged write.
/// SECOND  applies the peer's writes; Ready once it may take over.
/// </code>
/// </remarks>
public enum ModuleState : byte
{
    Stop = 0,
    Wait = 1,
    Alone = 2,
    Prim = 3,
    Second = 4,
}

/// <summary>How far a module has come in its state, shown beside it as red, orange or green.</summary>
public enum Phase : byte
{
    NotReady = 0,
    Transient = 1,
    Ready = 2,
}

/// <summary>What a replica is worth (design, section 2).</summary>
public enum ReplicaCondition : byte
{
    /// <summary>Holds every acknowledged write, as far as this node can know.</summary>
    UpToDate = 0,

    /// <summary>Consistent, but the peer has gone on without it.</summary>
    Outdated = 1,

    /// <summary>A resync has begun and not ended: a mixture of two moments.</summary>
    Inconsistent = 2,

    /// <summary>Never synchronised: an empty or foreign directory that no history is known of.</summary>
    Unknown = 3,
}
