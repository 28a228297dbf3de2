// Every row of the connection table, in its order, with an example and what an operator reads.
using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Generations;

/// <summary>One row: two sides, named n1 (mine, preferred) and n2, and the decision as mine sees it.</summary>
internal sealed record ConnectionRow(string Name, ConnectionSide Mine, ConnectionSide Theirs, string Result, string Sentence);

internal static class ConnectionRows
{
    private const string AsPrimary = "'hamirror start --as-primary'";
    private const string Parted = "Both nodes have changed the data since they parted: n1 has generation 00000002, n2 has 00000003.";

    public static readonly IReadOnlyList<ConnectionRow> All =
    [
        // 1: a side was given up
        new("both given up", Mine(Data(1, 1)) with { FullSync = true }, Theirs(Data(1, 1)) with { FullSync = true }, "Wait",
            "Both nodes were started with --full-sync, so neither may be the source. Start one of them with --as-primary."),
        new("given up, the other one up to date", Mine(Data(1, 1)), Theirs(Data(9, 9)) with { FullSync = true }, "source CopyAll",
            "n1 is the source for n2 because the operator gave the content of n2 up with --full-sync; everything is copied."),
        new("given up, the other one outdated", Mine(Outdated(1, 1)), Theirs(Data(9, 9)) with { FullSync = true }, "Wait",
            "n2 was started with --full-sync, but n1 is outdated and cannot be its source. Run 'hamirror start --as-primary' on n1 if its "
            + "data is right."),
        // 2: a side has no history
        new("both without a history", Mine(ReplicaRecord.New), Theirs(ReplicaRecord.New), "Wait",
            $"No data is known on either node. Run {AsPrimary} on the node whose directory holds the right data."),
        new("one without a history, the other one up to date", Mine(Data(1, 1)), Theirs(ReplicaRecord.New), "source CompareAll",
            "n1 is the source for n2 because n2 was never synchronised; everything is compared."),
        new("one without a history, the other one outdated", Mine(Outdated(1, 1)), Theirs(ReplicaRecord.New), "Wait",
            $"n2 was never synchronised and n1 is outdated. Run {AsPrimary} on the node whose data is right."),
        // 3: a side is half-way through a resync
        new("both inconsistent", Mine(Broken(1, 2)), Theirs(Broken(1, 2)), "Wait",
            $"Both replicas are half-way through a resync. Run {AsPrimary} on the node that is to be kept."),
        new("inconsistent, its source is here", Mine(Data(2, 1, 1)), Theirs(Broken(1, 2)), "source Dirty",
            "n1 is the source for n2 because a resync of n2 was interrupted; the dirty extents are copied."),
        new("inconsistent, its source has gone on since", Mine(Data(3, 1, 2, 1)), Theirs(Broken(1, 2)), "source CompareAll",
            "n1 is the source for n2 because a resync of n2 was interrupted; everything is compared."),
        new("inconsistent, marks lost", Mine(Data(2, 1, 1)), Theirs(Broken(1, 2) with { CompareAll = true }), "source CompareAll",
            "n1 is the source for n2 because a resync of n2 was interrupted; everything is compared."),
        new("inconsistent, the other one outdated", Mine(Outdated(2, 1, 1)), Theirs(Broken(1, 2)), "Wait",
            $"n2 is half-way through a resync and n1 is outdated. Run {AsPrimary} on the node that is to be kept."),
        new("inconsistent, from a source that is not known", Mine(Data(5, 5)), Theirs(Broken(1, 2)), "Refuse",
            "n2 was being synchronised from generation 00000002, which n1 does not know. Run 'hamirror start --as-secondary --full-sync' on n2 "
            + "to copy everything from n1."),
        // 4: the same generation
        new("same generation, both outdated", Mine(Outdated(1, 1)), Theirs(Outdated(1, 1)), "Wait",
            $"Both replicas are outdated. Run {AsPrimary} on the node whose data is right."),
        new("same generation, one outdated", Mine(Outdated(1, 1)), Theirs(Data(1, 1)), "target Leftover",
            "n2 is the source for n1 because the other one is outdated; only marks left over are compared."),
        new("same generation, one serves", Mine(Data(1, 1)), Theirs(Data(1, 1) with { Serving = true }, ModuleState.Alone), "target Leftover",
            "n2 is the source for n1 because it serves; only marks left over are compared."),
        new("same generation, one went on alone", Mine(Data(1, 1)), Theirs(Data(1, 1) with { Sole = true }), "target Leftover",
            "n2 is the source for n1 because it went on alone; only marks left over are compared."),
        new("same generation, both went on alone", Mine(Data(1, 1) with { Sole = true, TookOver = true }), Theirs(Data(1, 1) with { Sole = true }),
            "target Leftover", "n2 is the source for n1 because it was primary before the nodes parted; only marks left over are compared."),
        new("same generation, one handed over", Mine(Data(1, 1) with { HandedOver = true }), Theirs(Data(1, 1)), "target Leftover",
            "n2 is the source for n1 because the other one had handed over to it; only marks left over are compared."),
        new("same generation, one crashed as primary", Mine(Data(1, 1)), Theirs(Data(1, 1) with { Serving = true, CompareAll = true }),
            "target CompareAll", "n2 is the source for n1 because it was primary when it stopped and may be ahead; everything is compared."),
        new("same generation, both clean", Mine(Data(1, 1)), Theirs(Data(1, 1)), "source Leftover",
            "n1 is the source for n2 because both are equal and it is the preferred node; only marks left over are compared."),
        // 5: one is ahead
        new("ahead, its base is the other one's generation", Mine(Data(2, 1, 1)), Theirs(Data(1, 1)), "source Dirty",
            "n1 is the source for n2 because n1 went on from generation 00000001 to 00000002; the dirty extents are copied."),
        new("ahead, two separations ago", Mine(Data(3, 2, 2, 1)), Theirs(Data(1, 1)), "source CompareAll",
            "n1 is the source for n2 because n1 went on from generation 00000001 to 00000003; everything is compared."),
        new("ahead, marks lost", Mine(Data(2, 1, 1) with { CompareAll = true }), Theirs(Data(1, 1)), "source CompareAll",
            "n1 is the source for n2 because n1 went on from generation 00000001 to 00000002; everything is compared."),
        new("ahead, but outdated", Mine(Outdated(2, 1, 1)), Theirs(Data(1, 1)), "Wait",
            $"n1 has the newer generation 00000002 but is outdated. Run {AsPrimary} on the node whose data is right."),
        // 6: both went on
        new("diverged, the former primary", Mine(Data(2, 1, 1) with { Sole = true, TookOver = true }), Theirs(Data(3, 1, 1) with { Sole = true }),
            "target Dirty salvage", $"{Parted} n2 is the source for n1 because it was primary before the nodes parted; the dirty extents are copied. "
            + "What only n1 holds is saved first, as a salvage set there ('hamirror salvage list')."),
        new("diverged, one serves", Mine(Data(2, 1, 1) with { TookOver = true }, ModuleState.Alone), Theirs(Data(3, 1, 1)), "source Dirty salvage",
            $"{Parted} n1 is the source for n2 because it serves; the dirty extents are copied. What only n2 holds is saved first, as a salvage set "
            + "there ('hamirror salvage list')."),
        new("diverged, the loser has recorded it", Mine(Data(2, 1, 1)), Theirs(Outdated(3, 1, 1)), "source Dirty salvage",
            $"{Parted} n1 is the source for n2 because the other one is outdated; the dirty extents are copied. What only n2 holds is saved first, as "
            + "a salvage set there ('hamirror salvage list')."),
        new("diverged, nothing else decides", Mine(Data(2, 1, 1)), Theirs(Data(3, 1, 1)), "source Dirty salvage",
            $"{Parted} n1 is the source for n2 because nothing else decides and it is the preferred node; the dirty extents are copied. What only n2 "
            + "holds is saved first, as a salvage set there ('hamirror salvage list')."),
        new("diverged, marks lost", Mine(Data(2, 1, 1)), Theirs(Data(3, 1, 1) with { CompareAll = true }), "source CompareAll salvage",
            $"{Parted} n1 is the source for n2 because nothing else decides and it is the preferred node; everything is compared. What only n2 holds "
            + "is saved first, as a salvage set there ('hamirror salvage list')."),
        new("diverged, an older ancestor", Mine(Data(2, 1, 1)), Theirs(Data(3, 4, 4, 1)), "source CompareAll salvage",
            $"{Parted} n1 is the source for n2 because nothing else decides and it is the preferred node; everything is compared. What only n2 holds "
            + "is saved first, as a salvage set there ('hamirror salvage list')."),
        new("diverged, manual on one side", Mine(Data(2, 1, 1)), Theirs(Data(3, 1, 1)) with { ManualDivergence = true }, "diverged True",
            $"{Parted} Nothing is copied, because divergence=\"manual\" leaves it to an operator. To keep n1, run 'hamirror start --as-secondary "
            + "--full-sync' on n2: that discards what only it holds."),
        new("diverged, both outdated", Mine(Outdated(2, 1, 1)), Theirs(Outdated(3, 1, 1)), "diverged True",
            $"{Parted} Nothing is copied, because n1 is outdated. Run 'hamirror start --as-primary' on the node whose data is right, then 'hamirror "
            + "start --as-secondary --full-sync' on the other one: that discards what only it holds."),
        // 7: nothing in common
        new("unrelated", Mine(Data(2, 2)), Theirs(Data(3, 3)), "Refuse",
            "The replicas of n1 and n2 have no generation in common. Run 'hamirror start --as-primary' on the node to keep and 'hamirror start "
            + "--as-secondary --full-sync' on the other one."),
    ];

    private static ReplicaRecord Data(int current, int based, params int[] history) => new()
    {
        Current = Id(current), Base = Id(based), History = [.. history.Select(Id)], Condition = ReplicaCondition.UpToDate,
    };

    private static ReplicaRecord Outdated(int current, int based, params int[] history) =>
        Data(current, based, history) with { Condition = ReplicaCondition.Outdated };

    private static ReplicaRecord Broken(int current, int from) =>
        Data(current, current) with { Condition = ReplicaCondition.Inconsistent, ResyncFrom = Id(from) };

    private static GenerationId Id(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static ConnectionSide Mine(ReplicaRecord record, ModuleState state = ModuleState.Wait) => new("n1", record, state, false, true);

    private static ConnectionSide Theirs(ReplicaRecord record, ModuleState state = ModuleState.Wait) => new("n2", record, state, false, false);
}
