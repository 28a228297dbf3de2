using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Generations;

public sealed class ConnectionTableTests
{
    [Fact]
    public void Decide_AnyPairOfRecords_IsMirrored()
    {
        foreach (var (mine, theirs) in Pairs())
            Assert.Equal(Kind(ConnectionTable.Decide(mine, theirs)), Mirrored(ConnectionTable.Decide(theirs, mine)));
    }

    [Fact]
    public void Decide_AnyPairOfRecords_NeverCopiesFromWhatIsNotUpToDate()
    {
        foreach (var (mine, theirs) in Pairs())
            if (ConnectionTable.Decide(mine, theirs) is ConnectionDecision.Source)
                Assert.Equal(ReplicaCondition.UpToDate, mine.Record.Condition);
    }

    [Fact]
    public void Decide_AnyPairOfRecords_NeverOverwritesAGenerationThatTheSourceDoesNotKnow()
    {
        foreach (var (mine, theirs) in Pairs())
        {
            if (ConnectionTable.Decide(mine, theirs) is not ConnectionDecision.Source { Salvages: false } || theirs.FullSync) continue;
            if (theirs.Record.Condition is ReplicaCondition.Unknown or ReplicaCondition.Inconsistent) continue;
            Assert.True(mine.Record.Current == theirs.Record.Current || ConnectionTable.IsAhead(mine.Record, theirs.Record));
        }
    }

    [Fact]
    public void Decide_AnyPairWithLostMarks_ComparesEverything()
    {
        foreach (var (mine, theirs) in Pairs())
            if (ConnectionTable.Decide(mine, theirs) is ConnectionDecision.Source source
                && (mine.Record.CompareAll || theirs.Record.CompareAll))
                Assert.True(source.Plan is ResyncPlan.CompareAll or ResyncPlan.CopyAll);
    }

    [Fact]
    public void Decide_SameGenerationBothClean_ComparesLeftoverMarksOnly() =>
        Assert.Equal(ResyncPlan.Leftover, Assert.IsType<ConnectionDecision.Source>(
            ConnectionTable.Decide(Side("a", Record(1, 1), preferred: true), Side("b", Record(1, 1)))).Plan);

    [Fact]
    public void Decide_OneCrashedAsPrimary_IsSourceAndEverythingIsCompared() =>
        Assert.Equal(ResyncPlan.CompareAll, Assert.IsType<ConnectionDecision.Target>(ConnectionTable.Decide(
            Side("a", Record(1, 1), preferred: true), Side("b", Record(1, 1) with { Serving = true, CompareAll = true }))).Plan);

    [Fact]
    public void Decide_PeerServesAfterTakeOver_CrashedPrimaryIsTarget() =>
        Assert.IsType<ConnectionDecision.Target>(ConnectionTable.Decide(
            Side("a", Record(1, 1) with { Serving = true, CompareAll = true }, preferred: true),
            Side("b", Record(1, 1) with { Serving = true, Sole = true }, ModuleState.Alone)));

    [Fact]
    public void Decide_BaseIsPeersCurrent_IsAheadWithTheDirtyExtents() =>
        Assert.Equal(ResyncPlan.Dirty, Assert.IsType<ConnectionDecision.Source>(
            ConnectionTable.Decide(Side("a", Record(2, 1, 1)), Side("b", Record(1, 1)))).Plan);

    [Fact]
    public void Decide_TwoSeparationsAgo_ComparesEverything() =>
        Assert.Equal(ResyncPlan.CompareAll, Assert.IsType<ConnectionDecision.Source>(
            ConnectionTable.Decide(Side("a", Record(3, 2, 2, 1)), Side("b", Record(1, 1)))).Plan);

    [Fact]
    public void Decide_AnyDivergedPair_IsSalvagedOrWaitsAsBothConfigurationsSay()
    {
        var salvaged = 0;
        foreach (var (mine, theirs) in Pairs())
        {
            var decision = ConnectionTable.Decide(mine, theirs);
            if (decision is ConnectionDecision.Source { Salvages: true } or ConnectionDecision.Target { Salvages: true })
            {
                salvaged++;
                // A resync of a diverged replica that has begun goes on, whatever was configured since.
                Assert.False((mine.ManualDivergence || theirs.ManualDivergence)
                    && mine.Record.Condition != ReplicaCondition.Inconsistent && theirs.Record.Condition != ReplicaCondition.Inconsistent);
                Assert.False(mine.FullSync || theirs.FullSync);
                Assert.Contains("salvage", decision.Sentence, StringComparison.Ordinal);
            }
            else if (decision is ConnectionDecision.Diverged)
                Assert.True(mine.ManualDivergence || theirs.ManualDivergence
                    || (mine.Record.Condition != ReplicaCondition.UpToDate && theirs.Record.Condition != ReplicaCondition.UpToDate)
                    || (mine.Serves ? mine : theirs).Record.Condition != ReplicaCondition.UpToDate);
        }
        Assert.True(salvaged > 100, $"only {salvaged} of the pairs had diverged");
    }

