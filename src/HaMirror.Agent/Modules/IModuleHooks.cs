using HaMirror.Core.Hooks;

namespace HaMirror.Agent.Modules;

/// <summary>Runs a module's hooks for its driver.</summary>
internal interface IModuleHooks
{
    /// <returns>Null when every vital hook succeeded, else a sentence. Cancelled: the running hook is killed.</returns>
    Task<string?> RunAsync(HookSequence sequence, CancellationToken cancellation);

    /// <summary>The hook that runs now, as it was called, and since when; null when none does.</summary>
    RunningHook? Running => null;
}
