// The files of a module's configuration, in memory: conf/userconfig.xml, the hooks below bin, and what else lies beside them. This is
// what goes over the API and between the nodes, so names and sizes are bounded here, and nothing but a name of these can become a path.
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Modules;

/// <summary>All files of a module, in the order of their paths.</summary>
internal sealed partial class ModuleContent
{
    public const string XmlPath = "conf/userconfig.xml";
    public const int FilesMax = 200;
    public const int FileBytesMax = 512 << 10;
    public const int TotalBytesMax = 1 << 20;
    private const int DepthMax = 4;
    private const UnixFileMode ProgramMode = AgentFiles.DirectoryMode;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ImmutableArray<Entry> _entries;

    private sealed record Entry(string Path, byte[] Bytes, bool Executable);

    private ModuleContent(IEnumerable<Entry> entries) => _entries = [.. entries.OrderBy(entry => entry.Path, StringComparer.Ordinal)];

    /// <summary>Of names, permissions to execute and contents; never 0, which means unknown.</summary>
    public ulong Hash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var entry in _entries) Append(hash, entry.Path, entry.Executable, SHA256.HashData(entry.Bytes));
            return Finish(hash);
        }
    }

    public string Version => Text(Hash);

    /// <summary>The same of a directory of any size; the files themselves are not kept.</summary>
    public static ulong HashOf(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal))
        {
            var file = Path.Combine(directory, path);
            using var content = File.OpenRead(file);
            Append(hash, path, (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0, SHA256.HashData(content));
        }

        return Finish(hash);
    }

    /// <summary>userconfig.xml; empty when there is none.</summary>
    public string Xml => _entries.FirstOrDefault(entry => entry.Path == XmlPath) is { } entry ? Encoding.UTF8.GetString(entry.Bytes) : "";

    public IEnumerable<string> Paths => _entries.Select(entry => entry.Path);

    /// <summary>Programs below bin, and whether they can be executed.</summary>
    public IEnumerable<(string Name, bool Executable)> Hooks =>
        _entries.Where(entry => entry.Path.StartsWith("bin/", StringComparison.Ordinal)).Select(entry => (entry.Path["bin/".Length..], entry.Executable));

    public ImmutableArray<ModuleFile> Files =>
        [.. _entries.Select(entry => Decode(entry.Bytes) is { } text ? new ModuleFile(entry.Path, text, null, entry.Executable) : new ModuleFile(entry.Path, null, Convert.ToBase64String(entry.Bytes), entry.Executable))];

    public static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>As it came in a request.</summary>
    /// <exception cref="Refusal">A name is no name of a file, one is missing or twice there, or something is too long.</exception>
    public static ModuleContent Of(ImmutableArray<ModuleFile> files)
    {
        if (files.IsDefaultOrEmpty) throw new Refusal(Refusal.BadRequest, "The draft has no files.", $"Send all files of the module, {XmlPath} among them.");
        if (files.Length > FilesMax) throw new Refusal(Refusal.BadRequest, $"The draft has {files.Length} files; a module has at most {FilesMax}.");
        var entries = files.Select(file => new Entry(Checked(file), Encode(file), file.Executable)).ToArray();
        if (entries.GroupBy(entry => entry.Path).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new Refusal(Refusal.BadRequest, $"The draft has {twice.Key} twice.");
        if (entries.FirstOrDefault(entry => entries.Any(other => other.Path.StartsWith(entry.Path + "/", StringComparison.Ordinal))) is { } both)
            throw new Refusal(Refusal.BadRequest, $"{both.Path} is a file and a directory in this draft.");
        if (entries.Sum(entry => (long)entry.Bytes.Length) > TotalBytesMax)
            throw new Refusal(Refusal.BadRequest, $"The files of a module have at most {TotalBytesMax} bytes together.", "Keep large files elsewhere on both nodes.");
        return entries.Any(entry => entry.Path == XmlPath)
            ? new ModuleContent(entries)
            : throw new Refusal(Refusal.BadRequest, $"The draft has no {XmlPath}.");
    }

    /// <summary>As it lies on the disk.</summary>
    /// <exception cref="Refusal">Something there cannot go over the API.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ModuleContent Read(string directory)
    {
        var entries = new List<Entry>();
        var total = 0L;
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(directory, file);
            if (Fault(path) is { } fault) throw TooMuch(directory, fault);
            var length = new FileInfo(file).Length;
            total += length;
            if (length > FileBytesMax || total > TotalBytesMax || entries.Count >= FilesMax) throw TooMuch(directory, $"it has more than {FilesMax} files, one of more than {FileBytesMax} bytes, or more than {TotalBytesMax} bytes");
            entries.Add(new Entry(path, File.ReadAllBytes(file), (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0));
        }

        return new ModuleContent(entries);
    }

    /// <summary>Writes all files below a directory that does not exist yet, durably.</summary>
    public void Write(string directory)
    {
        AgentFiles.Ensure(directory);
        var directories = new HashSet<string> { directory };
        foreach (var entry in _entries)
        {
            var path = Path.Combine(directory, entry.Path);
            var parent = Path.GetDirectoryName(path)!;
            AgentFiles.Ensure(parent);
            for (var up = parent; up.Length >= directory.Length; up = Path.GetDirectoryName(up)!) directories.Add(up);
            AtomicFile.Replace(path, entry.Bytes);
            if (entry.Executable) File.SetUnixFileMode(path, ProgramMode);
        }

        foreach (var one in directories) AtomicFile.SyncDirectory(one);
    }

    public ModuleContent With(string path, string text) => new(
        _entries.Where(entry => entry.Path != path).Append(new Entry(path, Encoding.UTF8.GetBytes(text), _entries.FirstOrDefault(entry => entry.Path == path)?.Executable ?? false)));

    /// <summary>Files that are not the same on both sides: added, removed or changed.</summary>
    public IEnumerable<string> Differing(ModuleContent other) =>
        from path in _entries.Select(entry => entry.Path).Union(other._entries.Select(entry => entry.Path)).Order(StringComparer.Ordinal)
        let one = _entries.FirstOrDefault(entry => entry.Path == path)
        let two = other._entries.FirstOrDefault(entry => entry.Path == path)
        where one is null || two is null || one.Executable != two.Executable || !one.Bytes.AsSpan().SequenceEqual(two.Bytes)
        select path;

    private static void Append(IncrementalHash hash, string path, bool executable, byte[] content)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(path));
        hash.AppendData([0, executable ? (byte)1 : (byte)0]);
        hash.AppendData(content);
    }

    private static ulong Finish(IncrementalHash hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash.GetHashAndReset()) | 1;

    private static Refusal TooMuch(string directory, string why) => new(Refusal.Conflict, $"The files in {directory} cannot go over the API: {why}.",
        "Edit them on both nodes and run 'hamirror module config' there, or move what is not configuration elsewhere.");

    private static string Checked(ModuleFile file) =>
        file.Path is null ? throw new Refusal(Refusal.BadRequest, "A file of the draft has no path.")
        : Fault(file.Path) is { } fault ? throw new Refusal(Refusal.BadRequest, $"The draft cannot be taken: {fault}.", "Files are conf/userconfig.xml, bin/HOOK and the like.")
        : file.Path;

    private static string? Fault(string path)
    {
        var shown = path.Length > 80 ? path[..77] + "..." : path;
        var parts = path.Split('/');
        return parts.Length > DepthMax || !parts.All(part => Part().IsMatch(part))
            ? $"\"{new string([.. shown.Select(letter => char.IsControl(letter) ? '?' : letter)])}\" is no name of a file: it has at most {DepthMax} parts of letters, digits, dots, underscores and hyphens, no dot first"
            : null;
    }

    private static byte[] Encode(ModuleFile file)
    {
        byte[] bytes;
        try
        {
            bytes = file.Base64 is { } base64 ? Convert.FromBase64String(base64) : Strict.GetBytes(file.Text ?? "");
        }
        catch (Exception error) when (error is FormatException or EncoderFallbackException)
        {
            throw new Refusal(Refusal.BadRequest, $"The content of {file.Path} is neither text nor base64.");
        }

        return bytes.Length <= FileBytesMax ? bytes
            : throw new Refusal(Refusal.BadRequest, $"{file.Path} has {bytes.Length} bytes; a file of a module has at most {FileBytesMax}.");
    }

    private static string? Decode(byte[] bytes)
    {
        try
        {
            var text = Strict.GetString(bytes);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex Part();
}
