// .changes/KEY below /var/lib/hamirror: change.json and files/. A directory appears whole (it is made beside and renamed); its
// change.json is replaced when the change is decided or carried out here; it goes away with change.json first, so that what is left
// of one that was cut short is none. One change for each module at a time: a second one is refused while the first is there.
using System.Collections.Immutable;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Changes;

/// <summary>The changes that this node has prepared.</summary>
internal sealed class ChangeStore(AgentFiles files)
{
    private const string Note = "change.json", Content = "files", ClusterPath = "conf/cluster.xml";

    private readonly Lock _lock = new();
    private Dictionary<string, PlannedChange>? _open; // As on the disk: statuses ask for it all the time.

    public ImmutableArray<PlannedChange> All
    {
        get
        {
            lock (_lock) return [.. Open.Values];
        }
    }

    public PlannedChange? Find(string key)
    {
        lock (_lock) return Open.GetValueOrDefault(key);
    }

    public PlannedChange? FindId(string id) => All.FirstOrDefault(change => change.Id == id);

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="Refusal">Another change waits.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Prepare(PlannedChange change, ImmutableArray<ModuleFile> content)
    {
        lock (_lock)
        {
            if (Open.GetValueOrDefault(change.Key) is { } other)
            {
                if (other.Id == change.Id) return;
                throw new Refusal(Refusal.Conflict, $"Another change of {What(change)} by {other.By} from {other.Time:yyyy-MM-dd HH:mm:ss} UTC is not over yet.",
                    "It ends by itself once both nodes are there; 'hamirror change list' shows what it waits for.");
            }

            var next = Place(change.Key) + ".next";
            if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
            if (Directory.Exists(Place(change.Key))) Directory.Delete(Place(change.Key), recursive: true);
            AgentFiles.Ensure(next);
            if (change.Kind == ChangeKind.Apply) ModuleContent.Of(content).Write($"{next}/{Content}");
            else if (change.Kind == ChangeKind.Cluster) AtomicFile.Replace($"{next}/{Content}/{ClusterPath}", System.Text.Encoding.UTF8.GetBytes(content[0].Text ?? ""));
            AtomicFile.Replace($"{next}/{Note}", JsonSerializer.SerializeToUtf8Bytes(change, ChangeJson.Default.PlannedChange));
            DirectoryPlace.Put(next, Place(change.Key));
            Open[change.Key] = change;
        }
    }

    /// <summary>Replaces what is noted of a change that is there.</summary>
    public void Save(PlannedChange change)
    {
        lock (_lock)
        {
            AtomicFile.Replace($"{Place(change.Key)}/{Note}", JsonSerializer.SerializeToUtf8Bytes(change, ChangeJson.Default.PlannedChange));
            Open[change.Key] = change;
        }
    }

    /// <summary>The change is over.</summary>
    public void Remove(PlannedChange change)
    {
        lock (_lock)
        {
            if (Open.GetValueOrDefault(change.Key)?.Id != change.Id) return;
            Open.Remove(change.Key);
            File.Delete($"{Place(change.Key)}/{Note}");
            AtomicFile.SyncDirectory(Place(change.Key));
            Directory.Delete(Place(change.Key), recursive: true);
        }
    }

    public ModuleContent ContentOf(PlannedChange change) => ModuleContent.Read($"{Place(change.Key)}/{Content}");

    public string ClusterOf(PlannedChange change) => File.ReadAllText($"{Place(change.Key)}/{Content}/{ClusterPath}");

    public static string What(PlannedChange change) => change.Kind == ChangeKind.Cluster ? "the cluster's configuration" : $"the configuration of module {change.Module}";

    private Dictionary<string, PlannedChange> Open => _open ??= Directory.Exists(files.ChangesDirectory)
        ? Directory.GetDirectories(files.ChangesDirectory).Select(Load).OfType<PlannedChange>().ToDictionary(change => change.Key, StringComparer.Ordinal)
        : new Dictionary<string, PlannedChange>(StringComparer.Ordinal);

    private string Place(string key) => $"{files.ChangesDirectory}/{key}";

    private static PlannedChange? Load(string directory)
    {
        try
        {
            return directory.EndsWith(".next", StringComparison.Ordinal) || !File.Exists($"{directory}/{Note}") ? null
                : JsonSerializer.Deserialize(File.ReadAllBytes($"{directory}/{Note}"), ChangeJson.Default.PlannedChange);
        }
        catch (JsonException error)
        {
            throw new IOException($"{directory}/{Note} is damaged: {error.Message} Remove {directory}; nothing of it is in force.", error);
        }
    }
}
