using HaMirror.Core.States;

namespace HaMirror.Core.Machine;

/// <summary>Going back from a resync that did not end, because an operator asks for it with --as-primary --undo.</summary>
/// <remarks>Invariants: (1) while it runs this node neither dials nor serves; (2) the record says what the replica was before only
/// after the replica is that again; a crash between leaves it inconsistent, and the undo is done once more, or the other node is
/// joined instead; (3) before anything is taken back, the record says that marks are not known to be complete: the other node has
/// gone on, and has cleared marks for copies that are taken back here; (4) the replica counts as outdated afterwards.</remarks>
internal sealed class Undoing(MachineContext machine)
{
    private long _ticket;

    public const string Reason = "The resync that did not end is undone.";

    /// <summary>It is under way.</summary>
    public bool Runs => _ticket != 0;

    /// <summary>It is to begin as soon as the directories are mounted.</summary>
    public bool Wanted { get; set; }

    /// <returns>Null, or why there is nothing to undo.</returns>
    public string? Refusal() => machine.Record.Condition == ReplicaCondition.Inconsistent
        ? null
        : $"There is no resync to undo: this replica is {machine.Record.Condition}. Use 'hamirror start --as-primary' without --undo.";

    public void Begin()
    {
        Wanted = false;
        _ticket = machine.NextTicket();
        machine.Say(SayLevel.Event, "The resync that did not end is undone: this node goes back to the replica that it had before");
        machine.Persist(machine.Record with { CompareAll = true });
        machine.Act(new MachineAction.Undo(_ticket));
    }

    public void Ended(MachineInput.Undone undone)
    {
        if (undone.Ticket != _ticket) return;
        _ticket = 0;
        if (undone.Before is { } before && undone.Failure is null)
        {
            machine.Persist(before with
            {
                Condition = ReplicaCondition.Outdated, CompareAll = true, Sole = false, Serving = false, HandedOver = false, TookOver = false,
            });
            machine.Act(new MachineAction.EndUndo());
            machine.Say(SayLevel.Event, $"The resync is undone: the replica is generation {before.Current} again");
            return;
        }

        machine.Say(SayLevel.Critical, undone.Failure ?? "The resync could not be undone.");
        machine.Claim.ByOperator = false;
        machine.Waiting.Hold(undone.Failure ?? "The resync could not be undone.");
    }
}
