// Looks at the node five times a second and publishes what has changed: a module's status, the node's, lines of the logs. Looking
// from outside costs a fraction of a percent of a core and asks nothing of the modules' threads; a change is seen within 200 ms.
using System.Text.Json;
using System.Threading.Channels;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Events;

/// <summary>Turns what changes into events.</summary>
internal sealed class EventWatch(NodeService node, ModuleRoster roster, EventHub hub, ILogger<EventWatch> log) : LastingPart
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    /// <summary>A log that speaks faster than this is cut: the page shows the newest, the file has all.</summary>
    private const int LinesPerLook = 200;

    private readonly Dictionary<string, byte[]> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<ModuleDriver, ChannelReader<LogLine>> _logs = [];
    private byte[] _node = [];

    /// <summary>A module's status was looked at: before and after, null when there was none.</summary>
    public event Action<ModuleStatus?, ModuleStatus>? ModuleChanged;

    /// <summary>A line of a module's log.</summary>
    public event Action<LogLine>? Logged;

    /// <summary>The node's status was looked at, without its modules.</summary>
    public event Action<NodeStatus, NodeStatus>? NodeChanged;

    private readonly Dictionary<string, ModuleStatus> _last = new(StringComparer.Ordinal);
    private NodeStatus? _lastNode;

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                Look();
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                log.ApiFailed(error, "LOOK", ConsolePath.Events); // What is seen next time is as good.
            }
        }
    }

    /// <summary>What changes by itself is taken out, or every look would be a change.</summary>
    private static NodeStatus Steady(NodeStatus status) => status with
    {
        Modules = [],
        Lans = [.. status.Lans.Select(lan => lan with { SilentMilliseconds = lan.SilentMilliseconds is null ? null : 0 })],
    };

    private void Look()
    {
        var status = node.Status();
        LookAtNode(status);
        foreach (var module in status.Modules) LookAtModule(module);
        foreach (var gone in _modules.Keys.Except(status.Modules.Select(module => module.Module)).ToArray())
        {
            _modules.Remove(gone);
            _last.Remove(gone);
            hub.Publish("removed", JsonSerializer.SerializeToUtf8Bytes(new ModuleRemoved(gone), ConsoleJson.Default.ModuleRemoved));
        }

        LookAtLogs();
    }

    private void LookAtNode(NodeStatus status)
    {
        var steady = Steady(status);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(steady, ApiJson.Default.NodeStatus);
        if (bytes.AsSpan().SequenceEqual(_node)) return;
        _node = bytes;
        hub.Publish("node", bytes);
        if (_lastNode is not null) NodeChanged?.Invoke(_lastNode, steady);
        _lastNode = steady;
    }

    private void LookAtModule(ModuleStatus module)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(module, ApiJson.Default.ModuleStatus);
        if (_modules.TryGetValue(module.Module, out var before) && bytes.AsSpan().SequenceEqual(before)) return;
        _modules[module.Module] = bytes;
        hub.Publish("module", bytes);
        ModuleChanged?.Invoke(_last.GetValueOrDefault(module.Module), module);
        _last[module.Module] = module;
    }

    private void LookAtLogs()
    {
        var drivers = roster.Drivers.ToHashSet();
        foreach (var gone in _logs.Keys.Where(driver => !drivers.Contains(driver)).ToArray()) _logs.Remove(gone);
        foreach (var driver in drivers)
        {
            if (!_logs.TryGetValue(driver, out var lines)) _logs[driver] = lines = driver.Log.Follow(null, 0).Next;
            for (var count = 0; count < LinesPerLook && lines.TryRead(out var line); count++)
            {
                hub.Publish("log", JsonSerializer.SerializeToUtf8Bytes(line, ApiJson.Default.LogLine));
                Logged?.Invoke(line);
            }
        }
    }
}
