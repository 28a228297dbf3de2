namespace HaMirror.Core.Machine;

/// <summary>What a node may do when every path to the peer is silent (design, section 8).</summary>
/// <remarks>
/// <code>
/// silence  0 ........ T/2 ............ T ............... T + grace
/// primary             asks (early)     asks again; unreachable or no answer soon: it has ended its service by T + grace
/// standby                              asks              reachable: it takes over
/// </code>
/// An answer counts only while this process has run without a gap since it asked (ModuleRules.AwakeGap).
/// Data never depends on the grace, for a primary that lost a peer which may take over is frozen; it keeps the two guests
/// from overlapping. Without a witness both go on at T.
/// </remarks>
internal sealed class Arbitration(MachineContext machine)
{
    /// <summary>Part of the grace that a primary waits for the witness's answer: the rest is for ending the service.</summary>
    private const double AnswerPart = 0.8;

    /// <summary>A node that waits for a witness's answer longer than this asks again.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private long _ticket;
    private TimeSpan _askedAt;
    private bool _final;
    private bool? _reachable;
    private TimeSpan _answeredAt;

    public enum Verdict : byte { Pending, Won, Lost }

    /// <summary>Forgets what was asked: somebody was heard, the question is another one, or this process missed time.</summary>
    public void Clear()
    {
        _ticket = 0;
        _final = false;
        _reachable = null;
    }

    public void Answered(long ticket, bool reachable)
    {
        if (ticket != _ticket || ticket == 0) return;
        _reachable = reachable;
        _answeredAt = machine.Now;
        machine.Note(reachable ? "The witness answered." : "The witness did not answer.");
    }

    /// <param name="due">Since when the time-out is over; negative while it still runs.</param>
    public Verdict Primary(TimeSpan due)
    {
        var rules = machine.Rules;
        if (!rules.HasWitness) return due >= TimeSpan.Zero ? Verdict.Won : Verdict.Pending;
        if (_ticket == 0 && due >= -rules.HeartbeatTimeout / 2) Ask(final: false);
        if (due < TimeSpan.Zero) return Verdict.Pending;
        if (!_final)
        {
            if (_reachable == false) return Verdict.Lost;
            Ask(final: true);
        }

        if (_reachable is { } reachable) return !reachable ? Verdict.Lost : Settled ? Verdict.Won : Verdict.Pending;
        return due >= rules.LoserGrace * AnswerPart ? Verdict.Lost : Verdict.Pending;
    }

    /// <param name="due">Since when the time-out is over; negative while it still runs.</param>
    public Verdict Standby(TimeSpan due)
    {
        var rules = machine.Rules;
        if (due < TimeSpan.Zero) return Verdict.Pending;
        if (!rules.HasWitness) return Verdict.Won;
        if (!_final || (_reachable is null && machine.Now - _askedAt > AnswerTimeout)) Ask(final: true);
        if (_reachable == false) return Verdict.Lost;
        return _reachable == true && Settled && due >= rules.LoserGrace ? Verdict.Won : Verdict.Pending;
    }

    /// <summary>A waiting node asks again and again: it has nothing to lose.</summary>
    public Verdict Waiting(TimeSpan due)
    {
        var verdict = Standby(due);
        if (verdict == Verdict.Lost && machine.Now - _askedAt > machine.Rules.HeartbeatTimeout) Clear();
        return verdict;
    }

    /// <summary>A tick has passed since the answer: a beat that came at the same time was read and would have cleared it.</summary>
    private bool Settled => machine.Now - _answeredAt >= ModuleRules.TickInterval;

    private void Ask(bool final)
    {
        _ticket = machine.NextTicket();
        _askedAt = machine.Now;
        _final = final;
        _reachable = null;
        machine.Act(new MachineAction.AskWitness(_ticket));
    }
}
