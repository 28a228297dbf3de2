using System.Collections.Concurrent;
using System.Collections.Immutable;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Agent.Modules;

/// <summary>The modules of this node: their definitions, and a driver for each that can run.</summary>
/// <remarks>A driver exists exactly for a module with a usable active configuration on a node that belongs to a cluster; it
/// beats while stopped too, so that the peer knows what this replica is worth. Changes are made one at a time.</remarks>
internal sealed class ModuleRoster(ModuleCatalog catalog, ILogger<ModuleRoster> log) : IDisposable
{
    /// <summary>A driver that waits for a disk takes a changed configuration when it goes on.</summary>
    private static readonly TimeSpan ReloadTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _changes = new(1);
    private readonly ConcurrentDictionary<string, ModuleDefinition> _definitions = new();
    private readonly ConcurrentDictionary<string, ModuleDriver> _drivers = new();
    private Func<ModuleDefinition, ModuleDriver>? _makeDriver;
    private ClusterConfiguration? _cluster;

    public ImmutableArray<ModuleDefinition> Definitions =>
        [.. _definitions.Values.OrderBy(definition => definition.Name, StringComparer.Ordinal)];

    public IEnumerable<ModuleDriver> Drivers => _drivers.Values;

    /// <summary>Called before each announcement round and after each change: what the smallest pulse of all modules is.</summary>
    public TimeSpan Pulse => Smallest(heart => heart.Pulse, TimeSpan.FromMilliseconds(200));

    public TimeSpan HeartbeatTimeout => Smallest(heart => heart.Timeout, TimeSpan.FromSeconds(3));

    public IReadOnlyCollection<ModuleAnnouncement> Announcements() => [.. _drivers.Values.Select(driver => driver.Announcement)];

    public void Hear(ModuleAnnouncement announcement)
    {
        if (_drivers.TryGetValue(announcement.Module, out var driver)) driver.Hear(announcement);
    }

    /// <summary>Reads what is on disk; makes no driver yet.</summary>
    public void Load()
    {
        foreach (var name in catalog.Names()) LoadOne(name);
    }

    /// <summary>The node belongs to a cluster: every module that can gets a driver.</summary>
    public void Join(ClusterConfiguration cluster, Func<ModuleDefinition, ModuleDriver> makeDriver)
    {
        (_cluster, _makeDriver) = (cluster, makeDriver);
        foreach (var definition in Definitions) Drive(definition);
    }

    /// <summary>The node belongs to no cluster, or to another one from now on. All modules are stopped.</summary>
    public void Leave()
    {
        (_cluster, _makeDriver) = (null, null);
        foreach (var name in _drivers.Keys)
        {
            if (_drivers.TryRemove(name, out var driver)) driver.Dispose();
        }
    }

    /// <exception cref="Refusal">There is no such module.</exception>
    public ModuleDefinition Definition(string module) =>
        _definitions.TryGetValue(module, out var definition)
            ? definition
            : throw new Refusal(Refusal.NotFound, $"There is no module '{module}' on this node.",
                $"{(_definitions.IsEmpty ? "This node has none yet; make one with 'hamirror module add'" : "Its modules are: " + string.Join(", ", Definitions.Select(one => one.Name)))}.");

    public ModuleDriver? FindDriver(string module) => _drivers.GetValueOrDefault(module);

    /// <exception cref="Refusal">The module cannot run, and why.</exception>
    public ModuleDriver Driver(string module)
    {
        var definition = Definition(module);
        if (_drivers.TryGetValue(module, out var driver)) return driver;
        if (definition.Fault is { } fault)
            throw new Refusal(Refusal.Conflict, fault, $"Correct it and run 'hamirror module config -m {module}'.");
        throw definition.Active is null
            ? new Refusal(Refusal.Conflict, $"Module {module} has no active configuration yet.",
                $"Edit its userconfig.xml, then run 'hamirror module config -m {module}'.")
            : new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join' first.");
    }

    public async Task<ModuleConfigured> AddAsync(ModuleAddRequest request)
    {
        await _changes.WaitAsync();
        try
        {
            var directory = catalog.Add(request);
            LoadOne(request.Name);
            return new ModuleConfigured(request.Name, directory, false, []);
        }
        finally
        {
            _changes.Release();
        }
    }

    public ModuleConfiguration Check(string module)
    {
        Definition(module);
        return catalog.Check(module, _cluster, Definitions);
    }

