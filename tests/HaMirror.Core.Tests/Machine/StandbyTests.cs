using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Machine;

public sealed class StandbyTests
{
    private const long Link = 7;

    private static readonly GenerationId Shared = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly GenerationId Newer = new(new Guid(2, 0, 0, new byte[8]));

    private static readonly ReplicaRecord Ahead = new()
    {
        Current = Newer, Base = Shared, History = [Shared], Condition = ReplicaCondition.UpToDate, Serving = true, Sole = true,
    };

    private ModuleMachine _machine = Machine(new ReplicaRecord { Current = Shared, Base = Shared, Condition = ReplicaCondition.UpToDate });

    private TimeSpan _now;

    [Fact]
    public void LinkUp_LostBeforeThePlan_LeavesAConsistentReplicaConsistent()
    {
        Connect();
        Assert.Equal(ModuleState.Second, _machine.View.State);
        Assert.Equal(ReplicaCondition.Outdated, _machine.View.Record.Condition);

        Step(new MachineInput.LinkDown(Link, "It was reset."));

        Assert.Equal(ModuleState.Wait, _machine.View.State);
        Assert.Equal(ReplicaCondition.Outdated, _machine.View.Record.Condition);
    }

    [Fact]
    public void Plan_ThatAgrees_IsRecordedBeforeDataIsLetIn()
    {
        Connect();

        var actions = Step(new MachineInput.PlanReceived(Link, ResyncPlan.Dirty)).Actions;

        var persisted = actions.Index().First(entry => entry.Item is MachineAction.Persist);
        Assert.Equal(ReplicaCondition.Inconsistent, ((MachineAction.Persist)persisted.Item).Record.Condition);
        var begun = actions.Index().First(entry => entry.Item is MachineAction.BeginTarget);
        Assert.True(persisted.Index < begun.Index);
        var keeps = ((MachineAction.BeginTarget)begun.Item).Keeps;
        Assert.Equal((Preservation.Undo, ReplicaCondition.Outdated), (keeps.Kind, keeps.Before.Condition));
    }

    /// <summary>The way back is given up only once the record says where it led: else a crash would find neither.</summary>
    [Fact]
    public void Undo_WhoseRecordIsNotWritten_KeepsItsJournal() => Assert.True(new MachineAction.EndUndo().RestsOnRecord());

    /// <summary>The other node has cleared marks for copies that are taken back: a crash in the middle, and a plain start after it,
    /// must not compare by those marks (G5).</summary>
    [Fact]
    public void Undo_BeforeItBegins_RecordsThatMarksAreNotKnownToBeComplete()
    {
        _machine = Machine(new ReplicaRecord { Current = Shared, Base = Shared, Condition = ReplicaCondition.Inconsistent, ResyncFrom = Newer });

        Step(new MachineInput.Command(OperatorCommand.StartAsPrimary) { Undo = true });
        Step(new MachineInput.SequenceEnded(1, null));
        var actions = Step(new MachineInput.MountEnded(null)).Actions;

        var undo = Assert.Single(actions.OfType<MachineAction.Undo>());
        var recorded = Assert.Single(actions.OfType<MachineAction.Persist>());
        Assert.True(recorded.Record.CompareAll);
        Assert.True(actions.IndexOf(recorded) < actions.IndexOf(undo));
        Assert.True(undo.RestsOnRecord());
    }

    [Fact]
    public void Plan_ThatDisagrees_EndsTheLinkAndLeavesTheReplicaConsistent()
    {
        Connect();

        var actions = Step(new MachineInput.PlanReceived(Link, ResyncPlan.CopyAll)).Actions;

        Assert.Contains(actions, action => action is MachineAction.CutLink { Link: Link });
        Assert.DoesNotContain(actions, action => action is MachineAction.BeginTarget);
        Assert.Equal(ReplicaCondition.Outdated, _machine.View.Record.Condition);
    }

