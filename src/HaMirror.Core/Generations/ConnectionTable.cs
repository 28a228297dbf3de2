using System.Collections.Immutable;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Generations;

/// <summary>What two nodes do when they meet (design, section 7; after DRBD's table, reference/peers.md section 1.3).</summary>
/// <remarks>
/// Invariants, tested over all pairs of records:
/// (1) both nodes reach mirrored decisions: Source here is Target there with the same plan, every other case is the same;
/// (2) a replica that is Outdated, Inconsistent or Unknown is never source;
/// (3) a replica is never target while the other lacks a write that it acknowledged alone, unless it saves such writes first
///     (Salvages) or its operator gave it up with --full-sync: such a pair is Diverged or unrelated otherwise;
/// (4) whenever the marks of either side may be incomplete the plan is CompareAll or CopyAll.
/// The rows are tried in the order of <see cref="Decide"/>.
/// </remarks>
public static class ConnectionTable
{
    public static ConnectionDecision Decide(ConnectionSide mine, ConnectionSide theirs)
    {
        if (mine.FullSync || theirs.FullSync) return GivenUp(mine, theirs);

        var unknownMine = mine.Record.Condition == ReplicaCondition.Unknown;
        var unknownTheirs = theirs.Record.Condition == ReplicaCondition.Unknown;
        if (unknownMine && unknownTheirs)
            return new ConnectionDecision.Wait(
                "No data is known on either node. Run 'hamirror start --as-primary' on the node whose directory holds the right data.");
        if (unknownTheirs) return FirstCopy(mine, theirs, mineIsSource: true);
        if (unknownMine) return FirstCopy(theirs, mine, mineIsSource: false);

        var brokenMine = mine.Record.Condition == ReplicaCondition.Inconsistent;
        var brokenTheirs = theirs.Record.Condition == ReplicaCondition.Inconsistent;
        if (brokenMine && brokenTheirs)
            return new ConnectionDecision.Wait(
                "Both replicas are half-way through a resync. Run 'hamirror start --as-primary' on the node that is to be kept.");
        if (brokenTheirs) return Interrupted(mine, theirs, mineIsSource: true);
        if (brokenMine) return Interrupted(theirs, mine, mineIsSource: false);

        return Related(mine, theirs);
    }

    /// <summary>True when <paramref name="record"/> has gone on from <paramref name="other"/>'s current generation.</summary>
    public static bool IsAhead(ReplicaRecord record, ReplicaRecord other) =>
        record.Current != other.Current && !other.Current.IsNone && Ancestors(record).Contains(other.Current);

    private static ConnectionDecision GivenUp(ConnectionSide mine, ConnectionSide theirs)
    {
        if (mine.FullSync && theirs.FullSync)
            return new ConnectionDecision.Wait(
                "Both nodes were started with --full-sync, so neither may be the source. Start one of them with --as-primary.");
        var mineIsSource = theirs.FullSync;
        var (source, target) = mineIsSource ? (mine, theirs) : (theirs, mine);
        if (source.Record.Condition != ReplicaCondition.UpToDate)
            return new ConnectionDecision.Wait(
                $"{target.NodeName} was started with --full-sync, but {source.NodeName} is {Word(source)} and cannot be its source. "
                + $"Run 'hamirror start --as-primary' on {source.NodeName} if its data is right.");
        return Copy(source, target, ResyncPlan.CopyAll, mineIsSource,
            $"the operator gave the content of {target.NodeName} up with --full-sync");
    }

    private static ConnectionDecision FirstCopy(ConnectionSide source, ConnectionSide target, bool mineIsSource) =>
        source.Record.Condition == ReplicaCondition.UpToDate
            ? Copy(source, target, ResyncPlan.CompareAll, mineIsSource, $"{target.NodeName} was never synchronised")
            : new ConnectionDecision.Wait(
                $"{target.NodeName} was never synchronised and {source.NodeName} is {Word(source)}. Run 'hamirror start --as-primary' "
                + "on the node whose data is right.");

