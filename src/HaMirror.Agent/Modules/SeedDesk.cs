// Seeds: where a copy may be made and put in place. Rule: nothing that a node knows to be data of its module is overwritten,
// and a module does not start while its directory is being filled.
using System.Collections.Concurrent;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Records;
using HaMirror.Io.Replication;
using HaMirror.Io.Seeds;

namespace HaMirror.Agent.Modules;

/// <summary>Exports and imports of this node, at most one for a module.</summary>
internal sealed class SeedDesk(AgentFiles files, ModuleRoster roster, ClusterStore store, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, SeedTask> _tasks = new();

    /// <summary>One for a module: its start and its import exclude each other, and no other module waits for either.</summary>
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new();

    /// <exception cref="Refusal">It must not be done, or cannot.</exception>
    public async Task<SeedReport> BeginAsync(string module, SeedRequest request)
    {
        var driver = roster.Driver(module);
        var directories = driver.Definition.Active?.Replication?.Directories ?? [];
        if (driver.Storage.Mirror is not { } storage || directories.IsEmpty)
            throw new Refusal(Refusal.Conflict, $"Module {module} replicates no directory: there is nothing to seed.",
                "Name the module of a replicated directory: 'hamirror status' shows all.");
        if (!Path.IsPathFullyQualified(request.Directory))
            throw new Refusal(Refusal.BadRequest, $"'{request.Directory}' is no absolute path.", "Write it from '/' on.");
        var cluster = store.Load() ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster.", "Make one with 'hamirror cluster init', or join one with 'hamirror cluster join'.");
        var gate = GateOf(module);
        await gate.WaitAsync();
        try
        {
            if (_tasks.TryGetValue(module, out var running) && running.Running)
                throw new Refusal(Refusal.Conflict, $"A seed {running.Request.Action} of module {module} runs already.", "'hamirror seed status' shows how far it is.");
            RefuseInside(directories, request.Directory);
            OwnMounts.RefuseInside(Path.GetFullPath(request.Directory));
            var task = request.Action switch
            {
                "export" => await ExportAsync(driver, storage, directories, cluster, request),
                "import" => Import(driver, directories, cluster, request),
                _ => throw new Refusal(Refusal.BadRequest, $"'{request.Action}' is no action: export or import."),
            };
            _tasks[module] = task;
            driver.Log.Add(SayLevel.Event, $"Action seed {request.Action} ({request.Directory}) called by {request.By ?? "operator@local"}");
            return task.Report(module, cluster.NodeName);
        }
        catch (IOException failure)
        {
            throw new Refusal(Refusal.Conflict, failure.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <exception cref="Refusal">None was begun.</exception>
    public SeedReport Show(string module) =>
        _tasks.TryGetValue(roster.Definition(module).Name, out var task)
            ? task.Report(module, store.Load()?.NodeName ?? "")
            : throw new Refusal(Refusal.NotFound, $"No seed of module {module} was exported or imported here since the agent's start.",
                $"Begin with 'hamirror seed export -m {module} --to DIR' on the node with the data, or 'hamirror seed import -m {module} --from DIR' on the other one.");

    /// <summary>Stops what runs; nothing running is no failure.</summary>
    public void Stop(string module)
    {
        if (_tasks.TryGetValue(module, out var task)) task.Stop();
    }

    /// <summary>Starts a module while no import of it runs or begins.</summary>
    /// <param name="start">Ends when the module's state says that it is started.</param>
    /// <exception cref="Refusal">The module's directory is being filled.</exception>
    public async Task StartAsync(string module, Func<Task> start)
    {
        var gate = GateOf(module);
        await gate.WaitAsync();
        try
        {
            if (_tasks.TryGetValue(module, out var task) && task is { Running: true, Request.Action: "import" })
                throw new Refusal(Refusal.Conflict, $"A seed of module {module} is being imported.", "Wait until it is done, or stop it with 'hamirror seed stop'.");
            await start();
        }
        finally
        {
            gate.Release();
        }
    }

    private SemaphoreSlim GateOf(string module) => _gates.GetOrAdd(module, _ => new SemaphoreSlim(1));

    public void Dispose()
    {
        foreach (var task in _tasks.Values) task.Dispose();
        foreach (var gate in _gates.Values) gate.Dispose();
    }

    private async Task<SeedTask> ExportAsync(
        ModuleDriver driver, Io.Storage.MirrorStorage storage, IReadOnlyList<ReplicatedDirectory> directories, ClusterMembership cluster, SeedRequest request)
    {
        var record = driver.Snapshot.View.Record;
        if (record.Condition != ReplicaCondition.UpToDate)
            throw new Refusal(Refusal.Conflict, $"The replica of module {driver.Name} on {cluster.NodeName} is not known to be up to date.",
                "Export on the node whose data is right; for a new module, start it there with --as-primary first.");
        if (Directory.Exists(request.Directory) && Directory.EnumerateFileSystemEntries(request.Directory).Any())
            throw new Refusal(Refusal.Conflict, $"{request.Directory} is not empty.", "Name a directory that does not exist, or an empty one.");
        AgentFiles.Ensure(request.Directory);
        var begun = clock.GetUtcNow();
        var view = await storage.LookAsync();
        var copy = new TreeCopy(view, directories, [.. directories.Select((_, root) => SeedManifest.Root(request.Directory, root))]);
        return new SeedTask(request, view, copy, begun, done =>
            new SeedManifest(SeedManifest.FormatKnown, cluster.Configuration.Id, driver.Name, cluster.NodeName, record.Current.Value, begun,
                clock.GetUtcNow(), directories.Count, done.Files, done.BytesTotal).Save(request.Directory), end => Tell(driver, request, end));
    }

    private SeedTask Import(ModuleDriver driver, IReadOnlyList<ReplicatedDirectory> directories, ClusterMembership cluster, SeedRequest request)
    {
        var view = driver.Snapshot.View;
        if (view.State != ModuleState.Stop)
            throw new Refusal(Refusal.Conflict, $"Module {driver.Name} runs here ({StateName.Of(view.State)}).", $"Stop it first: hamirror stop -m {driver.Name}.");
        var manifest = SeedManifest.Load(request.Directory);
        if (manifest.Module != driver.Name)
            throw new Refusal(Refusal.Conflict, $"The seed in {request.Directory} is of module {manifest.Module}, not of {driver.Name}.",
                $"Name that module with -m, or the directory of a seed of {driver.Name}.");
        if (manifest.Cluster != cluster.Configuration.Id)
            throw new Refusal(Refusal.Conflict, $"The seed in {request.Directory} was made in another cluster ({manifest.Cluster:n}).", "Export it again on the peer of this node.");
        if (manifest.Roots != directories.Count)
            throw new Refusal(Refusal.Conflict, $"The seed in {request.Directory} has {manifest.Roots} replicated directories, the module has {directories.Count} here.",
                "Configure the module as on the node that exported, then import again.");
        if (view.Record.Condition != ReplicaCondition.Unknown)
            throw new Refusal(Refusal.Conflict, $"This node has a replica of module {driver.Name} already (generation {view.Record.Current}); a seed would overwrite it.",
                "It needs no seed: 'hamirror start' compares it with the peer and copies only what differs.");
        foreach (var directory in directories)
            RefuseData(driver.Name, directory.Path);
        File.WriteAllText(files.SeedMarkFile(driver.Name), request.Directory + "\n");
        var source = ReplicaView.Of(directories, [.. directories.Select((_, root) => SeedManifest.Root(request.Directory, root))]);
        var copy = new TreeCopy(source, directories, [.. directories.Select(directory => directory.Path)]);
        return new SeedTask(request, source, copy, clock.GetUtcNow(), _ => { }, end => Tell(driver, request, end));
    }

    /// <summary>Files in a directory that no import has put there are somebody's.</summary>
    private void RefuseData(string module, string directory)
    {
        if (File.Exists(files.SeedMarkFile(module)) || !Directory.Exists(directory)) return;
        if (Directory.EnumerateFileSystemEntries(directory).FirstOrDefault(entry => Path.GetFileName(entry) != "lost+found") is { } entry)
            throw new Refusal(Refusal.Conflict, $"{directory} is not empty ({Path.GetFileName(entry)}): what is there would be lost.",
                "Move it away, or start the module without a seed: the first synchronisation compares and copies what differs.");
    }

    private static void RefuseInside(IReadOnlyList<ReplicatedDirectory> directories, string seed)
    {
        var one = Path.GetFullPath(seed).TrimEnd('/') + "/";
        foreach (var directory in directories)
        {
            var two = directory.Path.TrimEnd('/') + "/";
            if (one.StartsWith(two, StringComparison.Ordinal) || two.StartsWith(one, StringComparison.Ordinal))
                throw new Refusal(Refusal.BadRequest, $"{seed} is, holds or lies in {directory.Path}, which the module replicates.", "Name a directory outside of it.");
        }
    }

    private static void Tell(ModuleDriver driver, SeedRequest request, string? end) =>
        driver.Log.Add(end is null ? SayLevel.Event : SayLevel.Warning, end is null
            ? $"Seed {request.Action} of {request.Directory} ended."
            : $"Seed {request.Action} of {request.Directory} broke off: {end}");
}
