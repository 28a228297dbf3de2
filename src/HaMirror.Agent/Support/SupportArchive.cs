// A .tar.gz that is written while it is sent: NODE/... for each node. Every entry is text that went through SecretFilter, or the first
// bytes of a metadata file, which hold no secret (FORMAT.md). Of a long file the end is taken. An entry that cannot be made is replaced
// by the reason: an archive of a broken node is the one that is needed.
using System.Collections.Immutable;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Monitoring;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Support;

/// <summary>Writes archives for support.</summary>
internal sealed class SupportArchive(
    AgentFiles files, AccessStore access, NodeService node, ModuleRoster roster, ModuleCatalog catalog, VersionStore versions, ChangeStore changes,
    TimelineTable timeline, OperationTable operations, NodeChannel channel, TimeProvider clock)
{
    private const int FileBytesMax = 4 << 20, HookBytesMax = 256 << 10, HeaderBytes = 4096;
    private const int HookRunsMax = 100;
    private const UnixFileMode EntryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The name that the archive should have.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"hamirror-support-{NodeName}-{clock.GetUtcNow():yyyyMMdd-HHmmss}.tar.gz");

    private string NodeName => node.Membership?.NodeName is { Length: > 0 } name ? name : "node";

    /// <param name="peer">The request to the other node for its half; null: this node alone.</param>
    /// <param name="tell">Told what is collected now, and how far it is in percent.</param>
    public async Task WriteAsync(Stream output, HttpRequestMessage? peer, string by, CancellationToken cancellation, Action<string, double>? tell = null)
    {
        // Of an archive of both nodes the other one's half is about half of the work.
        var share = peer is null ? 1.0 : 0.5;
        await using var zip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
        await using var tar = new TarWriter(zip, TarEntryFormat.Pax, leaveOpen: true);
        var filter = SecretFilter.Of(files, access);
        await AddAsync(tar, "about.txt", $"HaMirror {AgentVersion.Text}\nnode {NodeName}\nmade {clock.GetUtcNow():O} by {by}\nsecrets are replaced by (removed)\n", filter, cancellation);
        foreach (var (what, begins, part) in new (string, int, Func<TarWriter, SecretFilter, CancellationToken, Task>)[]
        {
            ("log", 0, LogsAsync), ("configuration", 30, ConfigurationAsync), ("state", 40, StateAsync), ("system", 50, SystemAsync),
        })
        {
            tell?.Invoke($"{NodeName}: {what} is collected.", begins * share);
            try
            {
                await part(tar, filter, cancellation);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                await AddAsync(tar, what + "-broken.txt", $"This part broke off: {error}\n", filter, cancellation);
            }
        }

        if (peer is null) return;
        tell?.Invoke($"{node.Membership?.PeerName ?? "The other node"} collects its part.", 100 * share);
        await PeerAsync(tar, peer, cancellation);
    }

    private async Task LogsAsync(TarWriter tar, SecretFilter filter, CancellationToken cancellation)
    {
        foreach (var file in Found(files.LogDirectory, "*.log")) await AddFileAsync(tar, "log/" + Path.GetFileName(file), file, FileBytesMax, filter.Clean, cancellation);
        foreach (var module in catalog.Names())
        {
            foreach (var file in Found(Path.GetDirectoryName(files.ModuleLogFile(module))!, "*.log"))
                await AddFileAsync(tar, $"log/{module}/{Path.GetFileName(file)}", file, FileBytesMax, filter.Clean, cancellation);
            foreach (var file in Found(files.HookLogDirectory(module), "*").OrderDescending(StringComparer.Ordinal).Take(HookRunsMax))
                await AddFileAsync(tar, $"log/{module}/hooks/{Path.GetFileName(file)}", file, HookBytesMax, filter.Clean, cancellation);
        }
    }

    private async Task ConfigurationAsync(TarWriter tar, SecretFilter filter, CancellationToken cancellation)
    {
        foreach (var (name, clean) in new (string, Func<string, string>)[] { ("cluster.xml", filter.Clean), ("node", filter.Clean), ("console.xml", filter.Clean), ("notify.xml", filter.CleanNotify) })
            await AddFileAsync(tar, "configuration/" + name, $"{files.ConfigurationDirectory}/{name}", FileBytesMax, clean, cancellation);
        var accounts = new StringBuilder();
        foreach (var user in access.Book.Users.Values.Where(user => !user.Removed)) accounts.Append(CultureInfo.InvariantCulture, $"user {user.Name} {user.Role} changed {user.Changed:O}\n");
        foreach (var key in access.Book.Keys.Values.Where(key => !key.Removed)) accounts.Append(CultureInfo.InvariantCulture, $"key {key.Name} {key.Role} made {key.Changed:O}\n");
        await AddAsync(tar, "configuration/accounts.txt", accounts.ToString(), filter, cancellation);
        foreach (var module in catalog.Names())
        {
            foreach (var (what, directory) in new[] { ("edited", files.ModuleDirectory(module)), ("active", files.ActiveConfigurationDirectory(module)) })
            {
                foreach (var file in Found(directory, "*", SearchOption.AllDirectories))
                    await AddFileAsync(tar, $"configuration/{module}/{what}/{Path.GetRelativePath(directory, file)}", file, HookBytesMax, filter.Clean, cancellation);
            }
        }
    }

    private async Task StateAsync(TarWriter tar, SecretFilter filter, CancellationToken cancellation)
    {
        await AddJsonAsync(tar, "state/status.json", node.Status(), ApiJson.Default.NodeStatus, filter, cancellation);
        await AddJsonAsync(tar, "state/operations.json", operations.List, ConsoleJson.Default.ImmutableArrayOperationStatus, filter, cancellation);
        await AddAsync(tar, "state/changes.json", JsonSerializer.Serialize(changes.All.ToArray(), SupportJson.Default.PlannedChangeArray), filter, cancellation);
        foreach (var definition in roster.Definitions)
        {
            var name = definition.Name;
            if (roster.FindDriver(name) is { } driver) await AddJsonAsync(tar, $"state/{name}/connection.json", ConnectionDryRun.Of(driver), ApiJson.Default.ConnectionReport, filter, cancellation);
            await AddJsonAsync(tar, $"state/{name}/timeline.json", timeline.Of(name, null, TimelineTable.EntriesMax), ConsoleJson.Default.ImmutableArrayTimelineEntry, filter, cancellation);
            await AddJsonAsync(tar, $"state/{name}/versions.json", versions.List(name, null), ConsoleJson.Default.ImmutableArrayModuleVersion, filter, cancellation);
            await AddAsync(tar, $"state/{name}/files.txt", Listing(files.ModuleStateDirectory(name)), filter, cancellation);
            foreach (var (what, path) in new[] { ("record", files.ReplicaRecordFile(name)), ("marks", files.MarksFile(name)), ("intentlog", files.IntentLogFile(name)) })
                await AddHeaderAsync(tar, $"state/{name}/{what}.head", path, cancellation);
        }
    }

    private async Task SystemAsync(TarWriter tar, SecretFilter filter, CancellationToken cancellation)
    {
        foreach (var (name, path) in SystemFacts.Files) await AddFileAsync(tar, "system/" + name, path, FileBytesMax, filter.Clean, cancellation);
        foreach (var (name, program, arguments) in SystemFacts.Programs)
            await AddAsync(tar, "system/" + name, await SystemFacts.RunAsync(program, arguments, cancellation), filter, cancellation);
    }

    /// <summary>The other node's half is an archive like this one; its entries are passed on as they come.</summary>
    private async Task PeerAsync(TarWriter tar, HttpRequestMessage request, CancellationToken cancellation)
    {
        var peer = node.Membership?.PeerName ?? "peer";
        try
        {
            using var answer = await channel.SendAsync(request, NodeChannel.AnswerTimeout, cancellation);
            if (!answer.IsSuccessStatusCode) throw new IOException($"it answered {(int)answer.StatusCode}.");
            // First all of it: the reader of the archive would wait in the connection, and half of it is told as missing.
            await using var whole = new FileStream($"{files.RunDirectory}/support-{Guid.NewGuid():n}", new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, UnixCreateMode = AgentFiles.FileMode,
            });
            await answer.Content.CopyToAsync(whole, cancellation);
            whole.Position = 0;
            await using var zip = new GZipStream(whole, CompressionMode.Decompress);
            await using var entries = new TarReader(zip);
            while (await entries.GetNextEntryAsync(copyData: true, cancellation) is { } entry)
            {
                if (entry.EntryType != TarEntryType.RegularFile || !entry.Name.StartsWith(peer + "/", StringComparison.Ordinal) || entry.Name.Contains("..", StringComparison.Ordinal)) continue;
                await tar.WriteEntryAsync(entry, cancellation);
            }
        }
        catch (Exception error) when (error is Refusal or IOException or HttpRequestException or InvalidDataException or FormatException)
        {
            await WriteAsync(tar, $"{peer}/missing.txt", Encoding.UTF8.GetBytes($"This part of the archive could not be fetched: {error.Message}\nRun 'hamirror support --own' on {peer} itself.\n"), cancellation);
        }
    }

    private async Task AddFileAsync(TarWriter tar, string name, string path, int bytesMax, Func<string, string> clean, CancellationToken cancellation)
    {
        string text;
        try
        {
            if (!File.Exists(path)) return;
            text = clean(await TailAsync(path, bytesMax, cancellation));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            text = $"{path} cannot be read: {error.Message}\n";
        }

        await WriteAsync(tar, $"{NodeName}/{name}", Encoding.UTF8.GetBytes(text), cancellation);
    }

    private async Task AddHeaderAsync(TarWriter tar, string name, string path, CancellationToken cancellation)
    {
        byte[] bytes;
        try
        {
            if (!File.Exists(path)) return;
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[HeaderBytes];
            bytes = buffer[..await file.ReadAtLeastAsync(buffer, HeaderBytes, throwOnEndOfStream: false, cancellation)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            bytes = Encoding.UTF8.GetBytes($"{path} cannot be read: {error.Message}\n");
        }

        await WriteAsync(tar, $"{NodeName}/{name}", bytes, cancellation);
    }

    private Task AddJsonAsync<T>(TarWriter tar, string name, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, SecretFilter filter, CancellationToken cancellation) =>
        AddAsync(tar, name, JsonSerializer.Serialize(value, type), filter, cancellation);

    private Task AddAsync(TarWriter tar, string name, string text, SecretFilter filter, CancellationToken cancellation) =>
        WriteAsync(tar, $"{NodeName}/{name}", Encoding.UTF8.GetBytes(filter.Clean(text)), cancellation);

    private async Task WriteAsync(TarWriter tar, string name, byte[] content, CancellationToken cancellation)
    {
        using var data = new MemoryStream(content);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data, Mode = EntryMode, ModificationTime = clock.GetUtcNow() }, cancellation);
    }

    private static IEnumerable<string> Found(string directory, string pattern, SearchOption depth = SearchOption.TopDirectoryOnly)
    {
        try
        {
            return Directory.Exists(directory) ? Directory.GetFiles(directory, pattern, depth) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Listing(string directory)
    {
        var text = new StringBuilder();
        foreach (var file in Found(directory, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path)).Where(file => file.Exists))
            text.Append(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc:O} {file.Length,12} {Path.GetRelativePath(directory, file.FullName)}\n");
        return text.ToString();
    }

    private static async Task<string> TailAsync(string path, int bytesMax, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.CanSeek && file.Length > bytesMax) file.Seek(-bytesMax, SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellation);
    }
}
