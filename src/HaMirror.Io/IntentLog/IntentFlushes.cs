// Flushes both disks from time to time, so that what is hot, or was recorded dirty, can be forgotten: the peer is asked for a
// barrier, and the local disk is flushed once the changes that were under way have ended.
// Invariants: a period is settled only when both have happened after its end; once the local disk has failed to flush nothing is
// settled any more.
namespace HaMirror.Io.IntentLog;

/// <summary>The periodic flush behind an intent log. Belongs to the pump's thread.</summary>
internal sealed class IntentFlushes(IIntentHost host, IntentGate gate, RecordedDirt recorded)
{
    /// <summary>As often as a journaling file system commits by itself.</summary>
    private const long IntervalMs = 5000;

    /// <summary>An area that was not written for so many intervals goes cold by itself.</summary>
    private const long IdlePeriods = 6;

    /// <summary>The marks file is replaced this often while what it says is more than there is.</summary>
    private const long CondenseMs = 20_000;

    private Stage _stage;
    private long _period;
    private long _begun = Environment.TickCount64;
    private long _condensed = Environment.TickCount64;
    private ulong _barrier;
    private bool _isLocalDone;

    /// <summary>A local flush failed. The kernel drops the pages and says so once: no later flush proves anything.</summary>
    private bool _hasFailed;

    private bool IsUnproven => _hasFailed || host.HasFlushFailed;

    private enum Stage : byte { Waiting, Changes, Flushing }

    public bool IsUnderWay => _stage != Stage.Waiting;

    /// <summary>Called several times a second.</summary>
    /// <param name="now">In ms of <see cref="Environment.TickCount64"/>.</param>
    /// <param name="isCopying">A resync makes marks fewer all the time.</param>
    public void Tick(long now, bool isCopying)
    {
        if (now - _condensed >= CondenseMs)
        {
            _condensed = now;
            if (isCopying || (gate.HoldsDirt && gate.IsUnmarked))
                gate.Condense();
        }
        if (_stage == Stage.Waiting && now - _begun >= IntervalMs)
            Begin(now);
        Continue();
    }

    /// <summary>Both disks were flushed by somebody else while nothing was changed.</summary>
    public void Drained()
    {
        _stage = Stage.Waiting;
        if (IsUnproven)
            return;
        gate.EndPeriod();
        recorded.BeginFlush();
        gate.SettleUpTo(gate.Period - 1);
    }

    /// <summary>Begins a flush now, unless one is under way.</summary>
    /// <param name="now">In ms of <see cref="Environment.TickCount64"/>.</param>
    public void Begin(long now)
    {
        if (_stage != Stage.Waiting)
            return;
        var isNew = gate.IsTouched || !recorded.IsEmpty;
        if (isNew && !IsUnproven && !host.TrySendBarrier(out _barrier))
            return;
        _begun = now;
        gate.Retry();
        if (IsUnproven)
            return;
        _period = gate.Period;
        gate.EndPeriod();
        recorded.BeginFlush();
        if (!isNew)
        {
            gate.SettleUpTo(_period, IdlePeriods);
            return;
        }
        host.AwaitChanges();
        (_stage, _isLocalDone) = (Stage.Changes, false);
    }

    private void Continue()
    {
        if (_stage == Stage.Changes && host.AreAwaitedDone)
        {
            _stage = Stage.Flushing;
            FlushLocal(_period);
        }
        if (_stage != Stage.Flushing || !_isLocalDone || !host.IsDurable(_barrier))
            return;
        _stage = Stage.Waiting;
        if (!IsUnproven)
            gate.SettleUpTo(_period, IdlePeriods);
    }

    /// <summary>Apart from <see cref="Continue"/>, which runs in every round and must not allocate what this captures.</summary>
    private void FlushLocal(long period) => host.FlushLocal(failure =>
    {
        _hasFailed |= failure is not null;
        if (_stage != Stage.Flushing || period != _period)
            return;
        _isLocalDone = failure is null;
        _stage = failure is null ? _stage : Stage.Waiting;
    });
}
