using System.Net;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Checkers;
using HaMirror.Io.Heartbeats;
using HaMirror.Io.Hooks;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;
using HaMirror.Io.Records;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;
using HaMirror.Io.Witness;

namespace HaMirror.Agent.Hosting;

/// <summary>Puts a module's driver together with everything around it.</summary>
internal sealed class DriverFactory(
    AgentFiles files, ClusterMembership cluster, BootId boot, HeartbeatService heartbeats, ModuleRoster roster, ServingMounts serving,
    ILoggerFactory loggers, TimeProvider clock)
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = loggers.CreateLogger("HaMirror.Agent");

    /// <summary>Its witnesses may become others while modules run; all else stays as it was at first.</summary>
    public ClusterMembership Cluster { get; set; } = cluster;

    /// <exception cref="IOException">The module's record or log cannot be used; the message is a sentence.</exception>
    public ModuleDriver Make(ModuleDefinition definition)
    {
        var module = Complete(definition.Active) ?? throw new ArgumentException("A module without a configuration has no driver.", nameof(definition));
        var name = definition.Name;
        AgentFiles.Ensure(Path.GetDirectoryName(files.ModuleLogFile(name))!);
        var log = new ModuleLog(files.ModuleLogFile(name), name, clock);
        try
        {
            return Make(definition, module, log);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private ModuleDriver Make(ModuleDefinition definition, ModuleConfiguration module, ModuleLog log)
    {
        var name = definition.Name;
        var records = new ReplicaRecordStore(files.ReplicaRecordFile(name));
        // A disk that hangs keeps neither the driver nor, with it, the beats' content and the way to a stop.
        var patience = ModuleStorage.ReplicationOf(module).DiskPatience;
        var (recordFile, intentFile) = (new PatientFile(files.ReplicaRecordFile(name), patience), new PatientFile(files.IntentFile(name), patience));
        var preimages = new PreimagePlace(files.ModuleStateDirectory(name), Cluster.NodeName, Cluster.PeerName);
        var places = Places(name);
        var ping = new WitnessPing();

        // The driver and what it is made of know each other: the parts get the driver when it exists.
        ModuleDriver? driver = null;
        MirrorStorage? storage = null;
        var resources = new ResourceTable(log, clock);
        ModuleCheckers Checkers() => new(module, places, ping, Serves, report =>
        {
            resources.Set(report.Resource, report.Up, report.Detail);
            driver?.Post(new MachineInput.CheckerFired(report.Resource, report.Up, report.Action));
        }, clock);
        var checkers = Checkers();
        var companion = new ModuleCompanion(module, checkers, (path, sentence) => driver?.MountHung(path, sentence),
            sentence => log.Add(SayLevel.Warning, sentence), paths => serving.Set(name, paths), clock);
        var identity = new PeerIdentity(
            Cluster.Configuration.Id, name, ClusterKey.Derive(Cluster.Key, KeyUse.Replication), module.Replication?.Encryption ?? true);
        var lan = Cluster.Configuration.FindLan(module.Heart.FlowLan)
            ?? throw new IOException($"Module {name}: cluster.xml has no LAN '{module.Heart.FlowLan}' for replication.");
        driver = new ModuleDriver(new ModuleSurroundings
        {
            Definition = definition,
            Rules = Rules(module),
            Storage = events =>
            {
                storage = new MirrorStorage(
                    new MirrorStorageOptions(name, ModuleStorage.ReplicationOf(module), new IntentStore(files.MarksFile(name), files.IntentLogFile(name)), _log)
                    {
                        SummaryFile = files.ResyncSummaryFile(name),
                        Preimages = preimages,
                    }, events);
                return new ModuleStorage(storage);
            },
            Hooks = new ModuleHooks(module.User, places, log, clock),
            LoadRecord = () => LoadRecord(name, records, storage, preimages, log),
            Preimages = preimages,
            AreMarksComplete = () => storage is { AreMarksComplete: true },
            SaveRecord = record => recordFile.Replace(() =>
            {
                records.Save(record);
                // The directories hold a replica now, and nothing may be imported over it.
                if (record.Condition != ReplicaCondition.Unknown) File.Delete(files.SeedMarkFile(name));
            }),
            Intent = LoadIntent(name, log),
            SaveIntent = intent => intentFile.Replace(() => intent.Save(files.IntentFile(name))),
            AskWitness = cancellation => ping.AnyAnswersAsync(module.Witnesses, WitnessPing.DefaultTimeout, cancellation),
            Listen = (hello, accepted, refused) => new PeerListener(
                identity, new IPEndPoint(Literal(Cluster.Own(lan).LocalAddress), definition.Port), hello, accepted, _log, (remote, why) =>
                {
                    // Of a stranger the log tells; that the peer itself is refused is the module's concern.
                    if (!IPAddress.TryParse(Cluster.Other(lan).Address, out var peer) || peer.Equals(remote)) refused(why);
                }),
            Dial = (hello, port, cancellation) => PeerDialer.DialAsync(
                identity, Cluster.Other(lan).Address, port, Literal(Cluster.Own(lan).LocalAddress), hello, DialTimeout, cancellation),
            Companion = companion,
            Resources = resources,
            SayResource = (resource, up, by) => Say(checkers, resources, driver!, resource, up, by),
            Renew = (around, renewed) =>
            {
                var before = module;
                module = Complete(renewed.Active) ?? before;
                checkers = Checkers();
                companion.Renew(module, checkers);
                if (module.Replication?.ResyncBandwidth != before.Replication?.ResyncBandwidth) storage?.LimitResync(module.Replication?.ResyncBandwidth);
                if (module.Replication is { } patience) storage?.ChangePatience(patience);
                foreach (var gone in ResourcesOf(before).Except(ResourcesOf(module)))
                {
                    resources.Remove(gone);
                    driver!.Post(new MachineInput.CheckerFired(gone, Up: true, null)); // What it held back goes on.
                }

                return around with { Definition = renewed, Rules = Rules(module), Hooks = new ModuleHooks(module.User, places, log, clock) };
            },
            Decisions = new DecisionKeeper(files.DecisionFile(name), clock, log),
            BeatNow = heartbeats.BeatNow,
            Boot = boot.Short,
            Log = log,
            AgentLog = _log,
            Clock = clock,
            AbortMount = path => Shim.FuseUnmount(path, abort: 1),
        });
        return driver;
    }

    private ModuleConfiguration? Complete(ModuleConfiguration? module) => module is null ? null : Cluster.Configuration.Complete(module);

    private ModuleIntent LoadIntent(string module, ModuleLog log)
    {
        var intent = ModuleIntent.Load(files.IntentFile(module), out var refusal);
        if (refusal is not null) log.Add(SayLevel.Critical, refusal);
        return intent;
    }

    private ReplicaRecord LoadRecord(
        string module, ReplicaRecordStore records, MirrorStorage? storage, PreimagePlace preimages, ModuleLog log)
    {
        if (HeldPlaces.Find(files.ReplicaRecordFile(module)) is { } held) throw new IOException(held); // An older one may still come.
        if (!records.TryLoad(out var record, out var refusal)) throw new IOException(refusal);
        if (record.Condition != ReplicaCondition.Inconsistent) preimages.Settle();

        // Marks that cannot be read, or are gone, hide differences: nothing but a comparison of everything finds them.
        if (storage is not { AreMarksComplete: false } || record.Current.IsNone || record.CompareAll) return record;
        if (storage.MarksUnknown is null)
            log.Add(SayLevel.Critical, $"The marks file {files.MarksFile(module)} is missing; everything will be compared with the peer.");
        var compared = record with { CompareAll = true };
        records.Save(compared); // before anything is written over the files that show it
        return compared;
    }

    private HookPlaces Places(string module)
    {
        var besideProgram = Path.Combine(AppContext.BaseDirectory, "safe");
        var places = HookPlaces.Of(files.Root, module);
        return places with
        {
            Safe = Directory.Exists(besideProgram) ? besideProgram : places.Safe,
            Bin = $"{files.ActiveConfigurationDirectory(module)}/bin",
            Conf = $"{files.ActiveConfigurationDirectory(module)}/conf",
        };
    }

    private ModuleRules Rules(ModuleConfiguration module) => new()
    {
        NodeName = Cluster.NodeName,
        PeerName = Cluster.PeerName,
        IsFirstNode = Cluster.IsFirstNode,
        FailoverOn = module.Service.FailoverOn,
        DefaultPrim = module.Service.DefaultPrim,
        ManualDivergence = module.Replication?.ManualDivergence ?? false,
        MaxLoop = module.Service.MaxLoop,
        LoopInterval = module.Service.LoopInterval,
        HeartbeatTimeout = module.Heart.Timeout,
        HasWitness = !module.Witnesses.IsEmpty,
        StopTimeout = module.User?.NiceStopTimeout ?? TimeSpan.Zero,
    };

    private static IEnumerable<string> ResourcesOf(ModuleConfiguration module) =>
        module.Checks.Select(check => check.Resource).Concat((module.Errd?.Processes ?? []).Select(process => process.Resource));

    /// <summary>For module checkers: does that module serve on that node (null: on any)?</summary>
    private bool Serves(string module, string? node)
    {
        if (roster.FindDriver(module)?.Snapshot.View is not { } view) return false;
        var here = view.State is ModuleState.Alone or ModuleState.Prim && view.Phase == Phase.Ready;
        var there = view.PeerHeard && view.PeerBeat is { Serves: true, Phase: Phase.Ready };
        return node is null ? here || there : node == Cluster.NodeName ? here : there;
    }

    /// <summary>A hook's or an operator's word. Where no custom checker has the resource, it is only shown.</summary>
    private static void Say(ModuleCheckers checkers, ResourceTable resources, ModuleDriver driver, string resource, bool up, string by)
    {
        if (checkers.Say(resource, up)) return;
        resources.Set(resource, up, by);
        driver.Post(new MachineInput.CheckerFired(resource, up, null));
    }

    private static IPAddress Literal(string address)
    {
        try
        {
            return IPAddress.TryParse(address, out var literal) ? literal : Dns.GetHostAddresses(address).First();
        }
        catch (Exception error) when (error is System.Net.Sockets.SocketException or InvalidOperationException)
        {
            throw new IOException($"The address '{address}' of this node (cluster.xml) cannot be resolved: {error.Message}.", error);
        }
    }
}
