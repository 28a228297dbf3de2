using System.Globalization;
using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>One node: its disk outlives its processes; a process is a machine, a driver that carries actions out, a data
/// path and a guest.</summary>
public sealed class SimulatedNode
{
    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly Ledger _ledger;
    private readonly FaultProfile _profile;
    private readonly Mutation _mutation;
    private readonly ModuleRules _rules;
    private readonly int _index;
    private readonly double _drift;
    private readonly Queue<Action> _whilePaused = new();
    private readonly Func<GenerationId> _nextGeneration;
    private ModuleMachine? _machine;
    private SimulatedPump? _pump;
    private SimulatedLink? _link;
    private TimeSpan _jump;
    private long _sequence;
    private long _lastInput;
    private bool _paused;
    private bool _hangs;
    private bool _goesOn;
    private bool _standsBy; // Since it was the standby it has not recorded that it serves.
    private (ulong Boot, ulong Sequence) _received;
    private ModuleBeat? _waitingBeat;
    private bool _listens;
    private bool _dials;
    private bool _guestRuns;
    private bool _mounted;
    private int[] _savedMarks = [];
    private ReplicaRecord? _wanted;

    public SimulatedNode(
        World world, SimulatedNetwork network, Ledger ledger, FaultProfile profile, Mutation mutation, int index,
        Func<GenerationId> nextGeneration)
    {
        (_world, _network, _ledger, _profile, _mutation, _index, _nextGeneration) =
            (world, network, ledger, profile, mutation, index, nextGeneration);
        _drift = 1 + ((world.Random.NextDouble() - 0.5) / 50);
        _rules = new ModuleRules
        {
            NodeName = $"node{index + 1}", PeerName = $"node{2 - index}", IsFirstNode = index == 0, HasWitness = profile.Witness,
            StopTimeout = TimeSpan.FromSeconds(4),
            ManualDivergence = profile.ManualDivergence,
            DefaultPrim = world.Chance(0.1) ? "lastprim" : "alone",
        };
    }

    public string Name => _rules.NodeName;

    public SimulatedReplica Replica { get; } = new();

    /// <summary>On the disk.</summary>
    public ReplicaRecord Record { get; private set; } = ReplicaRecord.New;

    public SimulatedNode Peer { get; set; } = null!;

    /// <summary>How many processes there have been.</summary>
    public int Boots { get; private set; }

    public bool Up => _machine is not null;

    public bool Runs => Up && !_paused;

    /// <summary>Its machine and its data path wait for a disk; its heartbeats go on.</summary>
    public bool Hangs => _hangs;

    /// <summary>The data path answers.</summary>
    public bool Answers => Runs && !_hangs;

    /// <summary>The target half of a link, of the process that runs.</summary>
    public SimulatedTarget Target { get; private set; } = null!;

    public MachineView? View => _machine?.View;

    public void Boot()
    {
        if (Up) return;
        Boots++;
        _machine = new ModuleMachine(_rules, _mutation.Load(Record), (ulong)((Boots * 2) + _index), _nextGeneration);
        _pump = new SimulatedPump(_world, _ledger, this, _profile.PlainWrites, _mutation);
        Target = new SimulatedTarget(_world, this, _profile);
        _wanted = null;
        (_listens, _dials, _guestRuns, _mounted, _link, _sequence) = (false, false, false, false, null, 0);
        (_hangs, _goesOn, _received, _waitingBeat, _standsBy) = (false, false, default, null, false);
        _world.Note($"{Name} boots: {Describe(Record)}");
        Tick();
        Pulse();
        Write();
    }

    /// <summary>The process dies; with a power cut the host's memory too, and nobody is told.</summary>
    public void Crash(bool powerCut)
    {
        if (!Up) return;
        _world.Note($"{Name} {(powerCut ? "loses power" : "crashes")}");
        if (!Record.Serving) _ledger.StandbyLeft(this);
        Target.Lose();
        _machine = null;
        _pump = null;
        (_paused, _hangs) = (false, false);
        _whilePaused.Clear();
        if (powerCut) _ledger.PowerLost(this, Replica.PowerCut(_world.Random));
        else _link?.Close(this, "process gone");
        _link = null;
    }

