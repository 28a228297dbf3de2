using System.Collections.Frozen;
using System.Collections.Immutable;
using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>Every state with every event: what the machine does. The machine dispatches from this table, and the
/// documentation and the console print it.</summary>
/// <remarks>Invariant, checked when the table is built: each of the states has exactly one row for each event. After a
/// row's own part the state looks at everything anew (<c>Continue</c>), so a fact that came too early is never lost.</remarks>
public static class TransitionTable
{
    private static readonly ImmutableArray<ModuleState> Any =
        [ModuleState.Stop, ModuleState.Wait, ModuleState.Alone, ModuleState.Prim, ModuleState.Second];

    private static readonly ImmutableArray<ModuleState> Stopped = [ModuleState.Stop];
    private static readonly ImmutableArray<ModuleState> Waits = [ModuleState.Wait];
    private static readonly ImmutableArray<ModuleState> Serves = [ModuleState.Alone, ModuleState.Prim];
    private static readonly ImmutableArray<ModuleState> Stands = [ModuleState.Second];
    private static readonly ImmutableArray<ModuleState> Idle = [ModuleState.Stop, ModuleState.Wait];
    private static readonly ImmutableArray<ModuleState> NotServing = [ModuleState.Stop, ModuleState.Wait, ModuleState.Second];
    private static readonly ImmutableArray<ModuleState> NotStanding =
        [ModuleState.Stop, ModuleState.Wait, ModuleState.Alone, ModuleState.Prim];

    private static readonly ImmutableArray<ModuleState> Running =
        [ModuleState.Wait, ModuleState.Alone, ModuleState.Prim, ModuleState.Second];

