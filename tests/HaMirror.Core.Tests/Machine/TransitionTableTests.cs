using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Machine;

public sealed class TransitionTableTests
{
    private static readonly ModuleRules Rules = new() { NodeName = "node1", PeerName = "node2", IsFirstNode = true };

    [Fact]
    public void Table_EveryStateWithEveryEvent_HasExactlyOneRow()
    {
        var rows = TransitionTable.Rows.SelectMany(row => row.From.Select(from => (from, row.On))).ToArray();
        var pairs = Enum.GetValues<ModuleState>().SelectMany(state => Enum.GetValues<MachineEvent>().Select(on => (state, on))).ToArray();

        Assert.Equal(rows.Length, rows.Distinct().Count());
        Assert.Empty(pairs.Except(rows));
        Assert.Equal(pairs.Length, rows.Length);
    }

    [Fact]
    public void Table_EveryInput_HasAColumnOfItsOwn()
    {
        var columns = Inputs().Select(TransitionTable.EventOf).ToArray();

        Assert.Equal(Enum.GetValues<MachineEvent>(), columns.Order());
    }

    [Fact]
    public void Machine_AnyInputsInAnyOrder_NeverThrowsAndKeepsItsRecordValid()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var generation = 0;
            var machine = new ModuleMachine(Rules with { HasWitness = seed % 2 == 0 }, ReplicaRecord.New, 1,
                () => new GenerationId(new Guid(++generation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
            var now = TimeSpan.Zero;
            for (var step = 0; step < 400; step++)
            {
                var inputs = Inputs(random);
                now += TimeSpan.FromMilliseconds(random.Next(random.Next(10) == 0 ? 4000 : 60));
                machine.Step(inputs[random.Next(inputs.Length)], now);
                Assert.Null(machine.View.Record.Validate());
            }
        }
    }

    [Fact]
    public void Machine_NotServing_RefusesRestartWithARemedy()
    {
        var machine = new ModuleMachine(Rules, ReplicaRecord.New, 1, () => new GenerationId(Guid.NewGuid()));

        var output = machine.Step(new MachineInput.Command(OperatorCommand.Restart), TimeSpan.Zero);

        Assert.Contains("hamirror restart", output.Refusal, StringComparison.Ordinal);
        Assert.Equal(ModuleState.Stop, machine.View.State);
    }

    private static MachineInput[] Inputs(Random? given = null)
    {
        var random = given ?? new Random(1);
        long Ticket() => random.Next(1, 12);
        long Link() => random.Next(1, 4);
        string? Failure() => random.Next(4) == 0 ? "It failed." : null;
        GenerationId Generation() => new(new Guid(random.Next(1, 5), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        ReplicaRecord Record() => random.Next(4) == 0
            ? ReplicaRecord.New
            : new() { Current = Generation(), Base = Generation(), Condition = (ReplicaCondition)random.Next(3) };
        return
        [
            new MachineInput.Tick(),
            new MachineInput.BeatHeard(new ModuleBeat(
                "node2", (ModuleState)random.Next(5), (Phase)random.Next(3), Record(), random.Next(5) == 0, random.Next(5) == 0,
                true, random.Next(3) == 0 ? Generation() : GenerationId.None, Generation(), 9, random.Next(3) == 0,
                (ulong)random.Next(100), 1, (ulong)random.Next(100))),
            new MachineInput.LinkUp(Link(), random.Next(2) == 0, new PeerHello("node2", Record(), (ModuleState)random.Next(5), false, 0)),
            new MachineInput.LinkDown(Link(), "It ended."),
            new MachineInput.PlanReceived(Link(), (ResyncPlan)random.Next(4)),
            new MachineInput.ResyncEnded(Link()),
            new MachineInput.OfferReceived(Link(), Generation()),
            new MachineInput.OfferAccepted(Link()),
            new MachineInput.HandoverReceived(Link(), random.Next(2) == 0),
            new MachineInput.SwapRequested(Link()),
            new MachineInput.SequenceEnded(Ticket(), Failure()),
            new MachineInput.MountEnded(Failure()),
            new MachineInput.UnmountEnded(Failure()),
            new MachineInput.WitnessAnswered(Ticket(), random.Next(2) == 0),
            new MachineInput.GenerationNeeded(),
            new MachineInput.Drained(Ticket(), Failure()),
            new MachineInput.Undone(1, null, "There is no undo record."),
            new MachineInput.StorageFailed("The disk failed."),
            new MachineInput.TargetFailed(Link(), "The disk is full."),
            new MachineInput.RecordSaved(),
            new MachineInput.DiskFailed("The disk broke."),
            new MachineInput.PeerDetached(Link()),
            new MachineInput.DetachAccepted(Link()),
            new MachineInput.DiskProbed(Ticket(), Failure()),
            new MachineInput.CheckerFired("tcp.web", random.Next(2) == 0, (AutomaticAction)random.Next(5)),
            .. Enum.GetValues<OperatorCommand>().Select(kind => new MachineInput.Command(kind)),
        ];
    }
}
