// Where a replica begins to be taken for the right one: by a guest, or by a resync that compares.
// Invariant: neither begins with pages that a failed flush has left in memory alone. A guest would see their content change, and a hash
// of them would take away the only mark of what this disk lacks.
using HaMirror.Core.Machine;
using HaMirror.Io.IntentLog;

namespace HaMirror.Io.Storage;

public sealed partial class MirrorStorage
{
    /// <summary>Lets changes in, or refuses them with EROFS; what was held is then answered with EIO.</summary>
    public void SetWritable(bool writable) => Enqueue(() =>
    {
        if (writable && !IsFitToServe())
            return;
        _pump?.Post(() => _pump.SetWritable(writable));
    });

    /// <summary>Ends when all that was asked for before has been carried out: a guest that is started then finds its mount writable.</summary>
    public Task SettledAsync() => EnqueueAsync(() =>
    {
        if (_pump is not { } pump)
            return Task.FromResult<string?>(null);
        var done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        pump.Post(() => done.SetResult(null));
        return done.Task;
    });

    /// <summary>Source: sends the plan and begins to copy; from the end of the visit of names on every change is sent.</summary>
    public void BeginSource(long link, ResyncPlan plan) => Enqueue(() =>
    {
        if (TrustNoPages() is { } hindrance)
            _pump?.Post(() => _pump.WithLink(link, _ => _pump.EndLink(hindrance)));
        else
            _pump?.Post(() =>
            {
                MarkUnproven(_pump);
                _pump.BeginSource(link, plan);
            });
    });

    /// <summary>The pages of a failed flush were dropped: what the peer has may be gone here, and no mark is left of it.</summary>
    private void MarkUnproven(Pump pump)
    {
        if (pump.Intents?.Unproven() is { } unproven)
            _ = MarksContent.TryRead(unproven.Bytes.Span, _marks, out _, out _, out _);
    }

    /// <summary>Drops what a failed flush has left. What was compared with that is compared once more.</summary>
    /// <returns>Null, or why it cannot be, as a sentence.</returns>
    private string? TrustNoPages()
    {
        if (_options.Proof.DropPages(out var dropped) is { } hindrance)
            return hindrance;
        if (!dropped)
            return null;
        DropComparison();
        _pump?.Post(_pump.ForgetResync);
        return null;
    }

    /// <summary>Ends what this replica was a target of.</summary>
    private bool IsFitToServe()
    {
        // What failed before was told, and a service that begins all the same is an operator's.
        var (ended, hadFailed) = (_target, _target is { HasFailed: true });
        if (ended is not null && !ended.TryEnd(CheckTime))
        {
            _events.TargetFailed(ended.Link, $"What was received is still not applied after {CheckTime.TotalSeconds:0.#} s. {Unanswered}");
            return false;
        }
        EndTarget();
        if (!hadFailed && ended is { HasFailed: true })
            return false; // the machine is being told that this replica lacks acknowledged writes, and ends the service that it just began
        if (TrustNoPages() is not { } hindrance)
        {
            DropComparison();
            return true;
        }
        _events.StorageFailed(hindrance);
        return false;
    }
}
