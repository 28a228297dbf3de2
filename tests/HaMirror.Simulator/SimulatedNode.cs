using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>One node: its disk outlives its processes; a process is a machine, and a driver that carries its actions out.</summary>
public sealed class SimulatedNode
{
    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly Ledger _ledger;
    private readonly Mutation _mutation;
    private readonly ModuleRules _rules;
    private readonly int _index;
    private readonly double _drift;
    private readonly Queue<Action> _whilePaused = new();
    private readonly Func<GenerationId> _nextGeneration;
    private ModuleMachine? _machine;
    private TimeSpan _jump;
    private long _lastInput;
    private bool _givesUp; // As soon as the record can be written.
    private bool _standsBy; // Since it was the standby it has not recorded that it serves.

    public SimulatedNode(
        World world, SimulatedNetwork network, Ledger ledger, PairOptions options, Mutation mutation, int index,
        Func<GenerationId> nextGeneration)
    {
        (_world, _network, _ledger, Options, _mutation, _index, _nextGeneration) =
            (world, network, ledger, options, mutation, index, nextGeneration);
        _drift = 1 + ((world.Random.NextDouble() - 0.5) / 50);
        Faults = new SimulatedFaults(world);
        Disk = new SimulatedDisk(world, Replica);
        OnDisk = new SimulatedRecord(world, this, ledger, mutation);
        Beats = new SimulatedBeats(world, network, this);
        _rules = new ModuleRules
        {
            NodeName = $"node{index + 1}", PeerName = $"node{2 - index}", IsFirstNode = index == 0, HasWitness = options.Witness,
            StopTimeout = TimeSpan.FromSeconds(4), ManualDivergence = options.Manual, DefaultPrim = options.LastPrim ? "lastprim" : "alone",
        };
    }

    public string Name => _rules.NodeName;

    /// <summary>0 or 1.</summary>
    public int Index => _index;

    public PairOptions Options { get; }

    public SimulatedFaults Faults { get; }

    public SimulatedReplica Replica { get; } = new();

    /// <summary>Under the replica, and sometimes under the record and the intent log.</summary>
    public SimulatedDisk Disk { get; }

    public SimulatedRecord OnDisk { get; }

    /// <summary>On the disk.</summary>
    public ReplicaRecord Record => OnDisk.Durable;

    /// <summary>On the disk: what may differ from the peer's.</summary>
    public IntentDisk Intent { get; } = new();

    /// <summary>On the disk: what a resync replaces.</summary>
    public SimulatedJournal Journal { get; } = new();

    public SimulatedNode Peer { get; set; } = null!;

    /// <summary>How many processes there have been.</summary>
    public int Boots { get; private set; }

    public bool Up => _machine is not null;

    public bool Paused { get; private set; }

    public bool Runs => Up && !Paused;

    /// <summary>Its machine and its data path wait for a disk; its heartbeats go on.</summary>
    public bool Hangs { get; private set; }

    /// <summary>The data path answers.</summary>
    public bool Answers => Runs && !Hangs;

    /// <summary>Of the process that runs, or ran last.</summary>
    public SimulatedBeats Beats { get; private set; }

    /// <summary>Of the process that runs.</summary>
    public SimulatedDriver Driver { get; private set; } = null!;

    public MachineView? View => _machine?.View;

    public void Boot()
    {
        if (Up) return;
        Boots++;
        _machine = new ModuleMachine(_rules, _mutation.Load(Record), (ulong)((Boots * 2) + _index), _nextGeneration, marksComplete: !Intent.Damaged);
        Driver = new SimulatedDriver(_world, _network, _ledger, this, _mutation);
        Beats = new SimulatedBeats(_world, _network, this);
        OnDisk.Forget();
        (Hangs, _standsBy, _givesUp) = (false, false, false);
        if (_world.Tracing) _world.Note($"{Name} boots: {NodeWords.Describe(Record)}");
        Tick();
        Beats.Pulse();
        Driver.Guest();
    }

    /// <summary>The process dies; with a power cut the host's memory too, and nobody is told.</summary>
    public void Crash(bool powerCut)
    {
        if (!Up) return;
        _world.Note($"{Name} {(powerCut ? "loses power" : "crashes")}");
        if (!Record.Serving && !Record.Sole) _ledger.StandbyLeft(this); // One that stands in for its primary's disk has all applied.
        var received = Driver.Target.Lose();
        if (!Driver.Target.StandsIn) _ledger.PowerLost(this, received); // One that took over while its disk hung still had it in memory.
        _machine = null;
        (Paused, Hangs) = (false, false);
        _whilePaused.Clear();
        Intent.Die(_world.Disks, _mutation.TakesTorn);
        if (powerCut) _ledger.PowerLost(this, Replica.PowerCut(_world.Disks));
        Driver.Die(toldToPeer: !powerCut);
    }

    /// <summary>Dies, and boots and starts again after a time in microseconds.</summary>
    public void Restart(bool powerCut, long after)
    {
        Crash(powerCut);
        _world.After(after, BootAndStart);
    }

