using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Io.Peer;
using HaMirror.Io.Storage;

namespace HaMirror.Agent.Modules;

/// <summary>The data path of a module as its driver and its status need it. A module without directories to replicate has
/// one too: its link carries the hand-over of roles and nothing else.</summary>
internal sealed class ModuleStorage(MirrorStorage storage) : IModuleStorage
{
    private static readonly ReplicationConfiguration NothingReplicated = new() { Directories = [] };

    public static ReplicationConfiguration ReplicationOf(ModuleConfiguration module) => module.Replication ?? NothingReplicated;

    public MirrorStorage? Mirror => storage;

    public string? Note => storage.Status.Note;

    public int MarkCount => storage.Status.MarkCount;

    public long? DirtyBytes => (long)storage.Status.DirtyBytes;

    public Core.Api.ResyncStatus? Resync
    {
        get
        {
            var own = storage.Status.Resync;
            if ((own ?? storage.TargetResync) is not { } resync) return null;
            var percent = resync.BytesTotal == 0 ? 0 : 100.0 * resync.BytesDone / resync.BytesTotal;
            return new Core.Api.ResyncStatus(
                own is not null, resync.Plan.ToString(), (long)resync.BytesDone, (long)resync.BytesSent,
                (long)(resync.BytesTotal - Math.Min(resync.BytesDone, resync.BytesTotal)), resync.BytesPerSecond, resync.SecondsLeft, percent);
        }
    }

    public Task<string?> MountAsync() => storage.MountAsync();

    public Task<string?> UnmountAsync(bool force) => storage.UnmountAsync(force);

    public void SetWritable(bool writable) => storage.SetWritable(writable);

    public Task SettledAsync() => storage.SettledAsync();

    public void Freeze() => storage.Freeze();

    public void Thaw() => storage.Thaw();

    public void OpenGeneration(GenerationId current) => storage.OpenGeneration(current);

    public Task<string?> DrainAsync() => storage.DrainAsync();

    public void Attach(PeerLink link) => storage.Attach(link);

    public void BeginSource(long link, ResyncPlan plan) => storage.BeginSource(link, plan);

    public void BeginTarget(long link, ResyncPlan plan, Preserving keeps) => storage.BeginTarget(link, plan, keeps);

    public Task<(ReplicaRecord? Before, string? Failure)> UndoAsync() => storage.UndoAsync();

    public void EndUndo() => storage.EndUndo();

    public void Offer(long link, GenerationId generation) => storage.Offer(link, generation);

    public void AcceptOffer(long link) => storage.AcceptOffer(link);

    public void SendHandover(long link, bool swap) => storage.SendHandover(link, swap);

    public void SendSwapRequest(long link) => storage.SendSwapRequest(link);

    public void Detach(long link) => storage.Detach(link);

    public void KeepDisk() => storage.KeepDisk();

    public void AcceptDetach(long link) => storage.AcceptDetach(link);

    public Task<string?> ProbeAsync() => storage.ProbeAsync();

    public void CutLink(long link, string reason) => storage.CutLink(link, reason);

    public void Dispose() => storage.Dispose();
}
