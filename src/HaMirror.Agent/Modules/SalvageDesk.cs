// What an operator does with salvage sets.
// Invariant: a mount of this agent's own is written to by other processes only: a thread of this one that waits in it could not
// be ended when the mount hangs.
using System.Collections.Immutable;
using System.Diagnostics;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Preimages;

namespace HaMirror.Agent.Modules;

/// <summary>Lists, exports, restores and removes the salvage sets of a module.</summary>
internal sealed class SalvageDesk(ModuleDriver driver, string stateDirectory)
{
    private readonly SalvageStore _store = new(
        stateDirectory, [.. driver.Definition.Active?.Replication?.Directories.Select(directory => directory.Path) ?? []]);

    public ImmutableArray<SalvageSetStatus> List() => [.. _store.List().Select(set => Status(set, withFiles: false))];

    public SalvageSetStatus Show(string id) => Status(Find(id), withFiles: true);

    public SalvageWritten Export(string id, SalvageExportRequest request, SalvageTask task)
    {
        if (!request.Directory.StartsWith('/')) throw new Refusal(Refusal.BadRequest, $"'{request.Directory}' is no absolute path.", "Write it from '/' on.");
        var directory = Path.GetFullPath(request.Directory).TrimEnd('/');
        var files = request.Files.IsDefault ? [] : request.Files;
        var written = Write(id, files, path => Fresh(Outside(directory + path)), task);
        driver.Log.Add(SayLevel.Event, $"Salvage set {id}: {written.Files.Length} files exported to {directory}/ by {request.By}");
        return written;
    }

    /// <exception cref="Refusal">Files of the set cannot be put back here or now.</exception>
    public void JudgeRestore(string id, SalvageRestoreRequest request)
    {
        var set = Find(id);
        if (driver.Snapshot.View is not { State: ModuleState.Alone or ModuleState.Prim, Phase: Phase.Ready })
            throw new Refusal(Refusal.Conflict,
                $"Files are put back through the mount of the node that serves, and this node is {StateName.Of(driver.Snapshot.View.State)} "
                + $"{driver.Snapshot.View.Phase}.",
                $"'hamirror swap -m {driver.Name}' makes it serve; or 'hamirror salvage export' here, and copy the files to the node that serves.");
        if (set.IsOpen) throw new Refusal(Refusal.Conflict, "The resync of this set has not ended yet.", "Wait until the module is green.");
        if (request.Files.IsDefaultOrEmpty) throw new Refusal(Refusal.BadRequest, "Say which files are to be put back.", $"'hamirror salvage show {id}' lists them.");
    }