    /// <summary>Checks what the operator edits and makes it the active configuration.</summary>
    public async Task<ModuleConfiguration> ConfigureAsync(string module, string by)
    {
        await _changes.WaitAsync();
        try
        {
            var checkedConfiguration = Check(module);
            Retire(module, "Stop it first: hamirror stop -m " + module + ".");
            catalog.Activate(module, by);
            Drive(LoadOne(module));
            return checkedConfiguration;
        }
        finally
        {
            _changes.Release();
        }
    }

    public async Task RemoveAsync(string module)
    {
        await _changes.WaitAsync();
        try
        {
            Retire(module, "Stop it first: hamirror stop -m " + module + ".");
            catalog.Remove(module);
            _definitions.TryRemove(module, out _);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Makes these files the module's configuration; while it runs, if it can take them.</summary>
    /// <exception cref="Refusal">The module runs and would have to stop first.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task InstallAsync(string module, ModuleContent content, string by, string? comment, bool needsStop)
    {
        await _changes.WaitAsync();
        try
        {
            if (!needsStop && _drivers.TryGetValue(module, out var driver) && driver.Snapshot.View.State != ModuleState.Stop)
            {
                catalog.Install(module, content, by, comment);
                await ReloadAsync(driver, LoadOne(module));
                return;
            }

            Retire(module, "Stop it first: hamirror stop -m " + module + ".");
            catalog.Install(module, content, by, comment);
            Drive(LoadOne(module));
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>The cluster has other witnesses: drivers take them while they run.</summary>
    public async Task RenewAsync(ClusterConfiguration cluster)
    {
        await _changes.WaitAsync();
        try
        {
            _cluster = cluster;
            foreach (var driver in _drivers.Values) await ReloadAsync(driver, driver.Definition);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Whether the module runs on this node.</summary>
    public ModuleState StateOf(string module) => _drivers.TryGetValue(module, out var driver) ? driver.Snapshot.View.State : ModuleState.Stop;

    /// <summary>Ends every module in order, all at the same time.</summary>
    /// <returns>How many were stopped.</returns>
    public async Task<int> EndAsync(TimeSpan timeout)
    {
        var ends = _drivers.Values.Select(async driver =>
        {
            if (await driver.EndAsync(timeout)) return true;
            log.ModuleLeft(driver.Name, timeout.TotalSeconds);
            return false;
        });
        return (await Task.WhenAll(ends)).Count(stopped => stopped);
    }

    public void Dispose()
    {
        Leave();
        _changes.Dispose();
    }

    private static async Task ReloadAsync(ModuleDriver driver, ModuleDefinition definition)
    {
        try
        {
            await driver.ReloadAsync(definition).WaitAsync(ReloadTimeout);
        }
        catch (TimeoutException)
        {
            driver.Log.Add(SayLevel.Warning, "The changed configuration counts as soon as the module's present step has ended, which waits for a disk.");
        }
    }

    private TimeSpan Smallest(Func<HeartConfiguration, TimeSpan> member, TimeSpan none)
    {
        var values = _definitions.Values.Where(definition => definition.Active is not null)
            .Select(definition => member(definition.Active!.Heart)).ToArray();
        return values.Length == 0 ? none : values.Min();
    }

    private ModuleDefinition LoadOne(string module)
    {
        var definition = catalog.Load(module);
        if (definition.Fault is { } fault) log.ModuleRefused(module, fault);
        return _definitions[module] = definition;
    }

    private void Drive(ModuleDefinition definition)
    {
        if (definition.Active is null || _makeDriver is null || _drivers.ContainsKey(definition.Name)) return;
        try
        {
            var driver = _makeDriver(definition);
            _drivers[definition.Name] = driver;
            driver.Start();
        }
        catch (IOException error)
        {
            _definitions[definition.Name] = definition with { Fault = error.Message };
            log.ModuleRefused(definition.Name, error.Message);
        }
    }

    private void Retire(string module, string remedy)
    {
        if (!_drivers.TryGetValue(module, out var driver)) return;
        if (driver.Snapshot.View.State != ModuleState.Stop)
            throw new Refusal(Refusal.Conflict, $"Module {module} is running ({StateName.Of(driver.Snapshot.View.State)}).", remedy);
        _drivers.TryRemove(module, out _);
        driver.Dispose();
    }
}
