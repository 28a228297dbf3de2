using HaMirror.Core.Generations;
using HaMirror.Core.Machine;

namespace HaMirror.Io.Storage;

/// <summary>What the data path of a module tells its driver. Called from the data path's own threads: an implementation
/// only posts to a queue and returns at once.</summary>
public interface IStorageEvents
{
    /// <summary>A change waits for a generation of its own (answer: <c>OpenGeneration</c>).</summary>
    void GenerationNeeded();

    /// <summary>Both connections stand and the hellos are exchanged.</summary>
    void LinkUp(long link, bool source, PeerHello peer);

    void LinkDown(long link, string reason);

    /// <summary>Source: the same, and for how long the peer had owed an answer.</summary>
    void LinkDown(long link, string reason, TimeSpan silence) => LinkDown(link, reason);

    /// <summary>Target: something that the source counts as held here could not be applied (a full or broken disk): this
    /// replica is no longer up to date and must not take over. <see cref="LinkDown"/> follows; the dialler waits longer.</summary>
    void TargetFailed(long link, string reason);

    /// <summary>Target: the source's plan came; nothing is applied before the answer, <c>BeginTarget</c>.</summary>
    void PlanReceived(long link, ResyncPlan plan);

    void ResyncEnded(long link);

    void OfferReceived(long link, GenerationId generation);

    void OfferAccepted(long link);

    void HandoverReceived(long link, bool swap);

    void SwapRequested(long link);

    /// <summary>The local disk or a mount failed for good; the sentence names it.</summary>
    void StorageFailed(string reason);

    /// <summary>Something worth an operator's attention that changes nothing, as a sentence.</summary>
    void Told(string sentence)
    {
        // Whoever keeps no log hears nothing of it.
    }

    /// <summary>Source: the local disk failed or hangs; what met it waits for <c>Detach</c> or <c>KeepDisk</c>.</summary>
    void DiskFailed(string reason) => StorageFailed(reason);

    /// <summary>Target: the source's disk failed (answer: <c>AcceptDetach</c>).</summary>
    void PeerDetached(long link)
    {
    }

    /// <summary>Source: the target stands in for the local disk.</summary>
    void DetachAccepted(long link)
    {
    }

    /// <summary>A mount was aborted or unmounted from outside; the disk under it is well.</summary>
    void MountLost(string reason) => StorageFailed(reason);
}