    /// <summary>Dies before an action that its machine will ask for.</summary>
    public void CrashAt(int action, bool powerCut, long? after) =>
        (Faults.CrashAt, Faults.CrashLosesPower, Faults.CrashTime) = (action, powerCut, after);

    /// <summary>Dies within moments of a step of its data path: a write, a block of the log, something applied or copied.</summary>
    public void CrashAtData(int step, bool powerCut, long? after) =>
        (Faults.DataCrashAt, Faults.CrashLosesPower, Faults.CrashTime) = (step, powerCut, after);

    /// <summary>The data path does something that a death may follow.</summary>
    public void DataStep()
    {
        if (Faults.DataCrashAt > 0 && --Faults.DataCrashAt == 0) After(_world.Disks.Next(1, 3000), Fall);
    }

    public void BootAndStart()
    {
        if (Up) return;
        Boot();
        After(_world.Between(20, 500), () => Command(OperatorCommand.Start));
    }

    public void Pause(long microseconds)
    {
        if (!Runs) return;
        if (_world.Tracing) _world.Note($"{Name} is paused for {microseconds / 1000} ms");
        Paused = true;
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot != Boots || !Paused) return;
            if (_world.Tracing) _world.Note($"{Name} goes on");
            // The worst order: time is looked at before what waits in the sockets was read.
            Step(new MachineInput.Tick());
            CatchUp(boot);
        });
    }

    /// <summary>The disk hangs: what the machine and the data path are to do waits, while beats come and go.</summary>
    public void Hang(long microseconds)
    {
        if (!Answers) return;
        if (_world.Tracing) _world.Note($"{Name} hangs for {microseconds / 1000} ms");
        Hangs = true;
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot != Boots || !Hangs) return;
            if (_world.Tracing) _world.Note($"{Name} hangs no longer");
            CatchUp(boot);
        });
    }

    private void CatchUp(int boot)
    {
        if (boot != Boots || (!Paused && !Hangs)) return;
        if (!_whilePaused.TryDequeue(out var action))
        {
            (Paused, Hangs) = (false, false);
            return;
        }

        action();
        _world.After(_world.Between(0.01, 1), () => CatchUp(boot));
    }

    public void JumpClock(TimeSpan by) => _jump += by;

    public void ResetLink() => WhenRunning(() => Driver.EndLink("connection reset"));

    /// <summary>Runs the action in this process, now or when it is not paused any more; never in a later process.</summary>
    public void WhenRunning(Action action)
    {
        if (!Up) return;
        if (Paused || Hangs) _whilePaused.Enqueue(action);
        else action();
    }

    public void After(long microseconds, Action action)
    {
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot == Boots) WhenRunning(action);
        });
    }

    /// <summary>Puts an input into the machine's queue: the driver takes them in the order in which they came.</summary>
    public void Input(MachineInput input)
    {
        _lastInput = Math.Max(_lastInput, _world.Now + _world.Between(0.01, 0.2));
        After(_lastInput - _world.Now, () => Step(input));
    }

    public string? Command(OperatorCommand kind, bool undo = false)
    {
        if (!Answers) return null;
        if (_world.Tracing) _world.Note($"{Name} <- {kind}");
        if (kind == OperatorCommand.StartAsPrimary) _ledger.Excuse("as-primary");
        if (kind == OperatorCommand.StartAsSecondaryFullSync) _ledger.Excuse("full-sync");
        return Step(new MachineInput.Command(kind) { Undo = undo });
    }

    /// <summary>The disk refuses what the source of its link counts as held here.</summary>
    public void FailTarget() => WhenRunning(() =>
    {
        if (Driver.Link is { } link && link.Target == this) FailTarget(link);
    });

    /// <inheritdoc cref="FailTarget()"/>
    public void FailTarget(SimulatedLink link)
    {
        _world.Note($"{Name} cannot apply what it received");
        _ = Driver.Target.Lose();
        CannotApply();
        if (_mutation.TellsTargetFailed) Input(new MachineInput.TargetFailed(link.Id, "The disk is full."));
        if (Driver.Link != link) return;
        link.Close(this, "the target failed");
        Driver.LinkEnded(link, "the target failed");
    }

    /// <summary>What it had received is nowhere but in its memory, and its machine is told that it stays there.</summary>
    public void CannotApply() => _ledger.StandbyLeft(this);

    /// <summary>A resync has replaced a block.</summary>
    public void Replaced(int block, BlockContent content) => _ledger.Replaced(this, block, content);

    /// <summary>The disk was tried.</summary>
    public void Probed(long ticket, string? failure)
    {
        if (failure is null && !_mutation.AttachesOutdated && Record.Detached)
        {
            OnDisk.Forge(Record with { Detached = false, Condition = ReplicaCondition.UpToDate, CompareAll = false });
            Restart(powerCut: false, 300_000);
            return;
        }

        Step(new MachineInput.DiskProbed(ticket, failure));
    }

    /// <summary>An empty disk takes the place of a detached one; the host is off meanwhile.</summary>
    public void ReplaceDisk()
    {
        if (!Record.Detached) return;
        Crash(powerCut: true);
        Disk.Replace();
        Journal.End();
        _world.Note($"{Name} has an empty disk");
        _world.After(500_000, BootAndStart);
    }

    /// <summary>Its disk is well again, with what was on it; one that would never answer costs a power cut.</summary>
    public void RepairDisk()
    {
        var restarts = Disk.HangsForEver;
        if (restarts) Crash(powerCut: true);
        Disk.Repair();
        if (restarts) _world.After(500_000, BootAndStart);
    }

    /// <summary>The kernel forgets a clean page of the replica's.</summary>
    public void DropClean(int block)
    {
        var lost = Replica.DropClean(block);
        if (lost.Count == 0) return;
        _ledger.PowerLost(this, lost);
        Driver.Pump.Forget(block);
    }

    /// <summary>It has recorded that it serves.</summary>
    public void ServesFromNow() => _standsBy = false;

    public string? Step(MachineInput given)
    {
        if (given is not MachineInput.BeatHeard) Beats.Step();
        if (_machine is not { } machine || _mutation.Input(given, Record) is not { } input) return null;
        var before = (machine.View.State, machine.View.Phase);
        if (input is MachineInput.BeatHeard) _network.PeerHeard(_index);
        var now = TimeSpan.FromMicroseconds(_world.Now * _drift) + _jump;
        StepOutput output;
        try
        {
            output = machine.Step(input, now);
        }
        catch (InvalidOperationException broken)
        {
            _world.Violate($"{Name}: {broken.Message}"); // its own check of a record
            return null;
        }

        Beats.GoesOn = machine.View.Beat.Serves || machine.View.Record.Sole || machine.View.Record.Serving || machine.View.Beat.Claims;
        if (_world.Tracing && input is not (MachineInput.Tick or MachineInput.BeatHeard)) _world.Note($"{Name} <- {NodeWords.Describe(input)}");
        _world.Story?.AddRange(NodeWords.Tell(Name, before, machine.View, output));
        if (!CarryOut(output)) return null;
        _standsBy |= machine.View.State == ModuleState.Second;
        if (_standsBy && machine.View.State is ModuleState.Wait or ModuleState.Stop)
        {
            _standsBy = false;
            if (!Record.Sole) _ledger.StandbyLeft(this);
        }

        if (OnDisk.Wanted is null && machine.View.Record != Record && _mutation == Mutation.None)
            _world.Violate($"{Name} shows a record that is not on its disk");
        _ledger.LookAtStandby(this);
        if (_world.Tracing && before != (machine.View.State, machine.View.Phase))
            _world.Note($"{Name} == {machine.View.State} {machine.View.Phase}: {machine.View.Reason}");
        return output.Refusal;
    }

    /// <summary>Carries the actions of a step out as the driver of the product does; false when this process died meanwhile.</summary>
    private bool CarryOut(StepOutput output)
    {
        var boot = Boots;
        var failed = OnDisk.Wanted is { } wanted && !OnDisk.Persist(wanted);
        var holds = !failed;
        if (holds && _givesUp) GiveUp();
        foreach (var action in _mutation.Actions(output.Actions))
        {
            if (Faults.CrashAt > 0 && action is not (MachineAction.Beat or MachineAction.Say) && --Faults.CrashAt == 0) Fall();
            if (boot != Boots || !Up) return false;
            if (action is MachineAction.Persist persist)
            {
                holds = OnDisk.Persist(persist.Record);
                if (!holds && !persist.MayFail) Input(Unwritten());
            }
            else if (holds || !action.RestsOnRecord()) Driver.Carry(action);
            else
            {
                if (failed && action is not MachineAction.Beat)
                {
                    Input(Unwritten());
                    failed = false;
                }

                if (action is MachineAction.RunSequence run) Input(new MachineInput.SequenceEnded(run.Ticket, "The record failed."));
                if (action is MachineAction.Undo undo) Input(new MachineInput.Undone(undo.Ticket, null, "The record failed."));
            }

            if (action is MachineAction.Persist { Record.Condition: ReplicaCondition.Inconsistent }
                && output.Actions.Any(next => next is MachineAction.BeginTarget { Plan: ResyncPlan.CopyAll }))
            {
                _givesUp = true;
                if (holds) GiveUp();
            }

            // The record is what counts: a process that dies before it answers has accepted all the same, and so has one whose link has
            // ended since it received the offer.
            if (holds && action is MachineAction.Persist && Driver.LastLink is { } link && output.Actions.Contains(new MachineAction.AcceptOffer(link.Id)))
                _ledger.Accepted(link, link.Source.Driver.Pump.Links(link) && link.Source.Up && _network.Connected);
        }

        return true;
    }

    /// <summary>The record says that an operator gave the content up with --full-sync.</summary>
    private void GiveUp()
    {
        _givesUp = false;
        Journal.GiveUp(Replica);
    }

    private void Fall()
    {
        if (Faults.CrashTime is { } after) Restart(Faults.CrashLosesPower, after);
        else Crash(Faults.CrashLosesPower);
    }

    private static MachineInput.StorageFailed Unwritten() => new("The replica record could not be written.") { RecordUnwritten = true };

    private void Tick()
    {
        Step(new MachineInput.Tick());
        After(_world.Between(40, 60), Tick);
    }
}
