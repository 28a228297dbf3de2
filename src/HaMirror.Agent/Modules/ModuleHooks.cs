using HaMirror.Agent.Logging;
using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Io.Hooks;

namespace HaMirror.Agent.Modules;

/// <summary>A module's hooks from its active configuration. Without a user element no hook runs, as with SafeKit.</summary>
internal sealed class ModuleHooks : IModuleHooks
{
    private readonly HookSequenceRunner? _runner;
    private readonly ModuleLog _log;
    private volatile RunningHook? _running;

    public ModuleHooks(UserConfiguration? user, HookPlaces places, ModuleLog log, TimeProvider clock)
    {
        _log = log;
        _runner = user is null ? null : new HookSequenceRunner(new HookRunner(places, user, clock), Report,
            (hook, forced) => _running = new RunningHook(HookResult.Called(hook, forced), clock.GetUtcNow()));
    }

    public RunningHook? Running => _running;

    public Task<string?> RunAsync(HookSequence sequence, CancellationToken cancellation) =>
        _runner?.RunAsync(sequence, cancellation) ?? Task.FromResult<string?>(null);

    private void Report(HookResult result)
    {
        _running = null;
        if (result.Outcome == HookOutcome.Missing) return;
        var called = HookResult.Called(result.Hook, result.Forced);
        _log.Add(SayLevel.Event, $"Script {called} > {result.OutputFile ?? "/dev/null"} ({result.Duration.TotalSeconds:0.0} s)");
        if (!result.Succeeded) _log.Add(SayLevel.Warning, result.Sentence);
    }
}
