using HaMirror.Core.Configuration;
using HaMirror.Io.Hooks;
using HaMirror.Io.Witness;

namespace HaMirror.Io.Checkers;

/// <summary>All checkers and watched processes of one module. The driver names the phases that hold now; the checkers of
/// those phases live, the others do not.</summary>
/// <remarks>Methods are called by one thread at a time (the driver); <see cref="Say"/> may be called by any.</remarks>
public sealed class ModuleCheckers : IAsyncDisposable
{
    private readonly List<(CheckPhase Phase, Func<Checker> Make)> _all = [];
    private readonly Dictionary<int, Checker> _living = [];
    private readonly Lock _gate = new();

    /// <param name="report">Called from threads of the pool.</param>
    /// <param name="serves">Answers for module checkers: does that module serve on that node (null: on any)?</param>
    public ModuleCheckers(
        ModuleConfiguration module, HookPlaces places, WitnessPing ping, Func<string, string?, bool> serves, Action<CheckerReport> report, TimeProvider clock)
    {
        var environment = places.Environment(module.User?.Variables ?? []);
        foreach (var check in module.Checks)
        {
            CheckedResource Resource() => new(check.Resource, check.Kind == CheckKind.SplitBrain ? null : check.Action, module.HandleTime);
            _all.Add((check.When, () => check.Kind == CheckKind.Custom
                ? new CustomChecker(Resource(), places, environment, check.Program!, check.Arguments, report, clock)
                : new PollingChecker(Resource(), Probe(check, ping, serves), check.Interval, report, clock)));
        }

        foreach (var process in module.Errd?.Processes ?? [])
        {
            _all.Add((process.Class, () => new PollingChecker(
                new CheckedResource(process.Resource, process.Action, module.HandleTime), new ProcessProbe(process), module.Errd!.PollInterval, report, clock)));
        }
    }

    /// <summary>Starts and ends checkers so that exactly those of <paramref name="phases"/> live.</summary>
    public async Task SetPhasesAsync(IReadOnlySet<CheckPhase> phases)
    {
        List<Checker> ended = [];
        lock (_gate)
        {
            for (var index = 0; index < _all.Count; index++)
            {
                var wanted = phases.Contains(_all[index].Phase);
                if (wanted && !_living.ContainsKey(index))
                {
                    var checker = _all[index].Make();
                    _living.Add(index, checker);
                    checker.Start();
                }
                else if (!wanted && _living.Remove(index, out var checker))
                {
                    ended.Add(checker);
                }
            }
        }

        await Task.WhenAll(ended.Select(checker => checker.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <summary>A hook or a custom checker set a resource (<c>safekit set -r RESOURCE -v up|down</c>).</summary>
    /// <returns>False when no living custom checker has that resource.</returns>
    public bool Say(string resource, bool up)
    {
        lock (_gate)
        {
            if (_living.Values.FirstOrDefault(checker => checker.Resource.Name == resource) is not CustomChecker custom)
            {
                return false;
            }

            custom.Say(up);
            return true;
        }
    }

    /// <summary>Resources of living checkers and their state; null is init.</summary>
    public IReadOnlyList<KeyValuePair<string, bool?>> States()
    {
        lock (_gate)
        {
            return [.. _living.Values.Select(checker => KeyValuePair.Create(checker.Resource.Name, checker.Resource.Up))];
        }
    }

    public async ValueTask DisposeAsync() => await SetPhasesAsync(new HashSet<CheckPhase>()).ConfigureAwait(false);

    private static IProbe Probe(CheckConfiguration check, WitnessPing ping, Func<string, string?, bool> serves) => check.Kind switch
    {
        CheckKind.Tcp => new TcpProbe(check.Address!, check.Port!.Value, check.Timeout),
        CheckKind.Ping => new PingProbe(ping, [check.Address!], check.Timeout),
        CheckKind.Interface => new AddressProbe(check.Address!, linkUp: true),
        CheckKind.Ip => new AddressProbe(check.Address!, linkUp: false),
        CheckKind.Module => new ModuleProbe(check.Module!, check.Address, serves),
        CheckKind.SplitBrain => new PingProbe(ping, check.Arguments, check.Timeout),
        _ => throw new ArgumentException($"checker {check.Resource} has no probe", nameof(check)),
    };
}
