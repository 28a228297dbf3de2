using HaMirror.Core.Machine;

namespace HaMirror.Agent.Modules;

/// <summary>A module at the end of a step.</summary>
/// <param name="Since">When state or phase last changed.</param>
internal sealed record ModuleSnapshot(MachineView View, DateTimeOffset Since);
