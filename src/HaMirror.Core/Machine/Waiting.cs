using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>WAIT: what a module that does not serve does about it, looked at anew after every input.</summary>
/// <remarks>
/// Invariant (G4): service begins from here only (1) with the peer heard and yielding, this node being the source by
/// <see cref="ConnectionTable"/>; (2) with a silent peer and a durable Sole, or as a standby that has waited
/// only for failover to be turned on; (3) because an operator said --as-primary.
/// </remarks>
internal sealed class Waiting(MachineContext machine)
{
    /// <summary>After a hand-over for a swap the peer is dialled without waiting for its beat.</summary>
    private static readonly TimeSpan SwapWindow = TimeSpan.FromSeconds(2);

    /// <summary>A link that ended before the two were equal is not tried again at once.</summary>
    private static readonly TimeSpan DialPause = TimeSpan.FromMilliseconds(500);

    private readonly SortedSet<string> _blockedBy = new(StringComparer.Ordinal);
    private bool _dialling;
    private bool _asSecondary;
    private string? _held;
    private bool _mayTakeOver;
    private TimeSpan? _swapUntil;
    private TimeSpan _dialAfter;

    public bool FullSync { get; private set; }

    public IReadOnlyCollection<string> BlockedBy => _blockedBy;

    /// <summary>Why the storage cannot be used until the module is started again; null when it can.</summary>
    public string? StorageBroken { get; set; }

    private string SecondaryReason =>
        $"Started as secondary: waits until {machine.Rules.PeerName} serves. Run 'hamirror start' here to let the newest data decide.";

    /// <summary>A module starts: nothing that an earlier run decided holds any more.</summary>
    public void Begin()
    {
        Release();
        _mayTakeOver = false;
        _swapUntil = null;
        _blockedBy.Clear();
        StorageBroken = null;
        machine.Disk.Begin();
    }

    public void AsSecondary(bool fullSync)
    {
        _asSecondary = true;
        _mayTakeOver = false;
        FullSync = fullSync;
        machine.Claim.ByOperator = false;
        machine.Claim.Yield(null);
    }

    public void AsPrimary()
    {
        _mayTakeOver = false;
        _asSecondary = false;
        FullSync = false;
        _held = null;
        machine.Claim.ByOperator = true;
    }

    /// <summary>Start options are used up: this node serves or is equal to the one that does.</summary>
    public void OptionsDone()
    {
        _mayTakeOver = false;
        _asSecondary = false;
        FullSync = false;
        _held = null;
        _swapUntil = null;
        machine.Claim.ByOperator = false;
        machine.Claim.Yield(null);
    }

    /// <summary>Keeps this node from claiming until an operator or a serving peer says otherwise.</summary>
    /// <param name="mayTakeOver">This node was an up-to-date standby, its primary fell silent and arbitration was won: only
    /// failover is off. It holds as long as nothing is heard, this process does not sleep and no operator says otherwise.</param>
    public void Hold(string reason, bool mayTakeOver = false) => (_held, _mayTakeOver) = (reason, mayTakeOver);

    /// <summary>Whatever served meanwhile was not heard.</summary>
    public void Slept()
    {
        if (!_mayTakeOver) return;
        Hold($"{machine.Rules.PeerName} serves no longer and failover was off; this process was not running for a while since. "
            + "Run 'hamirror start --as-primary' here to go on.");
    }

    public void Release() => _held = null;

    /// <summary>This node handed over for a swap: the peer is about to serve and waits to be dialled.</summary>
    public void ExpectSwap() => _swapUntil = machine.Now + SwapWindow;

    /// <summary>The last link came to nothing.</summary>
    public void PauseDialling() => _dialAfter = machine.Now + DialPause;

    public void Block(string resource) => _blockedBy.Add(resource);

    public void Unblock(string resource)
    {
        if (_blockedBy.Remove(resource) && _blockedBy.Count == 0 && machine.State == ModuleState.Wait)
            machine.Say(SayLevel.Event, "Action wakeup from failover rule Implicit_wakeup");
    }

    public void Dial(bool on)
    {
        if (_dialling == on) return;
        _dialling = on;
        machine.Act(new MachineAction.Dial(on));
    }

