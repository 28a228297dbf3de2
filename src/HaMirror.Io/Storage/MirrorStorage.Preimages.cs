// What a target keeps of its replica while a resync replaces it, as far as the data path has to do with it.
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

public sealed partial class MirrorStorage
{
    /// <summary>Makes the replica what it was before a resync that did not end. The module is mounted, and no link is in use.</summary>
    /// <returns>The record that the replica had, or why it could not be, as a sentence.</returns>
    public Task<(ReplicaRecord? Before, string? Failure)> UndoAsync()
    {
        var done = new TaskCompletionSource<(ReplicaRecord?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(() =>
        {
            try
            {
                done.SetResult(Undo());
            }
            catch (Exception failure)
            {
                done.SetException(failure); // Whoever waits for it must hear.
            }
        });
        return done.Task;
    }

    /// <summary>The undo is recorded: what it was made from goes away.</summary>
    public void EndUndo() => Enqueue(() => _options.Preimages?.Forget());

    /// <summary>Files that resyncs removed and that nothing needs any more go away, in a while.</summary>
    public void SweepKept() => Enqueue(Sweep);

    /// <summary>The replica is not, or not only, what a comparison of everything made of it.</summary>
    private void DropComparison()
    {
        if (HeldComparison.Drop(TargetRoots()) is { } failure)
            _options.Log.ComparisonNotDropped(_options.Module, failure);
    }

    private void Sweep()
    {
        if (_mounts.Count > 0)
            _ = _options.Preimages?.SweepAsync(TargetRoots(), _events.Told);
    }

    private void Begin(TargetSession target, ResyncPlan plan, Preserving keeps)
    {
        var roots = TargetRoots();
        var preimages = _options.Preimages?.Begin(roots, keeps, _events.Told);
        if (preimages is { Origin: { IsSalvage: true } origin })
            _completion = new SalvageCompletion(
                preimages, roots, origin.Before.CompareAll ? (_, _) => true : new LosersFiles(_targetMarks).Has,
                () => target.EndPreimages(kept => Enqueue(() => EndPreimages(kept))));
        target.Begin(plan, preimages);
    }

    /// <summary>The replica is equal. What was kept goes away; a salvage set when its files are whole.</summary>
    private void Accepted(TargetSession target) => Enqueue(() =>
    {
        if (_target != target)
            return;
        if (_completion is { } completion)
        {
            _accepted = true;
            completion.Accepted();
        }
        else
        {
            target.EndPreimages(kept => Enqueue(() => EndPreimages(kept)));
        }
    });

    private void EndPreimages(PreimageOrigin origin)
    {
        _accepted = false;
        try
        {
            _options.Preimages!.End(origin);
            Sweep();
        }
        catch (IOException failure)
        {
            _events.Told($"What was kept of the replica before the resync could not be put away: {failure.Message} It is done at the next start.");
        }
    }

    private (ReplicaRecord? Before, string? Failure) Undo()
    {
        if (_target is { } before && !before.TryEnd(CheckTime))
            return (null, $"The resync could not be undone: what was received of it is not applied yet. {Unanswered}");
        EndTarget();
        if (_options.Preimages is not { } preimages)
            return (null, "This module keeps no undo records.");
        if (_mounts.Count == 0)
            return (null, "The module's directories are not mounted yet.");
        if (HeldComparison.Drop(TargetRoots()) is { } held)
            return (null, $"The resync could not be undone: {held} Free space or repair the disk, then try it again.");
        _pump?.Post(_pump.ForgetResync);
        try
        {
            return (preimages.Undo(TargetRoots()), null);
        }
        catch (IOException failure)
        {
            return (null, $"The resync could not be undone: {failure.Message}");
        }
    }
}