    private static ConnectionDecision Interrupted(ConnectionSide source, ConnectionSide target, bool mineIsSource)
    {
        if (source.Record.Condition != ReplicaCondition.UpToDate)
            return new ConnectionDecision.Wait(
                $"{target.NodeName} is half-way through a resync and {source.NodeName} is {Word(source)}. Run 'hamirror start "
                + "--as-primary' on the node that is to be kept.");
        var from = target.Record.ResyncFrom;
        if (source.Record.Current != from && !Ancestors(source.Record).Contains(from)
            && !Ancestors(source.Record).Contains(target.Record.Current) && source.Record.Current != target.Record.Current)
            return new ConnectionDecision.Refuse(
                $"{target.NodeName} was being synchronised from generation {from}, which {source.NodeName} does not know. Run 'hamirror "
                + $"start --as-secondary --full-sync' on {target.NodeName} to copy everything from {source.NodeName}.");
        var marksHold = source.Record.Current == from && !source.Record.CompareAll && !target.Record.CompareAll;
        var plan = marksHold ? ResyncPlan.Dirty : ResyncPlan.CompareAll;
        var copy = Copy(source, target, plan, mineIsSource, $"a resync of {target.NodeName} was interrupted");
        // It was the loser of a divergence: whether the crash came before or after its salvage set was begun.
        var salvages = source.Record.Current != target.Record.Current && !Ancestors(source.Record).Contains(target.Record.Current);
        if (!salvages) return copy;
        var sentence = $"{copy.Sentence} What only {target.NodeName} held before is kept as a salvage set there ('hamirror salvage list').";
        return mineIsSource
            ? new ConnectionDecision.Source(plan, sentence) { Salvages = true }
            : new ConnectionDecision.Target(plan, sentence) { Salvages = true };
    }

    private static ConnectionDecision Related(ConnectionSide mine, ConnectionSide theirs)
    {
        if (mine.Record.Current == theirs.Record.Current) return SameGeneration(mine, theirs);

        var ahead = IsAhead(mine.Record, theirs.Record);
        var behind = IsAhead(theirs.Record, mine.Record);
        if (ahead != behind)
        {
            var (source, target) = ahead ? (mine, theirs) : (theirs, mine);
            if (source.Record.Condition != ReplicaCondition.UpToDate)
                return new ConnectionDecision.Wait(
                    $"{source.NodeName} has the newer generation {source.Record.Current} but is {Word(source)}. Run 'hamirror start "
                    + "--as-primary' on the node whose data is right.");
            return Copy(source, target, AheadPlan(source.Record, target.Record), ahead,
                $"{source.NodeName} went on from generation {target.Record.Current} to {source.Record.Current}");
        }

        return Ancestors(mine.Record).Intersect(Ancestors(theirs.Record)).Any()
            ? DivergedHistories(mine, theirs)
            : new ConnectionDecision.Refuse(
                $"The replicas of {mine.NodeName} and {theirs.NodeName} have no generation in common. Run 'hamirror start "
                + "--as-primary' on the node to keep and 'hamirror start --as-secondary --full-sync' on the other one.");
    }

    private static ConnectionDecision SameGeneration(ConnectionSide mine, ConnectionSide theirs)
    {
        var plan = mine.Record.CompareAll || theirs.Record.CompareAll ? ResyncPlan.CompareAll : ResyncPlan.Leftover;
        var mineUsable = mine.Record.Condition == ReplicaCondition.UpToDate;
        var theirsUsable = theirs.Record.Condition == ReplicaCondition.UpToDate;
        if (!mineUsable && !theirsUsable)
            return new ConnectionDecision.Wait(
                "Both replicas are outdated. Run 'hamirror start --as-primary' on the node whose data is right.");
        var (mineIsSource, why) =
            mineUsable != theirsUsable ? (mineUsable, "the other one is outdated")
            : mine.Serves != theirs.Serves ? (mine.Serves, "it serves")
            : mine.Record.Sole != theirs.Record.Sole ? (mine.Record.Sole, "it went on alone")
            : mine.Record.Sole && mine.Record.TookOver != theirs.Record.TookOver ? (theirs.Record.TookOver, "it was primary before the nodes parted")
            : mine.Record.HandedOver != theirs.Record.HandedOver ? (theirs.Record.HandedOver, "the other one had handed over to it")
            : mine.Crashed != theirs.Crashed ? (mine.Crashed, "it was primary when it stopped and may be ahead")
            : (mine.Preferred, "both are equal and it is the preferred node");
        return mineIsSource ? Copy(mine, theirs, plan, true, why) : Copy(theirs, mine, plan, false, why);
    }