    public void Continue()
    {
        machine.Lifecycle.Continue();
        if (machine.Lifecycle.At != Lifecycle.Stage.Up || machine.Service.Busy) return;
        if (StorageBroken is not null) _mayTakeOver = false;
        else if (machine.Undoing.Wanted)
        {
            Dial(false);
            machine.Undoing.Begin();
        }

        if (machine.Undoing.Runs)
        {
            Look(Undoing.Reason);
            return;
        }

        if (StorageBroken is not null && machine.Disk.IsMended()) StorageBroken = null;
        if (machine.Disk.Holds(out var detached)) Stay(detached);
        else if (StorageBroken is { } broken) Stay($"{broken} {machine.Disk.Remedy}");
        else if (_blockedBy.Count > 0) Stay($"Held by {string.Join(", ", _blockedBy)}, which is down.");
        else if (machine.PeerAlive && machine.Peer.Beat is { } beat) Heard(beat);
        else if (_swapUntil > machine.Now) Dial(true);
        else if (!machine.PeerSilent) Look("The peer is looked for.");
        else Silent();
    }

    /// <summary>A link to a source came up: the hellos say more than the beats.</summary>
    public void LinkUp(MachineInput.LinkUp up)
    {
        var wanted = _dialling && !up.Source && machine.Lifecycle is { At: Lifecycle.Stage.Up, StopWanted: false }
            && !machine.Service.Busy && StorageBroken is null && !machine.Record.Detached && _blockedBy.Count == 0 && !machine.Undoing.Runs;
        if (!wanted)
        {
            machine.Act(new MachineAction.CutLink(up.Link, "This node is not ready for a link; it dials when it is."));
            return;
        }

        var decision = ConnectionTable.Decide(machine.Mine(FullSync), machine.Theirs(up.Peer));
        machine.Note(decision.Sentence);
        if (decision is ConnectionDecision.Target target && up.Peer.State is ModuleState.Alone or ModuleState.Prim)
        {
            Dial(false);
            machine.Standby.Begin(up, target);
            return;
        }

        machine.Act(new MachineAction.CutLink(up.Link, decision.Sentence));
        PauseDialling();
        Stay(decision.Sentence);
    }

    /// <summary>The peer acknowledges writes that this replica does not get: from now on it must not start alone. What only
    /// this replica holds stays where it is.</summary>
    public void HearGoneOn(ModuleBeat beat, ConnectionDecision decision)
    {
        if (beat.Serves && beat.Record.Sole && decision is ConnectionDecision.Target or ConnectionDecision.Diverged)
            machine.Standby.Outdate();
    }

    private void Heard(ModuleBeat beat)
    {
        machine.Arbitration.Clear();
        _mayTakeOver = false;
        if (beat.Serves) HeardServing(beat);
        else if (_swapUntil > machine.Now) Dial(true);
        else if (beat.Claims && !machine.Claim.ByOperator && beat.State == ModuleState.Second)
            YieldTo(beat, $"{beat.NodeName} takes over.");
        else if (beat.State == ModuleState.Second) YieldTo(beat, $"{beat.NodeName}, the standby, decides whether it takes over.");
        else HeardIdle(beat);
    }

    private void HeardServing(ModuleBeat beat)
    {
        _swapUntil = null;
        _held = null;
        machine.Claim.Yield(beat);
        if (machine.Claim.ByOperator)
        {
            machine.Claim.ByOperator = false;
            machine.Say(SayLevel.Warning,
                $"Requested prim start aborted: {beat.NodeName} serves already. Use 'hamirror swap' to exchange the roles.");
        }

        var decision = ConnectionTable.Decide(machine.Mine(FullSync), machine.Theirs(beat));
        machine.Note(decision.Sentence);
        HearGoneOn(beat, decision);
        if (decision is not ConnectionDecision.Target)
        {
            Stay(decision is ConnectionDecision.Source
                ? $"{beat.NodeName} serves older data than this node holds; it is to end its service first."
                : decision.Sentence);
            return;
        }

        Dial(machine.Now >= _dialAfter);
        machine.Enter(ModuleState.Wait, Phase.NotReady, $"Connecting to {beat.NodeName}, which serves.");
    }

