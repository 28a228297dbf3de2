using System.Collections.Immutable;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Checkers;

namespace HaMirror.Agent.Modules;

/// <summary>Keeps the checkers of the phases that hold, and the watch over the mounts while they stand.</summary>
/// <remarks>Checkers are started and ended in the order of the states that asked for it, off the driver's thread: ending a
/// custom checker waits for its process.</remarks>
/// <param name="hung">A mount no longer answers: the path and a sentence.</param>
/// <param name="unwatched">Told why a mount cannot be watched at present, as a sentence.</param>
/// <param name="serving">Told the directories to guard, and an empty list when nothing is mounted any more.</param>
internal sealed class ModuleCompanion(
    ModuleConfiguration configuration, ModuleCheckers first, Action<string, string> hung, Action<string> unwatched,
    Action<ImmutableArray<string>> serving, TimeProvider clock) : IModuleCompanion
{
    private readonly Lock _lock = new();
    private ModuleConfiguration _module = configuration;
    private ModuleCheckers _checkers = first;
    private ImmutableArray<MountWatch> _watches = [];
    private ImmutableHashSet<CheckPhase> _phases = [];
    private Task _changes = Task.CompletedTask;

    public void Mounted()
    {
        lock (_lock)
        {
            if (_module.Replication is not { } replication) return;
            serving([.. replication.Directories.Select(directory => directory.Path)]);
            Watch(replication);
        }
    }

    public void Unmounted()
    {
        lock (_lock)
        {
            Unwatch();
            serving([]);
        }
    }

    public void Follow(MachineView view)
    {
        var phases = Phases(view);
        lock (_lock)
        {
            if (phases.SetEquals(_phases)) return;
            _phases = phases;
            _changes = SetAsync(_changes, _checkers, phases);
        }
    }

    /// <summary>A checker lives from the end of its start hook to the beginning of its stop hook, which is while the state
    /// is Ready; <c>pre</c> ones whenever the module is not stopped.</summary>
    private static ImmutableHashSet<CheckPhase> Phases(MachineView view)
    {
        if (view.State == ModuleState.Stop) return [];
        var ready = view.Phase == Phase.Ready;
        return view.State switch
        {
            ModuleState.Prim when ready => [CheckPhase.Pre, CheckPhase.Prim, CheckPhase.Both],
            ModuleState.Alone when ready => [CheckPhase.Pre, CheckPhase.Prim, CheckPhase.Both, CheckPhase.Sec],
            ModuleState.Second when ready => [CheckPhase.Pre, CheckPhase.Second, CheckPhase.Both, CheckPhase.Sec],
            _ => [CheckPhase.Pre],
        };
    }

    /// <summary>Another configuration: its checkers live from now on, those of the old one end. The watch of the mounts is the same, or
    /// begins anew with other times.</summary>
    public void Renew(ModuleConfiguration module, ModuleCheckers checkers)
    {
        lock (_lock)
        {
            var before = _module.Replication;
            _module = module;
            if (!_watches.IsEmpty && module.Replication is { } replication && (replication.CheckTime, replication.CheckInterval) != (before?.CheckTime, before?.CheckInterval)) Watch(replication);
            _changes = SetAsync(_changes, _checkers, []);
            _checkers = checkers;
            _changes = SetAsync(_changes, checkers, _phases);
        }
    }

    private static async Task SetAsync(Task before, ModuleCheckers checkers, ImmutableHashSet<CheckPhase> phases)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await checkers.SetPhasesAsync(phases);
    }

    /// <summary>Under the lock.</summary>
    private void Watch(ReplicationConfiguration replication)
    {
        Unwatch();
        _watches =
        [
            .. replication.Directories.Select(directory => new MountWatch(
                directory.Path, replication.CheckInterval, replication.CheckTime, sentence => hung(directory.Path, sentence), unwatched, clock)),
        ];
    }

    private void Unwatch()
    {
        foreach (var watch in _watches) watch.Dispose();
        _watches = [];
    }
}
