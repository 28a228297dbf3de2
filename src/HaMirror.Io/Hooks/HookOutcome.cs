namespace HaMirror.Io.Hooks;

/// <summary>How a run of a hook ended.</summary>
public enum HookOutcome : byte
{
    /// <summary>Exit code 0.</summary>
    Succeeded,

    /// <summary>The module has no such hook, which is success.</summary>
    Missing,

    /// <summary>Another exit code, or a signal.</summary>
    Failed,

    /// <summary>It exceeded its time and was ended with all its children.</summary>
    TimedOut,

    /// <summary>It was ended because the caller wanted so.</summary>
    Cancelled,

    /// <summary>It could not be started (not executable, no process to be had).</summary>
    NotStarted,
}
