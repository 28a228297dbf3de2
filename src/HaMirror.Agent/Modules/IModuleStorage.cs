using HaMirror.Core.Api;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Io.Peer;

namespace HaMirror.Agent.Modules;

/// <summary>A module's data path as its driver uses it. What returns no task only posts and returns at once.</summary>
internal interface IModuleStorage : IDisposable
{
    /// <summary>Mounts every replicated directory read-only.</summary>
    /// <returns>Null, or why it could not be, as a sentence.</returns>
    Task<string?> MountAsync();

    /// <summary>Unmounts and saves the marks.</summary>
    /// <param name="force">Requests that wait are aborted first.</param>
    Task<string?> UnmountAsync(bool force);

    void SetWritable(bool writable);

    /// <summary>Ends when all that was asked for before has been carried out.</summary>
    Task SettledAsync();

    void Freeze();

    void Thaw();

    void OpenGeneration(GenerationId current);

    Task<string?> DrainAsync();

    /// <summary>Takes a link over, which is then told with LinkUp and LinkDown.</summary>
    void Attach(PeerLink link);

    void BeginSource(long link, ResyncPlan plan);

    void BeginTarget(long link, ResyncPlan plan, Preserving keeps);

    /// <summary>Makes the replica what it was before a resync that did not end.</summary>
    /// <returns>The record that it had, or why it could not be, as a sentence.</returns>
    Task<(ReplicaRecord? Before, string? Failure)> UndoAsync();

    /// <summary>The record says what the replica is: what was kept of it goes away, or becomes a salvage set.</summary>
    void EndUndo();

    void Offer(long link, GenerationId generation);

    void AcceptOffer(long link);

    void SendHandover(long link, bool swap);

    void SendSwapRequest(long link);

    /// <summary>Source: asks the standby to stand in for the disk of this node, which failed.</summary>
    void Detach(long link);

    /// <summary>Source: what waits after an error of the disk gets that error.</summary>
    void KeepDisk();

    /// <summary>Target: tells the source that it is recorded here who alone is up to date.</summary>
    void AcceptDetach(long link);

    /// <summary>Writes a file beside what is replicated on each disk and reads it back.</summary>
    /// <returns>Null, or what went wrong, as a sentence.</returns>
    Task<string?> ProbeAsync();

    void CutLink(long link, string reason);

    /// <summary>For what only looks at the replica: diff, verify, seed. Null where a test stands in for the data path.</summary>
    Io.Storage.MirrorStorage? Mirror => null;

    /// <summary>What an operator should know of the disk before it counts as failed, as a sentence; null: nothing. Any thread.</summary>
    string? Note => null;

    /// <summary>Files that carry dirty extents, for the hello. Any thread.</summary>
    int MarkCount { get; }

    /// <summary>Bytes marked dirty; null when the module is stopped. Any thread.</summary>
    long? DirtyBytes { get; }

    /// <summary>The running resync; null when there is none. Any thread.</summary>
    ResyncStatus? Resync { get; }
}
