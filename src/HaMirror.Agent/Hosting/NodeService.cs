using System.Collections.Immutable;
using System.Security.Cryptography;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Hosting;

/// <summary>This node: its cluster, its heartbeats, its modules, from the agent's start to its end.</summary>
internal sealed class NodeService(
    AgentFiles files, ModuleRoster roster, ClusterStore store, JoinServer joins, StaleMounts stale, StrayGuests guests,
    ServingMounts serving, GuardWatch guard, ILoggerFactory loggers, TimeProvider clock) : IHostedLifecycleService, IHeartbeatEvents
{
    /// <summary>Less than systemd's TimeoutStopSec of the unit, more than a guest's nice stop time-out.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(320);

    private readonly ILogger<NodeService> _log = loggers.CreateLogger<NodeService>();
    private readonly Lock _lock = new();
    private readonly DateTimeOffset _started = clock.GetUtcNow();
    private readonly CancellationTokenSource _end = new();
    private ClusterMembership? _cluster;
    private HeartbeatService? _heartbeats;
    private DriverFactory? _factory;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        roster.Load();
        await CleanAsync();
        guard.Start();
        try
        {
            if (store.Load() is { } cluster) Enter(cluster);
            else _log.NoCluster();
        }
        catch (Refusal error)
        {
            _log.ClusterRefused(error.Message); // The API stays up, so that the operator is told there too.
        }

        if (_cluster is { } joined) _log.AgentStarts(AgentVersion.Text, joined.NodeName);
        else _log.AgentStartsWithoutCluster(AgentVersion.Text);
    }

    /// <summary>The API answers by now, which hooks may need.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var driver in roster.Drivers) Boot(driver);
        return Task.CompletedTask;
    }

    /// <summary>Before the API ends, for the same reason.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        var stopped = await roster.EndAsync(EndTimeout);
        _log.AgentEnds(stopped);
        roster.Dispose(); // Ends whoever follows a log or waits for a state, or the API would wait for them.
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        joins.Dispose();
        _heartbeats?.Dispose();
        guard.Dispose();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>An earlier agent may have died: what it left behind ends before anything begins.</summary>
    private async Task CleanAsync()
    {
        var modules = roster.Definitions.Where(definition => definition.Active?.Replication is not null)
            .Select(definition => (definition.Name, Paths: definition.Active!.Replication!.Directories.Select(directory => directory.Path).ToArray()))
            .ToArray();
        var stray = stale.Remove(modules.SelectMany(module => module.Paths));
        foreach (var module in modules.Where(module => ModuleIntent.Load(files.IntentFile(module.Name), out var refusal).Running || refusal is not null)) stray.AddRange(module.Paths);
        await guests.DestroyAsync([.. stray.Distinct()]);
    }

    IReadOnlyCollection<ModuleAnnouncement> IHeartbeatEvents.Announcements()
    {
        if (_heartbeats is { } heartbeats)
        {
            heartbeats.Pulse = roster.Pulse;
            heartbeats.Timeout = roster.HeartbeatTimeout;
        }

        return roster.Announcements();
    }

    void IHeartbeatEvents.Heard(ModuleAnnouncement announcement) => roster.Hear(announcement);

    void IHeartbeatEvents.LanChanged(string lan, bool lost)
    {
        if (lost) _log.LanLost(lan);
        else _log.LanHeard(lan);
    }

    void IHeartbeatEvents.Trouble(string sentence) => _log.HeartbeatTrouble(sentence);

    /// <summary>The cluster that this node belongs to; null: none yet.</summary>
    public ClusterMembership? Membership => Volatile.Read(ref _cluster);

    /// <summary>An open change of a module's configuration.</summary>
    public Func<string, ChangeStatus?> ChangeOf { get; set; } = _ => null;

    public NodeStatus Status() => new(
        _cluster?.NodeName ?? "", _cluster?.PeerName ?? "", AgentVersion.Text, _started, Lans(),
        [.. roster.Definitions.Select(definition => Status(definition.Name))]);

    /// <exception cref="Refusal">There is no such module.</exception>
    public ModuleStatus Status(string module)
    {
        var definition = roster.Definition(module);
        var status = roster.FindDriver(module) is { } driver ? StatusReport.Of(driver, _cluster?.NodeName ?? "") : Idle(definition, module);
        return status with { Change = ChangeOf(module) };
    }

    private ModuleStatus Idle(ModuleDefinition definition, string module)
    {
        return StatusReport.Of(definition, _cluster?.NodeName ?? "", definition.Active is null
            ? $"No configuration is active yet: edit {files.ModuleConfigurationFile(module)}, then run 'hamirror module config -m {module}'."
            : "This node belongs to no cluster yet: run 'hamirror cluster init' or 'hamirror cluster join'.");
    }

    /// <exception cref="Refusal">The node belongs to no cluster.</exception>
    public ClusterStatus ClusterStatus()
    {
        var cluster = Cluster();
        var lans = Lans();
        return new ClusterStatus(cluster.Configuration.Id.ToString("n"), cluster.NodeName, cluster.PeerName, lans.Any(lan => lan is { Lost: false, SilentMilliseconds: not null }), lans, joins.Expires)
        {
            Witnesses = cluster.Configuration.Witnesses,
        };
    }

    public Task<ModuleConfiguration> ConfigureAsync(string module, string by) => roster.ConfigureAsync(module, by);

    /// <exception cref="Refusal">A name or address is wrong, or the node belongs to a cluster already.</exception>
    public JoinToken InitCluster(ClusterInitRequest request)
    {
        lock (_lock)
        {
            RefuseSecondCluster(request.Replace);
            var cluster = NewCluster(request);
            foreach (var lan in cluster.Lans) JoinServer.RefuseForeign(lan.Nodes[0].LocalAddress);
            store.Save(cluster, RandomNumberGenerator.GetBytes(ClusterStore.KeyBytes), request.Node);
            Enter(store.Load()!);
            return joins.Open(_cluster!);
        }
    }

    public JoinToken NewToken() => joins.Open(Cluster());

    public async Task<ClusterStatus> JoinClusterAsync(ClusterJoinRequest request, CancellationToken cancellation)
    {
        RefuseSecondCluster(request.Replace);
        await JoinClient.JoinAsync(request.Token, store, AgentVersion.Text, cancellation);
        lock (_lock) Enter(store.Load()!);
        return ClusterStatus();
    }

    private static ClusterConfiguration NewCluster(ClusterInitRequest request)
    {
        if (request.Node == request.Peer)
            throw new Refusal(Refusal.BadRequest, $"Both nodes are called '{request.Node}'.", "Give each node a name of its own.");
        var lans = (request.Lans.IsDefault ? [] : request.Lans).Insert(0, new LanRequest("default", request.Address, request.PeerAddress));
        var cluster = new ClusterConfiguration(Guid.NewGuid(),
        [
            .. lans.Select(lan => new LanConfiguration(lan.Name,
            [
                new NodeAddress(request.Node, lan.Address, lan.Address), new NodeAddress(request.Peer, lan.PeerAddress, lan.PeerAddress),
            ])),
        ])
        { Witnesses = request.Witnesses.IsDefault ? [] : request.Witnesses };

        // The file's own reader knows every rule of names and addresses; what it refuses is never written.
        var parsed = ClusterXml.Parse(ClusterXml.Write(cluster), "cluster.xml");
        return parsed.Succeeded
            ? parsed.Value
            : throw new Refusal(Refusal.BadRequest, parsed.Errors[0].Text, "Correct the names and addresses of 'hamirror cluster init'.");
    }

    /// <summary>A cluster.xml with other LANs, of the same cluster.</summary>
    /// <exception cref="Refusal">It is wrong, not of this cluster, or has an address that this node lacks; or a module runs.</exception>
    public ClusterConfiguration RefuseCluster(string text)
    {
        var cluster = Cluster();
        var parsed = ClusterXml.Parse(text, "cluster.xml");
        if (!parsed.Succeeded)
            throw new Refusal(Refusal.Unprocessable, $"{cluster.NodeName}: {parsed.Errors[0].Text}", "Correct the names and addresses.") { Errors = [.. parsed.Errors.Select(error => error.ToString())] };
        var changed = parsed.Value;
        if (changed.Id != cluster.Configuration.Id || changed.Port != cluster.Configuration.Port || !changed.NodeNames.Order(StringComparer.Ordinal).SequenceEqual(cluster.Configuration.NodeNames.Order(StringComparer.Ordinal)))
            throw new Refusal(Refusal.BadRequest, "The identity, the port and the names of the nodes of a cluster stay as they are.", "Make a new cluster with 'hamirror cluster init --replace' instead.");
        foreach (var lan in changed.Lans) JoinServer.RefuseForeign(new ClusterMembership(changed, cluster.NodeName, cluster.Key).Own(lan).LocalAddress);
        var misfit = roster.Definitions.Where(definition => definition.Active is not null).SelectMany(definition => changed.Misfits(definition.Active!)).FirstOrDefault();
        if (misfit is not null) throw new Refusal(Refusal.Conflict, $"{cluster.NodeName}: {misfit}", "Change the module's heartbeats first.");
        if (!changed.HasSameLans(cluster.Configuration) && roster.Drivers.FirstOrDefault(driver => driver.Snapshot.View.State != ModuleState.Stop) is { } running)
            throw new Refusal(Refusal.Conflict, $"Module {running.Name} runs on {cluster.NodeName}; LANs change only while all modules are stopped.", "Stop all modules on both nodes first: hamirror stop -m all.");
        return changed;
    }

    /// <summary>Makes such a file the cluster's, at once: other witnesses while modules run, other LANs while they are stopped.</summary>
    public async Task ChangeClusterAsync(string text)
    {
        ClusterConfiguration changed;
        lock (_lock)
        {
            var cluster = Cluster();
            changed = RefuseCluster(text);
            store.Replace(changed);
            if (!changed.HasSameLans(cluster.Configuration))
            {
                Enter(store.Load()!);
                return;
            }

            _cluster = cluster with { Configuration = changed };
            if (_factory is { } factory) factory.Cluster = _cluster;
        }

        await roster.RenewAsync(changed);
    }

    private void RefuseSecondCluster(bool replace)
    {
        if (_cluster is { } cluster && !replace)
            throw new Refusal(Refusal.Conflict, $"This node is '{cluster.NodeName}' of a cluster with '{cluster.PeerName}' already.",
                "For another join token run 'hamirror cluster token'; to begin anew add --replace.");
        if (roster.Drivers.FirstOrDefault(driver => driver.Snapshot.View.State != ModuleState.Stop) is { } running)
            throw new Refusal(Refusal.Conflict, $"Module {running.Name} is running.", "Stop all modules first: hamirror stop.");
    }

    private ClusterMembership Cluster() =>
        _cluster ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.");

    /// <summary>Begins to beat and gives each module its driver. All modules are stopped.</summary>
    private void Enter(ClusterMembership cluster)
    {
        roster.Leave();
        _heartbeats?.Dispose();
        var boot = BootId.New();
        var session = new HeartbeatSession(cluster.Key, cluster.Configuration.Id, cluster.NodeName, cluster.PeerName, boot);
        var heartbeats = new HeartbeatService(session, cluster.Paths, cluster.Configuration.Port, this, clock);
        var factory = new DriverFactory(files, cluster, boot, heartbeats, roster, serving, loggers, clock);
        (_cluster, _heartbeats, _factory) = (cluster, heartbeats, factory);
        roster.Join(cluster.Configuration, factory.Make);
        heartbeats.Start();
        _log.ClusterInUse(cluster.Configuration.Id, cluster.NodeName, cluster.PeerName);
    }

    private ImmutableArray<LanStatus> Lans()
    {
        if (_cluster is not { } cluster || _heartbeats is not { } heartbeats) return [];
        return
        [
            .. heartbeats.Lans.Select(lan => new LanStatus(
                lan.Path.Name, lan.Path.LocalAddress, lan.Path.PeerAddress, lan.Silent?.TotalMilliseconds, lan.Lost, lan.Refusal)),
        ];
    }

    /// <summary>Starts the module if its boot policy and what it did before say so.</summary>
    private void Boot(ModuleDriver driver)
    {
        var service = driver.Definition.Active!.Service;
        var start = service.Boot switch
        {
            BootPolicy.On => true,
            BootPolicy.Off => false,
            _ => driver.Intent.Running,
        };
        if (!start) return;
        var rebooted = driver.Intent.HostBoot != ModuleIntent.PresentHostBoot();
        _ = Task.Run(async () =>
        {
            if (rebooted) await Task.Delay(service.BootDelay, clock, _end.Token);
            var by = rebooted ? "boot" : "restart of hamirrord";
            if (driver.Snapshot.View.State == ModuleState.Stop)
                await driver.CommandAsync(new MachineInput.Command(OperatorCommand.Start) { By = $"agent: {by}" });
        }, _end.Token);
    }
}
