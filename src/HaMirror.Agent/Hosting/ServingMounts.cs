using System.Collections.Immutable;

namespace HaMirror.Agent.Hosting;

/// <summary>Which mounts stand now, over all modules: what the guard is told to abort should the agent die.</summary>
internal sealed class ServingMounts
{
    private readonly Lock _lock = new();
    private ImmutableDictionary<string, ImmutableArray<string>> _modules = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Raised after each change, with every path; called under a lock, so in order.</summary>
    public Action<ImmutableArray<string>>? Changed { get; set; }

    public ImmutableArray<string> All
    {
        get
        {
            lock (_lock) return [.. _modules.Values.SelectMany(paths => paths)];
        }
    }

    public void Set(string module, ImmutableArray<string> paths)
    {
        lock (_lock)
        {
            _modules = _modules.SetItem(module, paths);
            Changed?.Invoke(All);
        }
    }
}
