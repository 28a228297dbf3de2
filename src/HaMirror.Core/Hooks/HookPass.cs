namespace HaMirror.Core.Hooks;

/// <summary>How a hook is called (SafeKit's plain and forced calls, reference section 3.1).</summary>
public enum HookPass : byte
{
    /// <summary>Once, with <c>STATE NEXT ACTION</c>.</summary>
    Plain,

    /// <summary>A stop hook: once plainly; if that fails or exceeds its time-out, once more with <c>force</c> before the
    /// other arguments. The call counts as failed only when the forced one failed too.</summary>
    PlainThenForced,

    /// <summary>Only with <c>force</c> before the other arguments.</summary>
    Forced,
}