    /// <summary>In the order in which the documentation prints them.</summary>
    public static readonly ImmutableArray<Transition> Rows =
    [
        Row(Any, MachineEvent.Tick, "time-outs are looked at", (_, _) => { }),
        Row(Any, MachineEvent.BeatHeard, "the peer is known; an outdating, a claim or a sole primary is recorded and answered",
            (m, i) => m.PeerWord.Heard(((MachineInput.BeatHeard)i).Beat)),

        Row(Stopped, MachineEvent.LinkUp, "the link is cut: the module is stopped",
            (m, i) => Cut(m, ((MachineInput.LinkUp)i).Link, "The module is stopped.")),
        Row(Waits, MachineEvent.LinkUp, "target by the connection table: SECOND; else the link is cut and the reason shown",
            (m, i) => m.Waiting.LinkUp((MachineInput.LinkUp)i)),
        Row(Serves, MachineEvent.LinkUp, "source by the connection table: a resync begins; else the link is cut",
            (m, i) => m.Service.LinkUp((MachineInput.LinkUp)i)),
        Row(Stands, MachineEvent.LinkUp, "the link is cut: a standby has its own or is reconnecting",
            (m, i) => Cut(m, ((MachineInput.LinkUp)i).Link, "This standby has not left its last link yet.")),
        Row(Idle, MachineEvent.LinkDown, "a hand-over ends; else nothing", (m, i) => Forget(m, ((MachineInput.LinkDown)i).Link)),
        Row(Serves, MachineEvent.LinkDown, "committed: writes freeze and it is settled who goes on; else service goes on",
            (m, i) => m.Service.LinkDown((MachineInput.LinkDown)i)),
        Row(Stands, MachineEvent.LinkDown, "Ready: reconnecting, the primary decides; else WAIT",
            (m, i) => m.Standby.LinkDown((MachineInput.LinkDown)i)),
        Row(Stands, MachineEvent.PlanReceived, "the plans agree: inconsistent is recorded, data is let in; else the link is cut",
            (m, i) => m.Standby.PlanReceived((MachineInput.PlanReceived)i)),
        Row(NotStanding, MachineEvent.PlanReceived, "late: nothing", (_, _) => { }),
        Row(Serves, MachineEvent.ResyncEnded, "Sole is withdrawn, the peer is offered equality",
            (m, i) => m.Service.ResyncEnded(((MachineInput.ResyncEnded)i).Link)),
        Row(NotServing, MachineEvent.ResyncEnded, "late: nothing", (_, _) => { }),
        Row(Stands, MachineEvent.OfferReceived, "up to date is recorded and accepted: SECOND Ready",
            (m, i) => m.Standby.OfferReceived((MachineInput.OfferReceived)i)),
        Row(NotStanding, MachineEvent.OfferReceived, "late: nothing", (_, _) => { }),
        Row(Serves, MachineEvent.OfferAccepted, "the base is recorded: PRIM Ready",
            (m, i) => m.Service.OfferAccepted(((MachineInput.OfferAccepted)i).Link)),
        Row(NotServing, MachineEvent.OfferAccepted, "late: nothing", (_, _) => { }),
        Row(Stands, MachineEvent.HandoverReceived, "swap or stop of the primary: ALONE; failover off and no swap: WAIT",
            (m, i) => m.Standby.HandoverReceived((MachineInput.HandoverReceived)i)),
        Row(NotStanding, MachineEvent.HandoverReceived, "late: nothing", (_, _) => { }),
        Row(Serves, MachineEvent.SwapRequested, "PRIM Ready: service ends in order and is handed over",
            (m, i) => m.Commands.SwapRequested(((MachineInput.SwapRequested)i).Link)),
        Row(NotServing, MachineEvent.SwapRequested, "late: nothing", (_, _) => { }),

        Row(Any, MachineEvent.SequenceEnded, "what waited for the hooks goes on; an unknown ticket was replaced by a forced end",
            (m, i) => m.Hooks.Ended(((MachineInput.SequenceEnded)i).Ticket, ((MachineInput.SequenceEnded)i).Failure)),
        Row(Any, MachineEvent.MountEnded, "mounted: the peer is looked for; failed: STOP with the reason",
            (m, i) => m.Lifecycle.MountEnded(((MachineInput.MountEnded)i).Failure)),
        Row(Any, MachineEvent.UnmountEnded, "STOP; a stopstart starts again",
            (m, i) => m.Lifecycle.UnmountEnded(((MachineInput.UnmountEnded)i).Failure)),
        Row(Any, MachineEvent.WitnessAnswered, "arbitration goes on",
            (m, i) => m.Arbitration.Answered(((MachineInput.WitnessAnswered)i).Ticket, ((MachineInput.WitnessAnswered)i).Reachable)),
        Row(Serves, MachineEvent.GenerationNeeded, "a new generation is recorded, then opened; with a committed link the present one",
            (m, _) => m.Service.GenerationNeeded()),
        Row(NotServing, MachineEvent.GenerationNeeded, "late: the change was refused", (_, _) => { }),
        Row(Serves, MachineEvent.Drained, "Serving is withdrawn; a Ready peer is handed over to; then WAIT",
            (m, i) => m.Service.Drained((MachineInput.Drained)i)),
        Row(NotServing, MachineEvent.Drained, "late: nothing", (_, _) => { }),
        Row(Any, MachineEvent.Undone, "the replica's record from before the resync is made durable, and --as-primary goes on; failed: WAIT with the reason",
            (m, i) => m.Undoing.Ended((MachineInput.Undone)i)),
        Row(Stopped, MachineEvent.StorageFailed, "nothing is mounted: nothing", (_, _) => { }),
        Row(Running, MachineEvent.StorageFailed, "service ends by force, a standby drops out: WAIT until started again, at once where only a mount was lost",
            (m, i) => m.Commands.StorageFailed((MachineInput.StorageFailed)i)),
        Row(Stands, MachineEvent.TargetFailed, "outdated is recorded, or it stays inconsistent; WAIT until the next link",
            (m, i) => m.Standby.TargetFailed((MachineInput.TargetFailed)i)),
        Row(NotStanding, MachineEvent.TargetFailed, "late: outdated is recorded, and shown until the replica is equal; a service that has begun on it ends by force", (m, i) => m.Disk.CouldNotApplyLate(((MachineInput.TargetFailed)i).Reason)),
        Row(Any, MachineEvent.RecordSaved, "a standby that dropped out for want of its record comes back by itself", (m, _) => m.Disk.RecordSaved()),
        Row(Serves, MachineEvent.DiskFailed, "PRIM with a SECOND that is Ready: the disk is detached and served through the peer; else the service gets the error",
            (m, i) => m.Disk.Failed((MachineInput.DiskFailed)i)),
        Row(NotServing, MachineEvent.DiskFailed, "late: whoever reads gets the error", (m, _) => m.Act(new MachineAction.KeepDisk())),
        Row(Stands, MachineEvent.PeerDetached, "Sole and a generation of its own are recorded and answered: this replica alone is up to date",
            (m, i) => m.Standby.PeerDetached(((MachineInput.PeerDetached)i).Link)),
        Row(NotStanding, MachineEvent.PeerDetached, "late: nothing", (_, _) => { }),
        Row(Serves, MachineEvent.DetachAccepted, "it is said that reads and writes go through the peer",
            (m, i) => m.Disk.DetachAccepted(((MachineInput.DetachAccepted)i).Link)),
        Row(NotServing, MachineEvent.DetachAccepted, "late: nothing", (_, _) => { }),
        Row(Any, MachineEvent.DiskProbed, "well: it joins as target again; else it waits with the reason",
            (m, i) => m.Disk.Probed((MachineInput.DiskProbed)i)),
        Row(Stopped, MachineEvent.CheckerFired, "nothing", (_, _) => { }),
        Row(Running, MachineEvent.CheckerFired, "the checker's action, at most maxloop times",
            (m, i) => m.Commands.Checker((MachineInput.CheckerFired)i)),

        .. Starts(),
        Row(Stopped, MachineEvent.CommandStop, "it is stopped already: nothing", (_, _) => { }),
        Row(Running, MachineEvent.CommandStop, "service ends in order, the peer takes over; then STOP",
            (m, i) => m.Commands.Stop((MachineInput.Command)i, startAgain: false)),
        Row(Stopped, MachineEvent.CommandForceStop, "it is stopped already: nothing", (_, _) => { }),
        Row(Running, MachineEvent.CommandForceStop, "only the forced hooks, no drain; then STOP",
            (m, i) => m.Commands.ForceStop((MachineInput.Command)i)),
        Row(Serves, MachineEvent.CommandRestart, "stop and start hooks here, no failover",
            (m, i) => m.Commands.Restart((MachineInput.Command)i)),
        Row(NotServing, MachineEvent.CommandRestart, "refused: nothing is served here",
            (m, _) => m.Commands.Refuse("The module does not serve on this node. Run 'hamirror restart' on the primary, or 'hamirror start' here.")),
        Row(Stopped, MachineEvent.CommandStopStart, "start", (m, i) => m.Commands.Start((MachineInput.Command)i)),
        Row(Running, MachineEvent.CommandStopStart, "stop, then start: on a primary a failover",
            (m, i) => m.Commands.Stop((MachineInput.Command)i, startAgain: true)),
        Row(Any, MachineEvent.CommandSwap, "PRIM Ready: the roles are exchanged; SECOND Ready: the primary is asked; else refused",
            (m, i) => m.Commands.Swap((MachineInput.Command)i)),
        Row(Any, MachineEvent.CommandFailoverOn, "the standby takes over by itself", (m, _) => m.Commands.Failover(true)),
        Row(Idle, MachineEvent.CommandAttach, "detached: mounted anew and tried, then target of a comparison; else refused",
            (m, i) => m.Disk.Attach((MachineInput.Command)i)),
        Row([.. Serves, .. Stands], MachineEvent.CommandAttach, "refused: it serves through the peer, or nothing is detached",
            (m, _) => m.Commands.Refuse(m.Record.Detached
                ? $"This node serves through {m.Rules.PeerName}, whose disk is the good one. Run 'hamirror swap' first, then repair or replace the disk."
                : "The disk of this node is not detached, so there is nothing to attach.")),
        Row(Any, MachineEvent.CommandFailoverOff, "the standby waits for an operator", (m, _) => m.Commands.Failover(false)),
    ];

