using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;

namespace HaMirror.Core.Tests.Machine;

/// <summary>What the machine does about the faults of a disk, its own and the peer's.</summary>
public sealed class DiskTests
{
    private const long Link = 7;
    private const string Broken = "A write of disk.img failed on the local disk.";

    private static readonly GenerationId Shared = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly ReplicaRecord Paired = new() { Current = Shared, Base = Shared, Condition = ReplicaCondition.UpToDate, PeerName = "node2" };
    private static readonly ReplicaRecord DetachedRecord = Paired with { Condition = ReplicaCondition.Outdated, Detached = true, CompareAll = true, Serving = true };

    private ModuleMachine _machine = null!;
    private TimeSpan _now;
    private ulong _beat;

    [Fact]
    public void Primary_DiskFailsWithAStandby_RecordsItBeforeThePeerIsAsked()
    {
        Serve();

        var actions = Step(new MachineInput.DiskFailed(Broken)).Actions;

        var persisted = Assert.Single(actions.OfType<MachineAction.Persist>());
        Assert.True(persisted is { MayFail: true, Record: { Detached: true, Serving: true, Sole: false, CompareAll: true, Condition: ReplicaCondition.Outdated } });
        Assert.True(actions.IndexOf(persisted) < actions.IndexOf(new MachineAction.Detach(Link)));
        Assert.Equal((ModuleState.Prim, Phase.Ready), (_machine.View.State, _machine.View.Phase));
        Assert.Contains("hamirror attach", _machine.View.DiskFault, StringComparison.Ordinal);
        Step(new MachineInput.DetachAccepted(Link));
        Assert.Contains("hamirror swap", _machine.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Primary_DiskFailsAlone_PassesTheErrorOnAndServesOn()
    {
        Serve(accepted: false);

        var actions = Step(new MachineInput.DiskFailed(Broken)).Actions;

        Assert.Contains(new MachineAction.KeepDisk(), actions);
        Assert.DoesNotContain(actions, action => action is MachineAction.Detach or MachineAction.Persist or MachineAction.SetWritable);
        Assert.Equal(ModuleState.Alone, _machine.View.State);
        Assert.StartsWith(Broken, _machine.View.DiskFault, StringComparison.Ordinal);
    }

    [Fact]
    public void Primary_PeerLostWhileDetached_EndsByForceAndNeverGoesOnAlone()
    {
        Serve();
        Step(new MachineInput.DiskFailed(Broken));
        Step(new MachineInput.DetachAccepted(Link));

        var actions = Step(new MachineInput.LinkDown(Link, "It was reset.")).Actions;

        Assert.Contains(new MachineAction.SetWritable(false), actions);
        Assert.Contains(actions, action => action is MachineAction.RunSequence { Sequence: Core.Hooks.HookSequence.ForcedEnd });
        for (var tick = 0; tick < 400; tick++)
        {
            actions = Step(new MachineInput.Tick()).Actions;
            Assert.DoesNotContain(actions, action => action is MachineAction.Thaw or MachineAction.SetWritable { Writable: true } or MachineAction.Dial { On: true });
            Assert.False(_machine.View.Record.Sole);
        }
        Assert.Equal(ModuleState.Wait, _machine.View.State);
    }

    [Fact]
    public void Primary_SwapWhileDetached_HandsOverAndWaitsForAttach()
    {
        Serve();
        Step(new MachineInput.DiskFailed(Broken));
        Step(new MachineInput.DetachAccepted(Link));
        Assert.Contains("swap", Step(new MachineInput.Command(OperatorCommand.Attach)).Refusal, StringComparison.Ordinal);

        Assert.Null(Step(new MachineInput.Command(OperatorCommand.Swap)).Refusal);
        EndHooks();
        var actions = Step(new MachineInput.Drained(DrainTicket, null)).Actions;
        Assert.Contains(new MachineAction.SendHandover(Link, true), actions);
        Step(new MachineInput.LinkDown(Link, "The hand-over is accepted."));
        for (var tick = 0; tick < 100; tick++)
        {
            Hear(ModuleState.Prim, Paired with { Sole = true, Serving = true });
            Assert.DoesNotContain(new MachineAction.Dial(true), Step(new MachineInput.Tick()).Actions);
        }
        Assert.Equal((ModuleState.Wait, Phase.NotReady), (_machine.View.State, _machine.View.Phase));
        Assert.Contains("hamirror attach", _machine.View.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("The disk under /vm does not read back what was written to it.")]
    public void Attach_OfAStoppedNode_TriesTheDiskAndJoinsOnlyWhenItIsWell(string? failure)
    {
        _machine = Machine(DetachedRecord);
        Assert.Null(Step(new MachineInput.Command(OperatorCommand.Attach)).Refusal);
        EndHooks();
        var probe = Assert.Single(Step(new MachineInput.MountEnded(null)).Actions.OfType<MachineAction.ProbeDisk>());
        Hear(ModuleState.Alone, Paired with { Sole = true, Serving = true });
        Assert.Contains("tried", _machine.View.Reason, StringComparison.Ordinal);

        var actions = Step(new MachineInput.DiskProbed(probe.Ticket, failure)).Actions;

        if (failure is null)
        {
            Assert.True(_machine.View.Record is { Detached: false, CompareAll: true, Serving: false, Condition: ReplicaCondition.Inconsistent });
            Assert.Contains(new MachineAction.Dial(true), actions);
        }
        else
        {
            Assert.True(_machine.View.Record.Detached);
            Assert.DoesNotContain(new MachineAction.Dial(true), actions);
            Assert.StartsWith(failure, _machine.View.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Attach_OfANodeThatIsNotDetached_IsRefusedWithASentence()
    {
        _machine = Machine(Paired);
        Assert.Contains("hamirror start", Step(new MachineInput.Command(OperatorCommand.Attach)).Refusal, StringComparison.Ordinal);
        Assert.Equal(ModuleState.Stop, _machine.View.State);
    }

    [Fact]
    public void Operator_AsPrimaryOnADetachedNode_BeginsAHistoryThatReplacesNoOther()
    {
        _machine = Machine(DetachedRecord with { Serving = false });
        Step(new MachineInput.Command(OperatorCommand.StartAsPrimary));
        EndHooks();
        Step(new MachineInput.MountEnded(null));
        for (var tick = 0; tick < 200 && _machine.View.State != ModuleState.Alone; tick++) Step(new MachineInput.Tick());

        Assert.Equal(ModuleState.Alone, _machine.View.State);
        Assert.True(_machine.View.Record is { Detached: false, Condition: ReplicaCondition.UpToDate, Sole: true, History: [], Base.IsNone: true });
        Assert.NotEqual(Shared, _machine.View.Record.Current);
    }

    [Fact]
    public void Operator_AsPrimaryOnADetachedNodeThatWaits_MountsAnewBeforeItServes()
    {
        Serve();
        Step(new MachineInput.DiskFailed(Broken));
        Step(new MachineInput.DetachAccepted(Link));
        Step(new MachineInput.LinkDown(Link, "It was reset."));
        EndHooks();
        Assert.Null(Step(new MachineInput.Command(OperatorCommand.StartAsPrimary)).Refusal);
        EndHooks();
        Assert.NotEqual(ModuleState.Alone, _machine.View.State);
        Assert.Contains(new MachineAction.Mount(), Told(new MachineInput.UnmountEnded(null)));
        Step(new MachineInput.MountEnded(null));
        for (var tick = 0; tick < 400 && _machine.View.State != ModuleState.Alone; tick++) Step(new MachineInput.Tick());

        Assert.Equal(ModuleState.Alone, _machine.View.State);
        Assert.False(_machine.View.Record.Detached);
    }

    [Fact]
    public void Attach_OfABrokenStorage_AttachesNoDiskThatIsDetachedLater()
    {
        Serve();
        Step(new MachineInput.StorageFailed("The mount was lost."));
        EndHooks();
        Assert.Null(Step(new MachineInput.Command(OperatorCommand.Attach)).Refusal);
        EndHooks();
        Step(new MachineInput.UnmountEnded(null));
        EndHooks();
        Step(new MachineInput.MountEnded(null));
        for (var tick = 0; tick < 200; tick++) Step(new MachineInput.Tick());
        Hear(ModuleState.Wait, _machine.View.Record with { Sole = false, Serving = false });
        Hear(ModuleState.Wait, _machine.View.Record with { Sole = false, Serving = false });
        EndHooks();
        Pair();

        Step(new MachineInput.DiskFailed(Broken));
        Step(new MachineInput.DetachAccepted(Link));
        Step(new MachineInput.LinkDown(Link, "It was reset."));
        EndHooks();
        for (var tick = 0; tick < 100; tick++)
            Assert.DoesNotContain(Step(new MachineInput.Tick()).Actions, action => action is MachineAction.ProbeDisk);
        Assert.True(_machine.View.Record.Detached);
    }

    [Fact]
    public void Standby_TellsAfterItLeftThatItCouldNotApply_IsOutdated()
    {
        Stand();
        Step(new MachineInput.PeerDetached(Link));
        Assert.True(_machine.View.Record.Sole);
        Step(new MachineInput.Command(OperatorCommand.ForceStop));
        Step(new MachineInput.TargetFailed(Link, "A write failed."));
        Assert.True(_machine.View.Record is { Condition: ReplicaCondition.Outdated, Sole: false });
    }

    [Fact]
    public void Standby_PrimaryDetaches_RecordsThatItIsTheSoleOneBeforeItAnswers()
    {
        Stand();

        var actions = Step(new MachineInput.PeerDetached(Link)).Actions;

        var persisted = Assert.Single(actions.OfType<MachineAction.Persist>());
        Assert.True(persisted.Record is { Sole: true, CompareAll: true, History: [var before] } && before == Shared && persisted.Record.Current != Shared);
        Assert.True(actions.IndexOf(persisted) < actions.IndexOf(new MachineAction.AcceptDetach(Link)));
        Assert.True(new MachineAction.AcceptDetach(Link).RestsOnRecord());
        Assert.Equal(ModuleState.Second, _machine.View.State);
    }

    [Fact]
    public void Standby_PrimaryDetachedAndDied_TakesOver()
    {
        Stand();
        Step(new MachineInput.PeerDetached(Link));
        Step(new MachineInput.LinkDown(Link, "It was reset."));
        for (var tick = 0; tick < 200 && _machine.View.State != ModuleState.Alone; tick++) Step(new MachineInput.Tick());
        Assert.Equal(ModuleState.Alone, _machine.View.State);
    }

    [Fact]
    public void Standby_RecordUnwrittenAndWrittenAgain_ComesBackByItselfWithABackOff()
    {
        Stand();
        var pauses = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            Step(new MachineInput.StorageFailed("The disk is full.") { RecordUnwritten = true });
            Assert.Equal(ModuleState.Wait, _machine.View.State);
            Assert.Contains("by itself", _machine.View.Reason, StringComparison.Ordinal);
            Step(new MachineInput.RecordSaved());
            var since = _now;
            while (!Hear(ModuleState.Alone, Paired with { Sole = true, Serving = true }).Contains(new MachineAction.Dial(true)))
                Assert.True(_now - since < TimeSpan.FromMinutes(1));
            pauses.Add((_now - since).TotalSeconds);
        }
        Assert.Equal([1, 2, 4], pauses.Select(pause => Math.Round(pause)));
    }

    [Fact]
    public void Primary_RecordUnwrittenAndWrittenAgain_WaitsForAnOperator()
    {
        Serve();
        Step(new MachineInput.StorageFailed("The disk is full.") { RecordUnwritten = true });
        EndHooks();
        Step(new MachineInput.RecordSaved());
        for (var tick = 0; tick < 200; tick++) Hear(ModuleState.Alone, Paired with { Sole = true, Serving = true });
        Assert.Contains("hamirror stopstart", _machine.View.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("by itself", _machine.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_Detached_IsNeverASourceAndKeepsItsFlagOnDisk()
    {
        var bytes = new byte[ReplicaRecordCodec.BytesMax];
        var writer = new WireWriter(bytes);
        ReplicaRecordCodec.Write(ref writer, DetachedRecord);
        var reader = new WireReader(bytes.AsSpan(0, writer.Count));
        Assert.Equal(DetachedRecord with { History = [] }, ReplicaRecordCodec.Read(ref reader) with { History = [] });
        Assert.NotNull((Paired with { Detached = true }).Validate());
        foreach (var state in Enum.GetValues<ModuleState>())
            foreach (var condition in new[] { ReplicaCondition.UpToDate, ReplicaCondition.Outdated, ReplicaCondition.Inconsistent })
            {
                var decision = ConnectionTable.Decide(
                    new ConnectionSide("node1", DetachedRecord, state, false, true),
                    new ConnectionSide("node2", Paired with { Condition = condition }, ModuleState.Wait, false, false));
                Assert.False(decision is ConnectionDecision.Source, $"{state} {condition}");
            }
    }

    private long DrainTicket { get; set; }

    private static ModuleMachine Machine(ReplicaRecord record)
    {
        var generation = 100;
        return new ModuleMachine(
            new ModuleRules { NodeName = "node1", PeerName = "node2", IsFirstNode = true }, record, 1,
            () => new GenerationId(new Guid(++generation, 0, 0, new byte[8])));
    }

    private void Serve(bool accepted = true)
    {
        _machine = Machine(Paired with { Sole = true });
        Step(new MachineInput.Command(OperatorCommand.Start));
        EndHooks();
        Step(new MachineInput.MountEnded(null));
        for (var tick = 0; tick < 200 && _machine.View.State != ModuleState.Alone; tick++) Step(new MachineInput.Tick());
        EndHooks();
        Assert.Equal((ModuleState.Alone, Phase.Ready), (_machine.View.State, _machine.View.Phase));
        if (accepted) Pair();
    }

    private void Pair()
    {
        Hear(ModuleState.Wait, Paired);
        Step(new MachineInput.LinkUp(Link, true, new PeerHello("node2", Paired, ModuleState.Wait, false, 0)));
        Step(new MachineInput.ResyncEnded(Link));
        Step(new MachineInput.OfferAccepted(Link));
        EndHooks();
        Hear(ModuleState.Second, Paired);
        Assert.Equal((ModuleState.Prim, Phase.Ready), (_machine.View.State, _machine.View.Phase));
    }

    private void Stand()
    {
        _machine = Machine(Paired);
        Step(new MachineInput.Command(OperatorCommand.Start));
        EndHooks();
        Step(new MachineInput.MountEnded(null));
        Hear(ModuleState.Alone, Paired with { Serving = true });
        Step(new MachineInput.LinkUp(Link, false, new PeerHello("node2", Paired with { Serving = true }, ModuleState.Alone, false, 0)));
        Step(new MachineInput.PlanReceived(Link, ResyncPlan.Leftover));
        Step(new MachineInput.OfferReceived(Link, Shared));
        EndHooks();
        Assert.Equal((ModuleState.Second, Phase.Ready), (_machine.View.State, _machine.View.Phase));
    }

    private System.Collections.Immutable.ImmutableArray<MachineAction> Hear(ModuleState state, ReplicaRecord record) =>
        Step(new MachineInput.BeatHeard(new ModuleBeat(
            "node2", state, Phase.Ready, record, false, false, true, GenerationId.None, GenerationId.None, 9, false, ++_beat, 1,
            _machine.View.Beat.Sequence))).Actions;

    private long _ticket;

    /// <summary>What an input leads to, its hooks included.</summary>
    private List<MachineAction> Told(MachineInput input)
    {
        List<MachineAction> told = [.. Step(input).Actions];
        for (long ended = -1; ended != _ticket;)
        {
            ended = _ticket;
            told.AddRange(Step(new MachineInput.SequenceEnded(_ticket, null)).Actions);
        }

        return told;
    }

    /// <summary>Ends every sequence of hooks that was asked for.</summary>
    private void EndHooks()
    {
        for (long ended = -1; ended != _ticket;)
        {
            ended = _ticket;
            Step(new MachineInput.SequenceEnded(_ticket, null));
        }
    }

    private StepOutput Step(MachineInput input)
    {
        var output = _machine.Step(input, _now += TimeSpan.FromMilliseconds(20));
        foreach (var action in output.Actions)
        {
            if (action is MachineAction.RunSequence run) _ticket = run.Ticket;
            if (action is MachineAction.Drain drain) DrainTicket = drain.Ticket;
        }
        return output;
    }
}
