using HaMirror.Core.Machine;

namespace HaMirror.Agent.Modules;

/// <summary>What accompanies a module through its states: checkers, the watch over its mounts, the guard. Called by the
/// driver's thread; returns at once.</summary>
internal interface IModuleCompanion
{
    /// <summary>The mounts stand: from now on the guard aborts them when the agent dies.</summary>
    void Mounted();

    void Unmounted();

    /// <summary>After each step that changed state or phase.</summary>
    void Follow(MachineView view);
}
