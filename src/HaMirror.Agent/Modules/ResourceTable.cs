using System.Collections.Immutable;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;

namespace HaMirror.Agent.Modules;

/// <summary>What is up and down in a module, as its checkers and hooks have said. Safe to use from several threads.</summary>
internal sealed class ResourceTable(ModuleLog log, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, ResourceStatus> _resources =
        ImmutableSortedDictionary.Create<string, ResourceStatus>(StringComparer.Ordinal);

    public ImmutableArray<ResourceStatus> All
    {
        get
        {
            lock (_lock) return [.. _resources.Values];
        }
    }

    public ResourceStatus? Find(string name)
    {
        lock (_lock) return _resources.GetValueOrDefault(name);
    }

    /// <param name="by">The checker or the caller, for the log.</param>
    public void Set(string name, bool up, string by) => Put(name, up ? "up" : "down", by);

    /// <summary>No checker sets it any more.</summary>
    public void Remove(string name)
    {
        lock (_lock) _resources = _resources.Remove(name);
    }

    private void Put(string name, string state, string by)
    {
        lock (_lock)
        {
            if (_resources.GetValueOrDefault(name)?.State == state) return;
            _resources = _resources.SetItem(name, new ResourceStatus(name, state, clock.GetUtcNow()));
        }

        log.Add(SayLevel.Event, $"Resource {name} set to {state} by {by}");
    }
}