    private static ConnectionDecision DivergedHistories(ConnectionSide mine, ConnectionSide theirs)
    {
        var mineUsable = mine.Record.Condition == ReplicaCondition.UpToDate;
        var theirsUsable = theirs.Record.Condition == ReplicaCondition.UpToDate;
        var (keepsMine, why) =
            mine.Serves != theirs.Serves ? (mine.Serves, "it serves")
            : mineUsable != theirsUsable ? (mineUsable, "the other one is outdated")
            : mine.Record.TookOver != theirs.Record.TookOver ? (theirs.Record.TookOver, "it was primary before the nodes parted")
            : (mine.Preferred, "nothing else decides and it is the preferred node");
        var (kept, given) = keepsMine ? (mine, theirs) : (theirs, mine);
        var parted = $"Both nodes have changed the data since they parted: {mine.NodeName} has generation {mine.Record.Current}, "
            + $"{theirs.NodeName} has {theirs.Record.Current}.";
        if (kept.Record.Condition != ReplicaCondition.UpToDate)
            return new ConnectionDecision.Diverged(keepsMine,
                $"{parted} Nothing is copied, because {kept.NodeName} is {Word(kept)}. Run 'hamirror start --as-primary' on the node whose data is "
                + "right, then 'hamirror start --as-secondary --full-sync' on the other one: that discards what only it holds.");
        if (mine.ManualDivergence || theirs.ManualDivergence)
            return new ConnectionDecision.Diverged(keepsMine,
                $"{parted} Nothing is copied, because divergence=\"manual\" leaves it to an operator. To keep {kept.NodeName}, run 'hamirror start "
                + $"--as-secondary --full-sync' on {given.NodeName}: that discards what only it holds.");
        // Both sides' marks tell what has changed since the generation that both shared last.
        var plan = kept.Record.Base == given.Record.Base && !kept.Record.Base.IsNone && !kept.Record.CompareAll && !given.Record.CompareAll
            ? ResyncPlan.Dirty
            : ResyncPlan.CompareAll;
        var copy = Copy(kept, given, plan, keepsMine, why);
        var sentence = $"{parted} {copy.Sentence} What only {given.NodeName} holds is saved first, as a salvage set there ('hamirror salvage list').";
        return keepsMine
            ? new ConnectionDecision.Source(plan, sentence) { Salvages = true }
            : new ConnectionDecision.Target(plan, sentence) { Salvages = true };
    }

    private static ResyncPlan AheadPlan(ReplicaRecord source, ReplicaRecord target) =>
        source.CompareAll || target.CompareAll || source.Base != target.Current ? ResyncPlan.CompareAll : ResyncPlan.Dirty;

    private static ConnectionDecision Copy(
        ConnectionSide source, ConnectionSide target, ResyncPlan plan, bool mineIsSource, string why)
    {
        var what = plan switch
        {
            ResyncPlan.Leftover => "only marks left over are compared",
            ResyncPlan.Dirty => "the dirty extents are copied",
            ResyncPlan.CompareAll => "everything is compared",
            _ => "everything is copied",
        };
        var sentence = $"{source.NodeName} is the source for {target.NodeName} because {why}; {what}.";
        return mineIsSource ? new ConnectionDecision.Source(plan, sentence) : new ConnectionDecision.Target(plan, sentence);
    }

    private static ImmutableHashSet<GenerationId> Ancestors(ReplicaRecord record) =>
        record.History.Add(record.Base).Where(id => !id.IsNone && id != record.Current).ToImmutableHashSet();

    private static string Word(ConnectionSide side) => side.Record.Condition switch
    {
        ReplicaCondition.UpToDate => "up to date",
        ReplicaCondition.Outdated => "outdated",
        ReplicaCondition.Inconsistent => "inconsistent",
        _ => "never synchronised",
    };
}
