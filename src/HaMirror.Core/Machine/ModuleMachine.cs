using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>One module's decisions on one node: an input and the time go in, actions come out (design, section 4).</summary>
/// <remarks>
/// Invariants: (1) nothing here reads a clock, a random number, a file or a socket; the same inputs give the same actions.
/// (2) Every state answers every event (<see cref="TransitionTable"/>). (3) After a step the machine has drawn every
/// conclusion that the input allows: a lost or repeated input delays a decision and never spoils it.
/// </remarks>
public sealed class ModuleMachine
{
    /// <summary>A step that changes state this often chases its own tail.</summary>
    private const int RoundsMax = 8;

    private readonly MachineContext _machine;
    private TimeSpan? _lastStep;
    private ModuleBeat? _content;

    /// <param name="record">As loaded from disk; <see cref="ReplicaRecord.New"/> when there is none.</param>
    /// <param name="boot">Random number of this process, not zero.</param>
    /// <param name="nextGeneration">Gives a new random generation at each call.</param>
    /// <param name="sequence">Its beats are numbered from here on. Where one process makes several machines of a module, each
    /// begins beyond the last one: the peer drops lower numbers of the same boot as late, and would hear it no more.</param>
    /// <param name="marksComplete">What was loaded of the intent log, its dirty extents and the marks holds whatever may differ
    /// from the peer, after a crash too. False: nothing is known of it, and a record that crashed must compare everything.</param>
    public ModuleMachine(
        ModuleRules rules, ReplicaRecord record, ulong boot, Func<GenerationId> nextGeneration, ulong sequence = 0,
        bool marksComplete = false)
    {
        if (record.Validate() is { } broken)
            throw new ArgumentException($"The replica record is damaged: {broken}", nameof(record));
        // Only the intent log knows what was marked by a process that died.
        var loaded = record.Serving || record.MarksUnsaved
            ? record with { CompareAll = record.CompareAll || !marksComplete, MarksUnsaved = true }
            : record;
        _machine = new MachineContext(rules, loaded, boot, nextGeneration);
        _machine.Sequence = sequence;
        if (loaded != record) _machine.Act(new MachineAction.Persist(loaded));
        View = Look();
    }

    /// <summary>As it was after the last step.</summary>
    public MachineView View { get; private set; }

    /// <summary>Takes one input.</summary>
    /// <param name="now">A clock that only goes forward; its zero does not matter.</param>
    /// <returns>The actions, to be carried out in order, and the refusal of a command.</returns>
    public StepOutput Step(MachineInput input, TimeSpan now)
    {
        _machine.Now = now;
        _machine.Refusal = null;
        if (_lastStep is not { } last) _machine.Peer.Restart(now);
        else if (now - last > ModuleRules.AwakeGap) Missed(now - last);
        _lastStep = now;
        TransitionTable.Find(_machine.State, TransitionTable.EventOf(input)).Handler(_machine, input);
        Continue();
        View = Look();
        return new StepOutput(_machine.TakeActions(), _machine.Refusal);
    }

    /// <summary>The module's configuration was changed while it runs: what the next step decides rests on these rules. Who the nodes
    /// are, and how long silence lasts, stay as they were.</summary>
    public void Change(ModuleRules rules) => _machine.Rules = rules;

    private void Missed(TimeSpan gap)
    {
        _machine.AwakeSince = _machine.Now;
        _machine.Arbitration.Clear();
        if (gap > ModuleRules.SleptAfter) Slept(gap);
    }

    private void Slept(TimeSpan gap)
    {
        _machine.Say(SayLevel.Warning, $"This process did not run for {gap.TotalSeconds:0.0} s; the peer's silence meanwhile proves nothing.");
        _machine.Peer.Restart(_machine.Now);
        _machine.Separation.Slept();
        _machine.Waiting.Slept();
        if (_machine.State == ModuleState.Second) _machine.Standby.Slept();
    }

    /// <summary>Every state draws its conclusions, until none leads to another state.</summary>
    private void Continue()
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var state = _machine.State;
            _machine.Service.ContinueHandover();
            _machine.Hooks.Continue();
            switch (state)
            {
                case ModuleState.Wait: _machine.Waiting.Continue(); break;
                case ModuleState.Alone or ModuleState.Prim: _machine.Service.Continue(); break;
                case ModuleState.Second: _machine.Standby.Continue(); break;
            }

            if (_machine.State == state) return;
        }
    }

    private MachineView Look()
    {
        var machine = _machine;
        var content = new ModuleBeat(
            machine.Rules.NodeName, machine.State, machine.Phase, machine.Record, machine.Claim.ByOperator,
            machine.Lifecycle.StopWanted || machine.State == ModuleState.Stop, machine.Rules.FailoverOn,
            machine.PeerOutdated, machine.ConfirmsOutdated, machine.Boot, machine.Claim.Made, 0, 0, 0)
        {
            ManualDivergence = machine.Rules.ManualDivergence,
        };
        if (content != _content || machine.Asks)
        {
            machine.Asks = false;
            _content = content;
            machine.Sequence++;
            machine.Act(new MachineAction.Beat());
        }

        var heard = machine.Peer.Beat;
        var beat = content with { Sequence = machine.Sequence, PeerBoot = heard?.Boot ?? 0, Echo = heard?.Sequence ?? 0 };
        return new MachineView(
            machine.State, machine.Phase, machine.Reason, machine.Record, beat, heard, machine.PeerAlive, machine.Link?.Id,
            machine.Waiting.FullSync, machine.Evidence, [.. machine.Waiting.BlockedBy])
        {
            DiskFault = machine.Disk.Fault,
        };
    }
}
