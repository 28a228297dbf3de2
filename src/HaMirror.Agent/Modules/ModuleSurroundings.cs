using HaMirror.Agent.Logging;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Agent.Modules;

/// <summary>Everything outside that a module's driver reaches: one member per outside thing, so that tests can stand in for each.</summary>
internal sealed record ModuleSurroundings
{
    public required ModuleDefinition Definition { get; init; }

    public required ModuleRules Rules { get; init; }

    public required Func<Io.Storage.IStorageEvents, IModuleStorage> Storage { get; init; }

    public required IModuleHooks Hooks { get; init; }

    /// <summary>Loads the record; throws <see cref="IOException"/> with a sentence when the file is damaged.</summary>
    public required Func<ReplicaRecord> LoadRecord { get; init; }

    /// <summary>Whether what the storage loaded holds every dirty extent, after a crash too.</summary>
    public Func<bool> AreMarksComplete { get; init; } = () => false;

    /// <summary>Makes the record durable; throws <see cref="IOException"/> with a sentence.</summary>
    public required Action<ReplicaRecord> SaveRecord { get; init; }

    public required ModuleIntent Intent { get; init; }

    public required Action<ModuleIntent> SaveIntent { get; init; }

    /// <summary>True when any witness answers within the time-out.</summary>
    public required Func<CancellationToken, Task<bool>> AskWitness { get; init; }

    /// <summary>Makes the listener; throws <see cref="IOException"/> with a sentence. The last is told why the peer was refused.</summary>
    public required Func<Func<PeerHello>, Action<Io.Peer.PeerLink>, Action<string>, IDisposable> Listen { get; init; }

    /// <summary>Dials the peer once.</summary>
    public required Func<PeerHello, int, CancellationToken, Task<Io.Peer.PeerDialOutcome>> Dial { get; init; }

    /// <summary>What runs beside the module in each state (checkers, mount watch, guard).</summary>
    public required IModuleCompanion Companion { get; init; }

    public required ResourceTable Resources { get; init; }

    /// <summary>A hook or an operator says that a resource is up or down; the last is who.</summary>
    public required Action<string, bool, string> SayResource { get; init; }

    /// <summary>Aborts and detaches a mount that hangs.</summary>
    public required Action<string> AbortMount { get; init; }

    /// <summary>What is kept of replicas that a resync replaces; null: nothing is.</summary>
    public Io.Preimages.PreimagePlace? Preimages { get; init; }

    /// <summary>The same with another configuration, of which only what can change while the module runs is taken; null: nothing can.</summary>
    public Func<ModuleSurroundings, ModuleDefinition, ModuleSurroundings>? Renew { get; init; }

    /// <summary>Keeps what was decided; null: nobody does.</summary>
    public DecisionKeeper? Decisions { get; init; }

    public required Action BeatNow { get; init; }

    public required ulong Boot { get; init; }

    public required ModuleLog Log { get; init; }

    public required ILogger AgentLog { get; init; }

    public required TimeProvider Clock { get; init; }
}
