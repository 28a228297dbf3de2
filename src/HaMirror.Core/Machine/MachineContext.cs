using System.Collections.Immutable;
using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>What the concepts of one machine share: the state, the record, the peer, and the actions of the step.</summary>
/// <remarks>Invariants: (1) <see cref="Record"/> changes only through <see cref="Persist"/>, so the actions that follow
/// find it on disk; (2) a state change is made with <see cref="Enter"/>, which says it.</remarks>
internal sealed class MachineContext
{
    private readonly ImmutableArray<MachineAction>.Builder _actions = ImmutableArray.CreateBuilder<MachineAction>();
    private readonly List<string> _evidence = [];
    private readonly Func<GenerationId> _nextGeneration;
    private long _ticket;

    public MachineContext(ModuleRules rules, ReplicaRecord record, ulong boot, Func<GenerationId> nextGeneration)
    {
        Rules = rules;
        Boot = boot;
        _nextGeneration = nextGeneration;
        Record = record;
        Peer = new PeerWatch(boot);
        Hooks = new HookLine(this);
        Arbitration = new Arbitration(this);
        Claim = new Claim(this);
        Lifecycle = new Lifecycle(this);
        Waiting = new Waiting(this);
        Service = new Service(this);
        Separation = new Separation(this);
        Standby = new Standby(this);
        Commands = new Commands(this);
        PeerWord = new PeerWord(this);
        Undoing = new Undoing(this);
        Disk = new Disk(this);
    }

    public ModuleRules Rules { get; set; }

    public ulong Boot { get; }

    public TimeSpan Now { get; set; }

    /// <summary>Since when this process has run without a gap longer than <see cref="ModuleRules.AwakeGap"/>.</summary>
    public TimeSpan AwakeSince { get; set; }

    public ModuleState State { get; private set; } = ModuleState.Stop;

    public Phase Phase { get; private set; } = Phase.NotReady;

    public string? Reason { get; set; }

    public ReplicaRecord Record { get; private set; }

    public string? Refusal { get; set; }

    public ReplicaLink? Link { get; set; }

    /// <summary>Generation that the peer is told to be outdated from, while this node is frozen.</summary>
    public GenerationId PeerOutdated { get; set; }

    /// <summary>The last such word of the peer's that was recorded.</summary>
    public GenerationId ConfirmsOutdated { get; set; }

    /// <summary>Number of the content of the beat that is being sent; set when the step ends.</summary>
    public ulong Sequence { get; set; }

    /// <summary>The next beat gets a number of its own even if it says what the last one said.</summary>
    public bool Asks { get; set; }

    public PeerWatch Peer { get; }

    public HookLine Hooks { get; }

    public Arbitration Arbitration { get; }

    public Claim Claim { get; }

    public Lifecycle Lifecycle { get; }

    public Waiting Waiting { get; }

    public Service Service { get; }

    public Separation Separation { get; }

    public Standby Standby { get; }

    public Commands Commands { get; }

    public PeerWord PeerWord { get; }

    public Undoing Undoing { get; }

    public Disk Disk { get; }

    public LoopCounter Loop { get; } = new();

    public bool PeerAlive => Peer.IsAlive(Now, Rules.HeartbeatTimeout);

    /// <summary>How long ago silence reached the time-out; negative before, and while this process, after a gap, still
    /// listens whether it is silence.</summary>
    public TimeSpan SilenceDue => DueAfter(Peer.Silence(Now));

    public bool PeerSilent => !PeerAlive && SilenceDue >= TimeSpan.Zero;

    /// <summary>How long ago something that has lasted for <paramref name="span"/> reached the heartbeat time-out.</summary>
    public TimeSpan DueAfter(TimeSpan span)
    {
        var due = span - Rules.HeartbeatTimeout;
        var settled = Now - AwakeSince - Rules.Settling;
        return due < settled ? due : settled;
    }

    public ImmutableArray<string> Evidence => [.. _evidence];

    /// <summary>Asks the peer something through the next beat: the number whose echo proves that it has heard the question.</summary>
    public ulong AskPeer()
    {
        Asks = true;
        return Sequence + 1;
    }

    public long NextTicket() => ++_ticket;

    public GenerationId NewGeneration() => _nextGeneration();

    public void Act(MachineAction action) => _actions.Add(action);

    public void Say(SayLevel level, string text) => Act(new MachineAction.Say(level, text));

    /// <summary>Adds what a decision rests on to the evidence.</summary>
    public void Note(string sentence)
    {
        if (_evidence.Count > 0 && _evidence[^1] == sentence) return;
        if (_evidence.Count == MachineView.EvidenceMax) _evidence.RemoveAt(0);
        _evidence.Add(sentence);
    }

    public void Persist(ReplicaRecord record) => Persist(record, mayFail: false);

    /// <summary>As <see cref="Persist(ReplicaRecord)"/>; the service goes on when the disk does not take it.</summary>
    public void PersistIfPossible(ReplicaRecord record) => Persist(record, mayFail: true);

    private void Persist(ReplicaRecord record, bool mayFail)
    {
        if (record == Record) return;
        if (record.Validate() is { } broken) throw new InvalidOperationException($"The machine made a wrong record: {broken}");
        Record = record;
        Act(new MachineAction.Persist(record) { MayFail = mayFail });
    }

    public void Enter(ModuleState state, Phase phase, string? reason)
    {
        if (state != State || phase != Phase)
            Say(SayLevel.Event, $"Local state {state.ToString().ToUpperInvariant()} {phase}");
        State = state;
        Phase = phase;
        Reason = reason;
    }

    public void CutLink(string reason)
    {
        if (Link is not { } link) return;
        Link = null;
        Act(new MachineAction.CutLink(link.Id, reason));
    }

    public ConnectionSide Mine(bool fullSync) =>
        new(Rules.NodeName, Record, State, fullSync, Rules.Prefers(Rules.NodeName)) { ManualDivergence = Rules.ManualDivergence };

    public ConnectionSide Theirs(ModuleBeat beat) =>
        new(Rules.PeerName, beat.Record, beat.State, FullSync: false, Rules.Prefers(Rules.PeerName)) { ManualDivergence = beat.ManualDivergence };

    public ConnectionSide Theirs(PeerHello hello) =>
        new(Rules.PeerName, hello.Record, hello.State, hello.FullSync, Rules.Prefers(Rules.PeerName)) { ManualDivergence = hello.ManualDivergence };

    public void HooksEnded(HookPurpose purpose, string? failure)
    {
        switch (purpose)
        {
            case HookPurpose.Prestart: Lifecycle.PrestartEnded(failure); break;
            case HookPurpose.Poststop: Lifecycle.PoststopEnded(failure); break;
            case HookPurpose.Background: break;
            default: Service.HooksEnded(purpose, failure); break;
        }
    }

    public ImmutableArray<MachineAction> TakeActions()
    {
        var actions = _actions.ToImmutable();
        _actions.Clear();
        return actions;
    }
}