    private void HeardIdle(ModuleBeat beat)
    {
        Dial(false);
        if (machine.Claim.ByOperator)
        {
            if (beat.WantsPrimary && !machine.Rules.IsFirstNode)
            {
                machine.Claim.ByOperator = false;
                Hold($"Both nodes were started with --as-primary; {beat.NodeName}, the first node of the cluster, keeps it.");
                machine.Say(SayLevel.Warning, _held!);
                YieldTo(beat, _held!);
            }
            else ClaimService("The operator asked for --as-primary.");

            return;
        }

        if (beat.WantsPrimary) YieldTo(beat, $"{beat.NodeName} was started with --as-primary.");
        else if (_held is { } held) YieldTo(beat, held);
        else if (_asSecondary) YieldTo(beat, SecondaryReason);
        else ByTable(beat);
    }

    private void ByTable(ModuleBeat beat)
    {
        var decision = ConnectionTable.Decide(machine.Mine(FullSync), machine.Theirs(beat));
        machine.Note(decision.Sentence);
        switch (decision)
        {
            case ConnectionDecision.Source or ConnectionDecision.Diverged { KeepsMine: true }
                when machine.Record.Condition == ReplicaCondition.UpToDate:
                ClaimService(decision.Sentence);
                break;
            case ConnectionDecision.Target when beat.State == ModuleState.Stop:
                YieldTo(beat, $"{beat.NodeName} holds the newer data but is stopped: run 'hamirror start' there.");
                break;
            case ConnectionDecision.Target:
                YieldTo(beat, $"Waits until {beat.NodeName}, which holds the newer data, serves.");
                break;
            default:
                YieldTo(beat, decision.Sentence);
                break;
        }
    }

    private void ClaimService(string why)
    {
        if (machine.Claim.Press()) machine.Service.Begin(why, takesOver: false);
        else Look($"Waits for {machine.Rules.PeerName} to yield. {why}");
    }

    private void Silent()
    {
        Dial(false);
        machine.Claim.Yield(null);
        var peer = machine.Rules.PeerName;
        if (machine.Claim.ByOperator)
        {
            machine.Say(SayLevel.Warning, $"Started as primary by an operator while {peer} was silent.");
            machine.Service.Begin($"The operator asked for --as-primary; {peer} is silent.", takesOver: false);
        }
        else if (_asSecondary) Stay(SecondaryReason);
        // A standby whose primary's disk was detached is the sole one as well; with failover off it waits for the operator.
        else if (machine.Record.Sole && (_held is null || machine.Rules.FailoverOn)) SoleAlone();
        else if (_mayTakeOver && machine.Rules.FailoverOn)
            machine.Service.Begin($"Failover was turned on and {peer}, which had died while it was off, is still silent.", takesOver: true);
        else if (_held is { } held) Stay(held);
        else
            Stay($"This replica is not known to be up to date and nothing of this module is heard from {peer}. Start it there; or, "
                + $"if {peer} is lost, run 'hamirror start --as-primary' here: writes that only {peer} holds are then left out.");
    }

    private void SoleAlone()
    {
        switch (machine.Arbitration.Waiting(machine.SilenceDue))
        {
            case Arbitration.Verdict.Won:
                machine.Arbitration.Clear();
                machine.Service.Begin($"{machine.Rules.PeerName} is silent and this node was the only one up to date.", takesOver: false);
                break;
            case Arbitration.Verdict.Lost:
                Stay("The witness does not answer: this node is isolated and must not start alone.");
                break;
            default:
                Look("The witness is asked.");
                break;
        }
    }

    private void YieldTo(ModuleBeat beat, string reason)
    {
        Dial(false);
        machine.Claim.Yield(beat);
        machine.Enter(ModuleState.Wait, Phase.NotReady, reason);
    }

    private void Stay(string reason)
    {
        Dial(false);
        machine.Claim.Yield(machine.PeerAlive ? machine.Peer.Beat : null);
        machine.Enter(ModuleState.Wait, Phase.NotReady, reason);
    }

    private void Look(string reason) => machine.Enter(ModuleState.Wait, Phase.Transient, reason);
}