    /// <summary>The primary went on alone, and its process died before the standby heard of it: whatever state it is in now.</summary>
    [Theory]
    [InlineData(ModuleState.Stop)]
    [InlineData(ModuleState.Wait)]
    public void Reconnecting_PrimaryHadGoneOnAlone_IsOutdatedAndDoesNotClaim(ModuleState state)
    {
        Connect();
        Step(new MachineInput.PlanReceived(Link, ResyncPlan.Dirty));
        Step(new MachineInput.OfferReceived(Link, Newer));
        Step(new MachineInput.BeatHeard(new ModuleBeat(
            "node2", ModuleState.Prim, Phase.Ready, Ahead with { Sole = false }, false, false, true, GenerationId.None, GenerationId.None, 9, false, 2, 1, 1)));
        Step(new MachineInput.LinkDown(Link, "It was reset."));
        Assert.Equal(ModuleState.Second, _machine.View.State);

        Step(new MachineInput.BeatHeard(new ModuleBeat(
            "node2", state, Phase.NotReady, Ahead with { Current = new(new Guid(3, 0, 0, new byte[8])), Base = Newer, History = [Newer, Shared] }, false, false, true,
            GenerationId.None, GenerationId.None, 10, false, 2, 1, 1)));

        Assert.Equal((ModuleState.Wait, ReplicaCondition.Outdated), (_machine.View.State, _machine.View.Record.Condition));
        Assert.False(_machine.View.Beat.Claims);
    }

    /// <summary>A record that cannot be written yet may be on the disk at any moment: the peer must not begin as if it never would.</summary>
    [Fact]
    public void Beat_OfASoleThatIsNotWrittenYet_SaysSoAndPromisesNothing()
    {
        var beat = new ModuleBeat(
            "node1", ModuleState.Wait, Phase.Transient, Ahead, false, false, true, GenerationId.None, Shared, 9, true, 1, 1, 1);
        var durable = new ReplicaRecord { Current = Shared, Base = Shared, Condition = ReplicaCondition.UpToDate };

        var said = beat.Unwritten(durable);

        Assert.Equal((durable with { Sole = true }, GenerationId.None, false), (said.Record, said.ConfirmsOutdated, said.Claims));
        Assert.False(beat.Unwritten(durable with { Condition = ReplicaCondition.Outdated }).Record.Sole);
        Assert.False((beat with { Record = durable }).Unwritten(durable).Record.Sole);
    }

    /// <summary>Whatever keeps a node from doing anything: that the other one acknowledges writes alone is recorded at once (G4).</summary>
    [Fact]
    public void Waiting_WithABrokenStorage_IsOutdatedOnceASolePrimaryIsHeard()
    {
        Step(new MachineInput.Command(OperatorCommand.Start));
        Step(new MachineInput.SequenceEnded(1, null));
        Step(new MachineInput.MountEnded(null));
        Step(new MachineInput.StorageFailed("The disk failed."));
        Assert.Equal((ModuleState.Wait, ReplicaCondition.UpToDate), (_machine.View.State, _machine.View.Record.Condition));

        Step(new MachineInput.BeatHeard(new ModuleBeat(
            "node2", ModuleState.Alone, Phase.Ready, Ahead, false, false, true, GenerationId.None, GenerationId.None, 9, false, 1, 1, 1)));

        Assert.Equal((ModuleState.Wait, ReplicaCondition.Outdated), (_machine.View.State, _machine.View.Record.Condition));
    }

    /// <summary>The primary had gone back (an undo, an older replica that an operator took) to what was an ancestor here.</summary>
    [Fact]
    public void FullSync_FromAnAncestorOfItsOwn_IsRecordedWithoutIt()
    {
        _machine = Machine(Ahead with { Sole = false, Serving = false });

        Connect(OperatorCommand.StartAsSecondaryFullSync, new ReplicaRecord
        {
            Current = Shared, Base = Shared, Condition = ReplicaCondition.UpToDate, Serving = true, Sole = true,
        });
        Step(new MachineInput.PlanReceived(Link, ResyncPlan.CopyAll));

        Assert.Equal(Shared, _machine.View.Record.Current);
        Assert.DoesNotContain(Shared, _machine.View.Record.History);
    }

    private static ModuleMachine Machine(ReplicaRecord record) => new(
        new ModuleRules { NodeName = "node1", PeerName = "node2", IsFirstNode = true }, record, 1,
        () => throw new InvalidOperationException("A standby makes no generation."));

    private void Connect(OperatorCommand command = OperatorCommand.Start, ReplicaRecord? source = null)
    {
        source ??= Ahead;
        Step(new MachineInput.Command(command));
        Step(new MachineInput.SequenceEnded(1, null));
        Step(new MachineInput.MountEnded(null));
        Step(new MachineInput.BeatHeard(new ModuleBeat(
            "node2", ModuleState.Alone, Phase.Ready, source, false, false, true, GenerationId.None, GenerationId.None, 9, false, 1, 1, 1)));
        Step(new MachineInput.LinkUp(Link, false, new PeerHello("node2", source, ModuleState.Alone, false, 0)));
    }

    private StepOutput Step(MachineInput input) => _machine.Step(input, _now += TimeSpan.FromMilliseconds(10));
}
