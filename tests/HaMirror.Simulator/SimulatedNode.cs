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
    private bool _goesOn;
    private bool _standsBy; // Since it was the standby it has not recorded that it serves.
    private (ulong Boot, ulong Sequence) _received;
    private ModuleBeat? _waitingBeat;
    private ReplicaRecord? _wanted;

    public SimulatedNode(
        World world, SimulatedNetwork network, Ledger ledger, PairOptions options, Mutation mutation, int index,
        Func<GenerationId> nextGeneration)
    {
        (_world, _network, _ledger, Options, _mutation, _index, _nextGeneration) =
            (world, network, ledger, options, mutation, index, nextGeneration);
        _drift = 1 + ((world.Random.NextDouble() - 0.5) / 50);
        Faults = new SimulatedFaults(world);
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

    /// <summary>On the disk.</summary>
    public ReplicaRecord Record { get; private set; } = ReplicaRecord.New;

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

    /// <summary>Of the process that runs.</summary>
    public SimulatedDriver Driver { get; private set; } = null!;

    public MachineView? View => _machine?.View;

    public void Boot()
    {
        if (Up) return;
        Boots++;
        _machine = new ModuleMachine(_rules, _mutation.Load(Record), (ulong)((Boots * 2) + _index), _nextGeneration, marksComplete: !Intent.Damaged);
        Driver = new SimulatedDriver(_world, _network, _ledger, this, _mutation);
        _wanted = null;
        (Hangs, _goesOn, _received, _waitingBeat, _standsBy) = (false, false, default, null, false);
        if (_world.Tracing) _world.Note($"{Name} boots: {NodeWords.Describe(Record)}");
        Tick();
        Pulse();
        Driver.Guest();
    }

    /// <summary>The process dies; with a power cut the host's memory too, and nobody is told.</summary>
    public void Crash(bool powerCut)
    {
        if (!Up) return;
        _world.Note($"{Name} {(powerCut ? "loses power" : "crashes")}");
        if (!Record.Serving) _ledger.StandbyLeft(this);
        Driver.Target.Lose();
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

    /// <summary>The disk refuses what the source counts as held here.</summary>
    public void FailTarget() => WhenRunning(() =>
    {
        if (Driver.Link is not { } link || link.Target != this) return;
        _world.Note($"{Name} cannot apply what it received");
        Driver.Target.Lose();
        link.Close(this, "the target failed");
        Input(new MachineInput.TargetFailed(link.Id, "The disk is full."));
        Driver.LinkEnded(link, "the target failed");
    });

    public string? Step(MachineInput given)
    {
        if (given is not MachineInput.BeatHeard) StepBeat();
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

        _goesOn = machine.View.Beat.Serves || machine.View.Record.Sole || machine.View.Record.Serving || machine.View.Beat.Claims;
        if (_world.Tracing && input is not (MachineInput.Tick or MachineInput.BeatHeard)) _world.Note($"{Name} <- {NodeWords.Describe(input)}");
        _world.Story?.AddRange(NodeWords.Tell(Name, before, machine.View, output));
        if (!CarryOut(output)) return null;
        _standsBy |= machine.View.State == ModuleState.Second;
        if (_standsBy && machine.View.State is ModuleState.Wait or ModuleState.Stop)
        {
            _standsBy = false;
            _ledger.StandbyLeft(this);
        }

        if (_wanted is null && machine.View.Record != Record && _mutation == Mutation.None)
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
        var holds = _wanted is not { } wanted || Persist(wanted);
        var told = holds;
        foreach (var action in _mutation.Actions(output.Actions))
        {
            if (Faults.CrashAt > 0 && action is not (MachineAction.Beat or MachineAction.Say) && --Faults.CrashAt == 0) Fall();
            if (boot != Boots || !Up) return false;
            if (action is MachineAction.Persist persist)
            {
                holds = Persist(persist.Record);
                if (!holds) Input(new MachineInput.StorageFailed("The replica record could not be written."));
                told = true;
            }
            else if (holds || !action.RestsOnRecord()) Driver.Carry(action);
            else
            {
                if (!told && action is not MachineAction.Beat) Input(new MachineInput.StorageFailed("The replica record could not be written."));
                told |= action is not MachineAction.Beat;
                if (action is MachineAction.RunSequence run) Input(new MachineInput.SequenceEnded(run.Ticket, "The record failed."));
                if (action is MachineAction.Undo undo) Input(new MachineInput.Undone(undo.Ticket, null, "The record failed."));
            }

            if (holds && action is MachineAction.Persist { Record.Condition: ReplicaCondition.Inconsistent }
                && output.Actions.Any(next => next is MachineAction.BeginTarget { Plan: ResyncPlan.CopyAll })) Journal.GiveUp(Replica);

            // The record is what counts: a process that dies before it answers has accepted all the same.
            if (holds && action is MachineAction.Persist && Driver.Link is { } link && output.Actions.Contains(new MachineAction.AcceptOffer(link.Id)))
                _ledger.Accepted(link, link.Source.Driver.Pump.Links(link) && link.Source.Up && _network.Connected);
        }

        return true;
    }

    private void Fall()
    {
        if (Faults.CrashTime is { } after) Restart(Faults.CrashLosesPower, after);
        else Crash(Faults.CrashLosesPower);
    }

    /// <summary>As the driver does: what could not be written is tried again with every step.</summary>
    private bool Persist(ReplicaRecord record)
    {
        if (_world.Tracing) _world.Note($"{Name} -> Persist {NodeWords.Describe(record)}");
        if (Faults.RecordFails)
        {
            _world.Note($"{Name} cannot write its record");
            _wanted = record;
            return false;
        }

        _wanted = null;
        if (record.Serving && !Record.Serving)
        {
            _standsBy = false;
            _ledger.Serves(this);
        }

        Record = record;
        return true;
    }

    /// <summary>A beat has come: it waits before the machine, and this node's beats say so if nothing goes on.</summary>
    private void Hear(ModuleBeat beat)
    {
        if (!Up) return;
        if (_waitingBeat is { } waiting && waiting.Boot == beat.Boot && beat.Sequence < waiting.Sequence) return;
        var queued = _waitingBeat is not null;
        _waitingBeat = beat;
        if (!_goesOn && (_received.Boot != beat.Boot || beat.Sequence > _received.Sequence))
            _received = (beat.Boot, beat.Sequence);
        if (!queued) WhenRunning(StepBeat);
    }

    private void StepBeat()
    {
        if (_waitingBeat is not { } beat) return;
        _waitingBeat = null;
        Step(new MachineInput.BeatHeard(beat));
    }

    public void SendBeat()
    {
        if (!Runs) return;
        var beat = _machine!.View.Beat;
        if (_wanted is not null) beat = beat with { Record = Record, ConfirmsOutdated = GenerationId.None, Claims = false };
        beat = beat with { ReceivedBoot = _received.Boot, Received = _received.Sequence };
        _network.SendDatagram(_index, () =>
        {
            if (Peer.Paused) Peer.WhenRunning(() => Peer.Hear(beat));
            else Peer.Hear(beat);
        });
    }

    private void Tick()
    {
        Step(new MachineInput.Tick());
        After(_world.Between(40, 60), Tick);
    }

    /// <summary>A thread of its own: a hanging disk does not keep it.</summary>
    private void Pulse()
    {
        SendBeat();
        var boot = Boots;
        _world.After(_world.Between(190, 210), () =>
        {
            if (boot != Boots || !Up) return;
            if (Paused) _whilePaused.Enqueue(Pulse);
            else Pulse();
        });
    }
}