    /// <summary>Puts losing versions back, where the module serves.</summary>
    public async Task<SalvageWritten> RestoreAsync(string id, SalvageRestoreRequest request, SalvageTask task)
    {
        JudgeRestore(id, request);
        var set = Find(id);
        var beside = Directory.CreateDirectory(Path.Combine(stateDirectory, $"restore-{Guid.NewGuid():n}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        try
        {
            var written = Write(id, request.Files, path => Fresh(beside + path), task);
            foreach (var file in written.Files)
            {
                var next = file.Path + ".hamirror-restored";
                try
                {
                    await RunAsync(task, file, "mkdir", "-p", "--", Path.GetDirectoryName(file.Path)!);
                    await RunAsync(task, file, "cp", "-a", "--sparse=always", "--remove-destination", "-T", "--", file.WrittenTo, next);
                    await RunAsync(task, file, "mv", "-f", "-T", "--", next, file.Path);
                }
                catch (OperationCanceledException)
                {
                    await RunAsync(null, file, "rm", "-f", "--", next);
                    throw;
                }

                await RunAsync(null, file, "sync", "--", Path.GetDirectoryName(file.Path)!);
                task.PutBack(set.Files.FirstOrDefault(one => one.Path == file.Path) is { IsWhole: true } whole ? whole.SavedBytes : file.Size);
                driver.Log.Add(SayLevel.Event, $"Salvage set {id}: {file.Path} was put back as {set.Node} had it, by {request.By}");
            }

            return new SalvageWritten([.. written.Files.Select(file => file with { WrittenTo = file.Path })]);
        }
        finally
        {
            Directory.Delete(beside, recursive: true);
        }
    }

    public void Remove(string id, string? by)
    {
        if (Find(id).IsOpen || !_store.Remove(id)) throw new Refusal(Refusal.Conflict, "The resync of this set has not ended yet.", "Wait until the module is green.");
        driver.Storage.Mirror?.SweepKept();
        driver.Log.Add(SayLevel.Event, $"Salvage set {id} was removed by {by}");
    }

    /// <summary>What the status notes of them; null: nothing.</summary>
    public static string? Note(int count, string module) => count switch
    {
        0 => null,
        _ => $"{(count == 1 ? "A salvage set keeps" : $"{count} salvage sets keep")} what only this node held when it lost a divergence: "
            + $"'hamirror salvage list -m {module}' shows it, 'hamirror salvage remove' ends this note.",
    };

    private SalvageSet Find(string id) => _store.Find(id)
        ?? throw new Refusal(Refusal.NotFound, $"There is no salvage set '{id}' of module {driver.Name} on this node.", "'hamirror salvage list' shows those that there are.");

    private SalvageWritten Write(string id, ImmutableArray<string> files, Func<string, string> target, SalvageTask task)
    {
        var set = Find(id);
        if (set.Fault is { } fault) throw new Refusal(Refusal.Conflict, fault);
        var places = new Dictionary<string, string>();
        try
        {
            var written = _store.Write(id, files, path => places[path] = target(path), task.Written, task.Cancellation);
            return new SalvageWritten([.. written.Select(file => new SalvageWrittenFile(file.Path, places[file.Path], file.Size, file.IsWhole))]);
        }
        catch (IOException failure)
        {
            throw new Refusal(Refusal.Conflict, failure.Message);
        }
    }

    /// <summary>The path, when nothing is there; its directory exists then.</summary>
    private static string Fresh(string path)
    {
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null) throw new IOException($"{path} exists already: export to an empty directory.");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>The path, when it is not replicated: beside the mount of a stopped module nobody would mark what is written.</summary>
    private string Outside(string path)
    {
        var replicated = driver.Definition.Active?.Replication?.Directories.Select(one => one.Path.TrimEnd('/') + "/")
            .FirstOrDefault(one => (path + "/").StartsWith(one, StringComparison.Ordinal));
        return replicated is null
            ? path
            : throw new Refusal(Refusal.Conflict, $"{path} lies in {replicated}, which is replicated.", "Export to another place.");
    }

    /// <param name="task">Ends the process when it is stopped; null: nothing does.</param>
    private static async Task RunAsync(SalvageTask? task, SalvageWrittenFile file, string program, params string[] arguments)
    {
        using var child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })
            ?? throw new Refusal(StatusCodes.Status500InternalServerError, $"{program} could not be started, which puts the files back.", "Install coreutils on this node, then run the command again.");
        var saying = child.StandardError.ReadToEndAsync();
        if (task is not null) await task.FollowAsync(child, file.Path);
        await child.WaitForExitAsync();
        var said = await saying;
        if (child.ExitCode != 0)
            throw new Refusal(Refusal.Conflict, $"{file.Path} could not be put back: {program}: {said.Trim()}", "What was put back before it stays.");
    }

    private static SalvageSetStatus Status(SalvageSet set, bool withFiles) => new(
        set.Id, set.Began, set.Node, set.Peer, set.Generation, set.Kept, set.Files.Count, set.Bytes, set.IsOpen, set.Fault,
        withFiles ? [.. set.Files.Select(file => new SalvageFileStatus(file.Path, file.Size, file.SavedBytes, file.IsGone, file.IsWhole))] : []);
}
