// versions/ID below a module's state: the files as they were active, and version.json beside them: who made them so, when and why.
// The newest VersionsMax are kept. A version that becomes active again is written anew, so the order is that of activation.
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Modules;

/// <summary>What is written beside a version's files.</summary>
internal sealed record VersionNote(DateTimeOffset Time, string By, string? Comment);

/// <summary>The last configurations of each module.</summary>
internal sealed class VersionStore(AgentFiles files, TimeProvider clock)
{
    public const int VersionsMax = 10;
    private const string Note = "version.json", Content = "files";

    /// <summary>Keeps what has become active.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Keep(string module, ModuleContent content, string by, string? comment)
    {
        var directory = files.VersionsDirectory(module);
        AgentFiles.Ensure(directory);
        var next = $"{directory}/.next";
        if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
        content.Write($"{next}/{Content}");
        AtomicFile.Replace($"{next}/{Note}", JsonSerializer.SerializeToUtf8Bytes(new VersionNote(clock.GetUtcNow(), by, comment), VersionJson.Default.VersionNote));
        DirectoryPlace.Put(next, $"{directory}/{content.Version}");
        foreach (var old in All(module).Skip(VersionsMax)) Directory.Delete($"{directory}/{old.Id}", recursive: true);
    }

    /// <summary>Newest first.</summary>
    public ImmutableArray<ModuleVersion> List(string module, string? active) =>
        [.. All(module).Select(version => new ModuleVersion(version.Id, version.Note.Time, version.Note.By, version.Note.Comment, version.Id == active))];

    /// <exception cref="Refusal">There is no such version.</exception>
    public (ModuleContent Content, VersionNote Note) Read(string module, string id) =>
        All(module).FirstOrDefault(version => version.Id == id) is { Id: not null } found
            ? (ModuleContent.Read($"{files.VersionsDirectory(module)}/{found.Id}/{Content}"), found.Note)
            : throw new Refusal(Refusal.NotFound, $"Module {module} has no version of that name here.", $"'hamirror module versions {module}' lists the last {VersionsMax}.");

    private IEnumerable<(string Id, VersionNote Note)> All(string module)
    {
        var directory = files.VersionsDirectory(module);
        if (!Directory.Exists(directory)) return [];
        return Directory.GetDirectories(directory).Select(path => (Id: Path.GetFileName(path)!, Note: Load(path)))
            .Where(version => version.Note is not null && !version.Id.StartsWith('.')).Select(version => (version.Id, version.Note!))
            .OrderByDescending(version => version.Item2.Time).ToArray();
    }

    private static VersionNote? Load(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes($"{directory}/{Note}"), VersionJson.Default.VersionNote);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null; // Cut short while it was written or removed: no version.
        }
    }
}

[JsonSerializable(typeof(VersionNote))]
internal sealed partial class VersionJson : JsonSerializerContext;
