using HaMirror.Core.Machine;

namespace HaMirror.Io.Checkers;

/// <summary>Turns single looks at a resource into reports.</summary>
/// <remarks>
/// A state is reported when it changes, the first one included. The action is due when the resource was down without
/// interruption for the handle time, and again after each further one, because a module may have refused it meanwhile.
/// Time is a parameter; not safe for several threads.
/// </remarks>
public sealed class CheckedResource(string name, AutomaticAction? action, TimeSpan handleTime)
{
    private TimeSpan _downSince;

    public string Name => name;

    /// <summary>Null before the first look (SafeKit's state init).</summary>
    public bool? Up { get; private set; }

    /// <summary>When the action becomes due if the resource stays down; null when it is not down or has no action.</summary>
    public TimeSpan? DueAt => Up == false && action is not null ? _downSince + handleTime : null;

    /// <summary>Takes one look at the monotonic time <paramref name="now"/>; a report, or null when nothing is to be said.</summary>
    public CheckerReport? Observe(bool up, TimeSpan now, string detail)
    {
        var changed = Up != up;
        Up = up;
        if (changed)
        {
            _downSince = now;
        }

        if (DueAt is { } due && now >= due)
        {
            _downSince = now;
            return new CheckerReport(name, false, action, detail);
        }

        return changed ? new CheckerReport(name, up, null, detail) : null;
    }
}