    public static TheoryData<string> Rows => [.. ConnectionRows.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Decide_EachRow_GivesItsResultAndItsSentence(string name)
    {
        var row = ConnectionRows.All.Single(row => row.Name == name);
        var decision = ConnectionTable.Decide(row.Mine, row.Theirs);
        Assert.Equal(row.Result, Kind(decision));
        Assert.Equal(row.Result, Mirrored(ConnectionTable.Decide(row.Theirs, row.Mine)));
        Assert.Equal(row.Sentence, decision.Sentence);
    }

    [Fact]
    public void Decide_NothingInCommon_IsRefusedWithARemedy() =>
        Assert.Contains("--full-sync", Assert.IsType<ConnectionDecision.Refuse>(
            ConnectionTable.Decide(Side("a", Record(2, 2)), Side("b", Record(3, 3)))).Sentence, StringComparison.Ordinal);

    [Fact]
    public void Decide_BothNeverSynchronised_AsksForAsPrimary() =>
        Assert.Contains("--as-primary", Assert.IsType<ConnectionDecision.Wait>(
            ConnectionTable.Decide(Side("a", ReplicaRecord.New), Side("b", ReplicaRecord.New))).Sentence, StringComparison.Ordinal);

    [Fact]
    public void Decide_DivergedButGivenUp_CopiesAll() =>
        Assert.Equal(ResyncPlan.CopyAll, Assert.IsType<ConnectionDecision.Source>(ConnectionTable.Decide(
            Side("a", Record(2, 1, 1)), Side("b", Record(3, 1, 1)) with { FullSync = true })).Plan);

    private static GenerationId Id(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static ReplicaRecord Record(int current, int based, params int[] history) => new()
    {
        Current = Id(current), Base = Id(based), History = [.. history.Select(Id)], Condition = ReplicaCondition.UpToDate,
    };

    private static ConnectionSide Side(
        string name, ReplicaRecord record, ModuleState state = ModuleState.Wait, bool preferred = false) =>
        new(name, record, state, FullSync: false, preferred);

    private static string Kind(ConnectionDecision decision) => decision switch
    {
        ConnectionDecision.Source source => $"source {source.Plan}{(source.Salvages ? " salvage" : "")}",
        ConnectionDecision.Target target => $"target {target.Plan}{(target.Salvages ? " salvage" : "")}",
        ConnectionDecision.Diverged diverged => $"diverged {diverged.KeepsMine}",
        _ => decision.GetType().Name,
    };

    private static string Mirrored(ConnectionDecision decision) => decision switch
    {
        ConnectionDecision.Source source => $"target {source.Plan}{(source.Salvages ? " salvage" : "")}",
        ConnectionDecision.Target target => $"source {target.Plan}{(target.Salvages ? " salvage" : "")}",
        ConnectionDecision.Diverged diverged => $"diverged {!diverged.KeepsMine}",
        _ => decision.GetType().Name,
    };

    private static IEnumerable<(ConnectionSide Mine, ConnectionSide Theirs)> Pairs()
    {
        var random = new Random(20261125);
        for (var count = 0; count < 50_000; count++)
        {
            var mine = Any("a", random, preferred: true);
            yield return (mine, Any("b", random, preferred: false));
        }
    }

    private static ConnectionSide Any(string name, Random random, bool preferred)
    {
        var condition = (ReplicaCondition)random.Next(4);
        var current = random.Next(1, 5);
        var upToDate = condition == ReplicaCondition.UpToDate;
        var record = condition == ReplicaCondition.Unknown
            ? ReplicaRecord.New
            : new ReplicaRecord
            {
                Current = Id(current), Base = Id(random.Next(1, 5)), Condition = condition,
                History = [.. Enumerable.Range(1, random.Next(4)).Where(number => number != current).Select(Id)],
                ResyncFrom = condition == ReplicaCondition.Inconsistent ? Id(random.Next(1, 5)) : GenerationId.None,
                Serving = upToDate && random.Next(3) == 0, Sole = upToDate && random.Next(3) == 0,
                HandedOver = random.Next(4) == 0, CompareAll = random.Next(3) == 0, TookOver = random.Next(4) == 0,
            };
        Assert.Null(record.Validate());
        var state = upToDate && random.Next(4) == 0 ? ModuleState.Alone : ModuleState.Wait;
        return new ConnectionSide(name, record, state, FullSync: state == ModuleState.Wait && random.Next(8) == 0, preferred)
        {
            ManualDivergence = random.Next(4) == 0,
        };
    }
}
