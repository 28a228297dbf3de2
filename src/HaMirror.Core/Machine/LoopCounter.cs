namespace HaMirror.Core.Machine;

/// <summary>Counts automatic actions: at most <c>maxloop</c> within <c>loop_interval</c>, then the module stops
/// (reference, section 2.2: with 3, the fourth one stops).</summary>
internal sealed class LoopCounter
{
    private readonly Queue<TimeSpan> _actions = new();

    /// <summary>Counts one action; false when it is one too many.</summary>
    public bool Allows(TimeSpan now, int maximum, TimeSpan interval)
    {
        if (interval == TimeSpan.Zero) return true;
        while (_actions.TryPeek(out var oldest) && now - oldest > interval) _actions.Dequeue();
        if (_actions.Count >= maximum) return false;
        _actions.Enqueue(now);
        return true;
    }

    /// <summary>An administrator's command starts the count anew.</summary>
    public void Reset() => _actions.Clear();
}