    public void Restart(bool powerCut)
    {
        Crash(powerCut);
        _world.After(_world.Between(300, 9000), BootAndStart);
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
        _world.Note($"{Name} is paused for {microseconds / 1000} ms");
        _paused = true;
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot != Boots || !_paused) return;
            _world.Note($"{Name} goes on");
            // The worst order: time is looked at before what waits in the sockets was read.
            Step(new MachineInput.Tick());
            CatchUp(boot);
        });
    }

    /// <summary>The disk hangs: what the machine and the data path are to do waits, while beats come and go.</summary>
    public void Hang(long microseconds)
    {
        if (!Answers) return;
        _world.Note($"{Name} hangs for {microseconds / 1000} ms");
        _hangs = true;
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot != Boots || !_hangs) return;
            _world.Note($"{Name} hangs no longer");
            CatchUp(boot);
        });
    }

    private void CatchUp(int boot)
    {
        if (boot != Boots || (!_paused && !_hangs)) return;
        if (!_whilePaused.TryDequeue(out var action))
        {
            (_paused, _hangs) = (false, false);
            return;
        }

        action();
        _world.After(_world.Between(0.01, 1), () => CatchUp(boot));
    }

    public void JumpClock(TimeSpan by) => _jump += by;

    public void ResetLink() => WhenRunning(() =>
    {
        if (_link is not { } link) return;
        link.Close(this, "connection reset");
        LinkEnded(link, "connection reset");
    });

    /// <summary>Runs the action in this process, now or when it is not paused any more; never in a later process.</summary>
    public void WhenRunning(Action action)
    {
        if (!Up) return;
        if (_paused || _hangs) _whilePaused.Enqueue(action);
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

    /// <summary>The same for what a thread of its own does: a hanging disk does not keep it.</summary>
    private void AfterAlways(long microseconds, Action action)
    {
        var boot = Boots;
        _world.After(microseconds, () =>
        {
            if (boot != Boots || !Up) return;
            if (_paused) _whilePaused.Enqueue(action);
            else action();
        });
    }

    /// <summary>Puts an input into the machine's queue: the driver takes them in the order in which they came.</summary>
    public void Input(MachineInput input)
    {
        _lastInput = Math.Max(_lastInput, _world.Now + _world.Between(0.01, 0.2));
        After(_lastInput - _world.Now, () => Step(input));
    }

    public string? Command(OperatorCommand kind)
    {
        if (!Answers) return null;
        _world.Note($"{Name} <- {kind}");
        if (kind == OperatorCommand.StartAsPrimary) _ledger.Excuse("as-primary");
        if (kind == OperatorCommand.StartAsSecondaryFullSync) _ledger.Excuse("full-sync");
        return Step(new MachineInput.Command(kind));
    }

    public void PlanReceived(SimulatedLink link, ResyncPlan plan)
    {
        link.SourcePlan = plan;
        Input(new MachineInput.PlanReceived(link.Id, plan));
    }

    /// <summary>The disk refuses what the source counts as held here.</summary>
    public void FailTarget() => WhenRunning(() =>
    {
        if (_link is not { } link || link.Target != this) return;
        _world.Note($"{Name} cannot apply what it received");
        Target.Lose();
        link.Close(this, "the target failed");
        Input(new MachineInput.TargetFailed(link.Id, "The disk is full."));
        LinkEnded(link, "the target failed");
    });

    /// <summary>A barrier: everything received is applied and flushed.</summary>
    public void Flush(Action done)
    {
        Target.Drain();
        After(_world.Between(1, 20), () =>
        {
            Replica.FlushAll();
            done();
        });
    }

    public void LinkEnded(SimulatedLink link, string reason, long silence = 0)
    {
        if (link.Target == this) Target.Drain();
        if (_link == link) _link = null;
        Input(new MachineInput.LinkDown(link.Id, reason) { Silence = TimeSpan.FromMicroseconds(silence) }); // Before a drain that it ends.
        _pump?.LinkLost(link);
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

    private string? Step(MachineInput given)
    {
        if (given is not MachineInput.BeatHeard) StepBeat();
        if (_machine is not { } machine || _mutation.Input(given) is not { } input) return null;
        var before = (machine.View.State, machine.View.Phase);
        if (input is MachineInput.BeatHeard) _network.PeerHeard(_index);
        var now = TimeSpan.FromMicroseconds(_world.Now * _drift) + _jump;
        var output = machine.Step(input, now);
        _goesOn = machine.View.Beat.Serves || machine.View.Record.Sole || machine.View.Record.Serving || machine.View.Beat.Claims;
        if (_world.Tracing && input is not (MachineInput.Tick or MachineInput.BeatHeard)) _world.Note($"{Name} <- {Describe(input)}");
        _world.Story?.AddRange(Tell(before, output));
        var boot = Boots;
        var holds = _wanted is not { } wanted || Persist(wanted);
        var told = holds;
        foreach (var action in _mutation.Actions(output.Actions))
        {
            if (_profile.Crashes && _world.Faulty && _world.Chance(0.0005)) Restart(powerCut: _profile.PowerCuts && _world.Chance(0.5));
            if (boot != Boots || !Up) return null;
            if (action is MachineAction.Persist persist)
            {
                holds = Persist(persist.Record);
                if (!holds) Input(new MachineInput.StorageFailed("The replica record could not be written."));
                told = true;
            }
            else if (holds || !action.RestsOnRecord()) Carry(action);
            else
            {
                if (!told && action is not MachineAction.Beat) Input(new MachineInput.StorageFailed("The replica record could not be written."));
                told |= action is not MachineAction.Beat;
                if (action is MachineAction.RunSequence run) Input(new MachineInput.SequenceEnded(run.Ticket, "The record failed."));
            }

            // The record is what counts: a process that dies before it answers has accepted all the same.
            if (holds && action is MachineAction.Persist && _link is { } link && output.Actions.Contains(new MachineAction.AcceptOffer(link.Id)))
                _ledger.Accepted(link, link.Source._pump?.Links(link) == true && _network.Connected, link.Source.Changing);
        }

        _standsBy |= machine.View.State == ModuleState.Second;
        if (_standsBy && machine.View.State is ModuleState.Wait or ModuleState.Stop)
        {
            _standsBy = false;
            _ledger.StandbyLeft(this);
        }

        if (holds && machine.View.Record != Record && _mutation == Mutation.None) _world.Violate($"{Name} shows a record that is not on its disk");
        if (_world.Tracing && before != (machine.View.State, machine.View.Phase))
            _world.Note($"{Name} == {machine.View.State} {machine.View.Phase}: {machine.View.Reason}");
        return output.Refusal;
    }

    /// <summary>As the driver does: what could not be written is tried again with every step.</summary>
    private bool Persist(ReplicaRecord record)
    {
        if (_world.Tracing) _world.Note($"{Name} -> Persist {Describe(record)}");
        if (_world.Faulty && _profile.RecordFailures && _world.Chance(_wanted is null ? 0.01 : 0.7))
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

    private void Carry(MachineAction action)
    {
        if (_world.Tracing && action is not (MachineAction.Beat or MachineAction.Say)) _world.Note($"{Name} -> {Describe(action)}");
        switch (action)
        {
            case MachineAction.RunSequence run: RunHooks(run); break;
            case MachineAction.Mount:
                _pump!.Load(_savedMarks);
                _mounted = true;
                After(_world.Between(1, 30), () => Step(new MachineInput.MountEnded(null)));
                break;
            case MachineAction.Unmount:
                After(_world.Between(1, 30), () =>
                {
                    if (_mounted) _savedMarks = _mutation.SavesMarks ? [.. _pump!.Marks] : [];
                    _mounted = false;
                    Step(new MachineInput.UnmountEnded(null));
                });
                break;
            case MachineAction.SetWritable writable:
                if (writable.Writable) _ledger.ServiceBegan(this);
                _pump!.SetWritable(writable.Writable);
                break;
            case MachineAction.Freeze: _pump!.Freeze(); break;
            case MachineAction.Thaw: _pump!.Thaw(); break;
            case MachineAction.OpenGeneration: _pump!.OpenGeneration(); break;
            case MachineAction.Drain drain: _pump!.Drain(drain.Ticket); break;
            case MachineAction.Dial dial:
                if (dial.On && !_dials) After(_world.Between(1, 5), DialOnce);
                _dials = dial.On;
                break;
            case MachineAction.Listen listen: _listens = listen.On; break;
            case MachineAction.AskWitness ask: AskWitness(ask.Ticket); break;
            case MachineAction.Beat: _world.After(1, SendBeat); break;
            default: CarryLink(action); break;
        }
    }

    private void CarryLink(MachineAction action)
    {
        if (_link is not { } link) return;
        switch (action)
        {
            case MachineAction.BeginSource begin when begin.Link == link.Id: _pump!.BeginSource(link, begin.Plan); break;
            case MachineAction.BeginTarget begin when begin.Link == link.Id:
                link.TargetPlan = begin.Plan;
                if (begin.Keeps.Kind == Preservation.Salvage && _mutation.Salvages) Replica.Salvage();
                TargetBegins(link);
                break;
            case MachineAction.Offer offer when offer.Link == link.Id: _pump!.Offer(link, offer.Generation); break;
            case MachineAction.AcceptOffer accept when accept.Link == link.Id:
                _pump!.Marks.Clear();
                link.ToSource(() => link.Source.Input(new MachineInput.OfferAccepted(link.Id)));
                break;
            case MachineAction.SendHandover handover when handover.Link == link.Id:
                link.ToTarget(() => link.Target.Input(new MachineInput.HandoverReceived(link.Id, handover.Swap)));
                break;
            case MachineAction.SendSwapRequest request when request.Link == link.Id:
                link.ToSource(() => link.Source.Input(new MachineInput.SwapRequested(link.Id)));
                break;
            case MachineAction.CutLink cut when cut.Link == link.Id:
                _link = null;
                if (link.Target == this) Target.Drain();
                _pump!.LinkLost(link);
                link.Close(this, cut.Reason);
                break;
        }
    }

    private IReadOnlySet<int> Changing => _pump is { } pump ? [.. pump.Changing, .. Peer.Target.Pending] : new HashSet<int>();

    private void TargetBegins(SimulatedLink link)
    {
        if (link.SourcePlan is not { } plan || link.TargetPlan is not { } own || _link != link) return;
        if (plan != own)
        {
            LinkEnded(link, "the plans differ");
            link.Close(this, "the plans differ");
            return;
        }

        int[] marks = [.. _pump!.Marks];
        link.ToSource(() => link.Source._pump!.BeginResync(link, marks, plan));
    }

    private void RunHooks(MachineAction.RunSequence run)
    {
        var calls = HookTable.Calls(run.Sequence);
        if (calls.Any(call => call.Hook == "stop_prim")) _guestRuns = false;
        var starts = calls.Any(call => call.Hook == "start_prim");
        var sequence = ++_sequence;
        var hangs = _world.Faulty && _profile.HookHangs && _world.Chance(0.05);
        var fails = hangs || (_world.Faulty && _profile.HookFailures && _world.Chance(starts ? 0.2 : 0.05));
        After(hangs ? _world.Between(5000, 15_000) : _world.Chance(0.1) ? _world.Between(200, 3000) : _world.Between(5, 200), () =>
        {
            if (sequence != _sequence) return; // A forced end took its place.
            if (starts) _guestRuns = !fails;
            Step(new MachineInput.SequenceEnded(run.Ticket, fails ? "A hook failed." : null));
        });
    }

    private void AskWitness(long ticket)
    {
        var reachable = _network.WitnessReachableFrom(_index);
        if (reachable && _network.WitnessAnswers(_index)) _ledger.Excuse("the witness answered both nodes in one separation");
        After(reachable ? _world.Between(0.2, 5) : _world.Between(150, 250),
            () => Step(new MachineInput.WitnessAnswered(ticket, reachable)));
    }

    private void DialOnce()
    {
        if (!_dials) return;
        After(_world.Between(50, 200), DialOnce);
        var (source, boot, peerBoot) = (Peer, Boots, Peer.Boots);
        if (!_network.Connected || !source.Answers || !source._listens || _link is not null) return;
        _world.After(_world.Between(1, 6), () =>
        {
            if (boot != Boots || peerBoot != source.Boots || !Answers || !source.Answers || _link is not null || !_network.Connected) return;
            var link = new SimulatedLink(_world, _network, _world.Now, source, this);
            if (source._link is { } old)
            {
                old.Close(source, "dialled anew");
                source.LinkEnded(old, "dialled anew");
            }

            _link = link;
            source._link = link;
            link.Watch();
            Input(new MachineInput.LinkUp(link.Id, false, source.Hello()));
            source.Input(new MachineInput.LinkUp(link.Id, true, Hello()));
        });
    }

    private PeerHello Hello() =>
        new(Name, Record, _machine!.View.State, _machine.View.FullSync, _pump!.Marks.Count)
        {
            ManualDivergence = _rules.ManualDivergence,
        };

    private void SendBeat()
    {
        if (!Runs) return;
        var beat = _machine!.View.Beat;
        if (_wanted is not null) beat = beat with { Record = Record, ConfirmsOutdated = GenerationId.None, Claims = false };
        beat = beat with { ReceivedBoot = _received.Boot, Received = _received.Sequence };
        _network.SendDatagram(_index, () =>
        {
            if (Peer._paused) Peer.WhenRunning(() => Peer.Hear(beat));
            else Peer.Hear(beat);
        });
    }

    private void Tick()
    {
        Step(new MachineInput.Tick());
        After(_world.Between(40, 60), Tick);
    }

    private void Pulse()
    {
        SendBeat();
        AfterAlways(_world.Between(190, 210), Pulse);
    }

    private void Write()
    {
        After(_world.Between(5, 120), Write);
        if (_guestRuns) _pump!.Submit(_world.Random.Next(SimulatedReplica.BlockCount), NextWrite());
    }

    private long NextWrite() => (_world.Now * 2) + _index;

    /// <summary>The line of a scenario for a step that changed the state, or that recorded something.</summary>
    private IEnumerable<string> Tell((ModuleState State, Phase Phase) before, StepOutput output)
    {
        var view = _machine!.View;
        var parts = output.Actions.Select(action => action switch
        {
            MachineAction.Persist persist => $"persist {Describe(persist.Record)}",
            MachineAction.RunSequence run => $"hooks {run.Sequence}",
            MachineAction.SetWritable writable => writable.Writable ? "writable" : "read-only",
            MachineAction.Freeze => "freeze",
            MachineAction.Thaw => "thaw",
            MachineAction.Offer => "offer",
            MachineAction.SendHandover handover => handover.Swap ? "hand over (swap)" : "hand over",
            MachineAction.BeginSource begin => $"source {begin.Plan}",
            MachineAction.Drain => "drain",
            _ => null,
        }).OfType<string>().ToArray();
        if (before == (view.State, view.Phase) && parts.Length == 0) yield break;
        var change = before == (view.State, view.Phase)
            ? Name(view.State, view.Phase)
            : $"{Name(before.State, before.Phase)} -> {Name(view.State, view.Phase)}";
        yield return $"{this.Name} {change}{(parts.Length > 0 ? "  " : "")}{string.Join("; ", parts)}";

        static string Name(ModuleState state, Phase phase) => $"{state.ToString().ToUpperInvariant()} {phase}";
    }

    private static string Describe(object value) => value switch
    {
        GenerationId generation => generation.IsNone ? "none" : $"g{int.Parse(generation.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)}",
        ReplicaRecord record => $"{record.Condition} current={Describe(record.Current)} base={Describe(record.Base)}"
            + $"{(record.Serving ? " serving" : "")}{(record.Sole ? " sole" : "")}{(record.HandedOver ? " handed-over" : "")}"
            + $"{(record.CompareAll ? " compare-all" : "")}{(record.TookOver ? " took-over" : "")}",
        MachineAction.Persist persist => $"Persist {Describe(persist.Record)}",
        MachineInput.LinkUp up => $"LinkUp {up.Link} source={up.Source} {up.Peer.State} {Describe(up.Peer.Record)}",
        _ => value.ToString() ?? "",
    };
}