    private static readonly FrozenDictionary<(ModuleState, MachineEvent), Transition> ByPair =
        Rows.SelectMany(row => row.From.Select(from => KeyValuePair.Create((from, row.On), row))).ToFrozenDictionary();

    /// <summary>The row for a pair; every pair has one.</summary>
    public static Transition Find(ModuleState state, MachineEvent on) => ByPair[(state, on)];

    /// <summary>The column of an input.</summary>
    public static MachineEvent EventOf(MachineInput input) => input switch
    {
        MachineInput.Tick => MachineEvent.Tick,
        MachineInput.BeatHeard => MachineEvent.BeatHeard,
        MachineInput.LinkUp => MachineEvent.LinkUp,
        MachineInput.LinkDown => MachineEvent.LinkDown,
        MachineInput.PlanReceived => MachineEvent.PlanReceived,
        MachineInput.ResyncEnded => MachineEvent.ResyncEnded,
        MachineInput.OfferReceived => MachineEvent.OfferReceived,
        MachineInput.OfferAccepted => MachineEvent.OfferAccepted,
        MachineInput.HandoverReceived => MachineEvent.HandoverReceived,
        MachineInput.SwapRequested => MachineEvent.SwapRequested,
        MachineInput.SequenceEnded => MachineEvent.SequenceEnded,
        MachineInput.MountEnded => MachineEvent.MountEnded,
        MachineInput.UnmountEnded => MachineEvent.UnmountEnded,
        MachineInput.WitnessAnswered => MachineEvent.WitnessAnswered,
        MachineInput.GenerationNeeded => MachineEvent.GenerationNeeded,
        MachineInput.Drained => MachineEvent.Drained,
        MachineInput.Undone => MachineEvent.Undone,
        MachineInput.StorageFailed => MachineEvent.StorageFailed,
        MachineInput.TargetFailed => MachineEvent.TargetFailed,
        MachineInput.RecordSaved => MachineEvent.RecordSaved,
        MachineInput.DiskFailed => MachineEvent.DiskFailed,
        MachineInput.PeerDetached => MachineEvent.PeerDetached,
        MachineInput.DetachAccepted => MachineEvent.DetachAccepted,
        MachineInput.DiskProbed => MachineEvent.DiskProbed,
        MachineInput.CheckerFired => MachineEvent.CheckerFired,
        MachineInput.Command command => MachineEvent.CommandStart + (byte)command.Kind,
        _ => throw new ArgumentOutOfRangeException(nameof(input), input, "No such input."),
    };

    private static IEnumerable<Transition> Starts()
    {
        (MachineEvent On, string How)[] kinds =
        [
            (MachineEvent.CommandStart, "the newest data decides"),
            (MachineEvent.CommandStartAsPrimary, "this node serves, unless the peer is heard serving"),
            (MachineEvent.CommandStartAsSecondary, "this node waits until the peer serves"),
            (MachineEvent.CommandStartAsSecondaryFullSync, "this node's content is given up for the peer's"),
        ];
        foreach (var (on, how) in kinds)
        {
            yield return Row(Stopped, on, $"prestart, mount, WAIT; {how}", (m, i) => m.Commands.Start((MachineInput.Command)i));
            yield return Row(Waits, on, $"started already, options change; {how}", (m, i) => m.Commands.StartWaiting((MachineInput.Command)i));
            yield return Row([.. Serves, .. Stands], on, "refused: it runs already",
                (m, _) => m.Commands.Refuse(
                    $"The module runs already: {m.State.ToString().ToUpperInvariant()} {m.Phase}. Use 'hamirror swap' to exchange the "
                    + "roles, or 'hamirror stop' first."));
        }
    }

    private static Transition Row(
        ImmutableArray<ModuleState> from, MachineEvent on, string outcome, Action<MachineContext, MachineInput> handler) =>
        new(from, on, outcome, handler);

    private static void Cut(MachineContext machine, long link, string why) =>
        machine.Act(new MachineAction.CutLink(link, why));

    private static void Forget(MachineContext machine, long link)
    {
        if (machine.Link?.Id == link) machine.Link = null;
    }
}
