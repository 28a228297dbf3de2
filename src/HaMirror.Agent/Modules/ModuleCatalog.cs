using System.Buffers.Binary;
using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;
using HaMirror.Io.Native;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Modules;

/// <summary>The modules on this node's disk: what the operator edits below <c>/etc/hamirror/modules</c>, and the copy that is
/// in force below <c>/var/lib/hamirror</c>.</summary>
/// <remarks>A module runs with its active copy, hooks included, so that half an edit never runs. The copy is made beside the
/// old one and renamed, so that a module has the old one or the new one, whole.</remarks>
internal sealed class ModuleCatalog(AgentFiles files, VersionStore versions)
{
    /// <summary>The hooks that begin a service; a module that has none of them only mirrors.</summary>
    public static readonly ImmutableArray<string> ServiceHooks = ["start_prim", "start_both"];

    private const string Active = "active", Next = "active.next";

    /// <summary>Where installed templates are looked for, first match first.</summary>
    private IEnumerable<string> TemplateDirectories =>
        [$"{files.ConfigurationDirectory}/templates", Path.Combine(AppContext.BaseDirectory, "modules"), "/usr/share/hamirror/modules"];

    public ImmutableArray<string> Names() =>
        Directory.Exists(files.ModulesDirectory)
            ? [.. Directory.GetDirectories(files.ModulesDirectory).Select(path => Path.GetFileName(path)!)
                .Where(name => ModuleName.Refusal(name) is null).Order(StringComparer.Ordinal)]
            : [];

    public bool Exists(string module) =>
        ModuleName.Refusal(module) is null && Directory.Exists(files.ModuleDirectory(module));

    public ModuleDefinition Load(string module)
    {
        var number = Number(module);
        var directory = files.ActiveConfigurationDirectory(module);
        if (!Directory.Exists(directory)) return new ModuleDefinition(module, number, null, null, 0);
        var parsed = Read(directory, module);
        return parsed.Succeeded
            ? new ModuleDefinition(module, number, parsed.Value, null, ModuleContent.HashOf(directory))
            : new ModuleDefinition(module, number, null, parsed.Errors[0].ToString(), 0);
    }

    /// <summary>Reads what the operator edits, and changes nothing.</summary>
    /// <exception cref="Refusal">It is wrong: every fault is named.</exception>
    public ModuleConfiguration Check(string module, ClusterConfiguration? cluster, IEnumerable<ModuleDefinition> others)
    {
        var parsed = Read(files.ModuleDirectory(module), module);
        if (!parsed.Succeeded) throw Wrong(module, parsed.Errors.Select(error => error.ToString()));
        var faults = Misfits(parsed.Value, cluster, others).ToList();
        faults.AddRange(ClosedHooks(module));
        if (faults.Count > 0) throw Wrong(module, faults);
        var notes = parsed.Value.Notes;
        if (!StartsSomething(module))
            notes = notes.Add($"There is neither {ServiceHooks[0]} nor {ServiceHooks[1]} in "
                + $"{files.ModuleHooksDirectory(module)}: the module starts no service, it only mirrors.");
        return parsed.Value with { Notes = notes.AddRange(MissingDirectories(parsed.Value)) };
    }

    /// <summary>Makes what the operator edits the active configuration. <see cref="Check"/> went before.</summary>
    public void Activate(string module, string by)
    {
        var state = files.ModuleStateDirectory(module);
        AgentFiles.Ensure(state);
        var next = $"{state}/{Next}";
        if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
        Copy(files.ModuleDirectory(module), next);
        DirectoryPlace.Put(next, $"{state}/{Active}");
        if (TryRead(files.ModuleDirectory(module)) is { } content) versions.Keep(module, content, by, null);
    }

    /// <summary>Makes these files both what is edited and what is active. Can be done again after it was cut short anywhere.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Install(string module, ModuleContent content, string by, string? comment)
    {
        AgentFiles.Ensure(files.ModulesDirectory);
        var edited = files.ModuleDirectory(module);
        if (Directory.Exists(edited) && TryRead(edited) is { } before && before.Hash != content.Hash
            && versions.List(module, null).All(version => version.Id != before.Version)) versions.Keep(module, before, "edited here", $"Replaced by {by}.");
        Put(content, $"{files.ModulesDirectory}/.{module}", edited); // no name of a module begins with a dot
        AgentFiles.Ensure(files.ModuleStateDirectory(module));
        Number(module);
        Put(content, $"{files.ModuleStateDirectory(module)}/{Next}", files.ActiveConfigurationDirectory(module));
        versions.Keep(module, content, by, comment);
    }

    /// <summary>What is edited; null: there is no such module.</summary>
    public ModuleContent? Edited(string module) => Exists(module) ? ModuleContent.Read(files.ModuleDirectory(module)) : null;

    /// <summary>What is in force; null: nothing is.</summary>
    public ModuleContent? InForce(string module) =>
        ModuleName.Refusal(module) is null && Directory.Exists(files.ActiveConfigurationDirectory(module)) ? TryRead(files.ActiveConfigurationDirectory(module)) : null;

    /// <summary>Makes a new module from a template.</summary>
    public string Add(ModuleAddRequest request)
    {
        if (ModuleName.Refusal(request.Name) is { } fault) throw new Refusal(Refusal.BadRequest, Sentence(fault));
        var directory = files.ModuleDirectory(request.Name);
        if (Directory.Exists(directory))
            throw new Refusal(Refusal.Conflict, $"Module {request.Name} exists already.", $"Edit it in {directory}, or remove it first.");
        var template = Template(request.Template);
        AgentFiles.Ensure(files.ModulesDirectory);
        var next = $"{files.ModulesDirectory}/.{request.Name}"; // no name of a module begins with a dot
        if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
        try
        {
            Copy(template, next);
            SetMacros($"{next}/conf/userconfig.xml", request.Variables ?? ImmutableDictionary<string, string>.Empty);
            Directory.Move(next, directory);
        }
        catch
        {
            if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
            throw;
        }

        Number(request.Name);
        return directory;
    }

    /// <summary>Forgets the module: its configuration and what this node knows of its replica. The replicated directories
    /// stay as they are.</summary>
    public void Remove(string module)
    {
        if (Directory.Exists(files.ModuleDirectory(module))) Directory.Delete(files.ModuleDirectory(module), recursive: true);
        if (Directory.Exists(files.ModuleStateDirectory(module))) Directory.Delete(files.ModuleStateDirectory(module), recursive: true);
    }

    /// <summary>What macros may stand for besides a file's own.</summary>
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");

    private static void Put(ModuleContent content, string next, string target)
    {
        if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
        content.Write(next);
        DirectoryPlace.Put(next, target);
    }

    /// <summary>Null: something there is too much for the API, which is no reason to refuse what works without it.</summary>
    private static ModuleContent? TryRead(string directory)
    {
        try
        {
            return ModuleContent.Read(directory);
        }
        catch (Refusal)
        {
            return null;
        }
    }

    private static Parsed<ModuleConfiguration> Read(string directory, string module)
    {
        var path = $"{directory}/conf/userconfig.xml";
        try
        {
            return ModuleXml.Parse(File.ReadAllText(path), path, module, Variables());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Parsed<ModuleConfiguration>.Refused([new ConfigurationError(path, 0, 0, $"cannot be read: {error.Message}")]);
        }
    }

    /// <summary>What of a file that can be read does not fit this node.</summary>
    public IEnumerable<string> Misfits(ModuleConfiguration module, ClusterConfiguration? cluster, IEnumerable<ModuleDefinition> others) =>
        (cluster is null ? [] : cluster.Misfits(module)).Concat(SharedDirectories(module, others)).Concat(OwnDirectories(module));

    private static Refusal Wrong(string module, IEnumerable<string> faults)
    {
        ImmutableArray<string> errors = [.. faults];
        return new Refusal(Refusal.Unprocessable, errors[0], $"Correct the configuration of module {module}, then run 'hamirror module config -m {module}' again.")
        {
            Errors = errors,
        };
    }

    /// <summary>No fault yet: the disk may be mounted, or the directory made, before the module starts. What is a mount of this
    /// agent's own is there, and is not to be waited for by it.</summary>
    public static IEnumerable<string> MissingDirectories(ModuleConfiguration module) =>
        from replicated in module.Replication?.Directories ?? []
        where Shim.MountKind(replicated.Path) <= 0 && !Directory.Exists(replicated.Path)
        select $"The directory {replicated.Path} is missing on this node: make it, or mount what holds it, before the module starts.";

    /// <summary>Two modules over one directory, or one within the other, would mount over each other.</summary>
    private static IEnumerable<string> SharedDirectories(ModuleConfiguration module, IEnumerable<ModuleDefinition> others) =>
        from own in module.Replication?.Directories ?? []
        from other in others
        where other.Name != module.Name
        from taken in other.Active?.Replication?.Directories ?? []
        let one = own.Path.TrimEnd('/') + "/"
        let two = taken.Path.TrimEnd('/') + "/"
        where one.StartsWith(two, StringComparison.Ordinal) || two.StartsWith(one, StringComparison.Ordinal)
        select $"module {module.Name}: the directory {own.Path} is, holds or lies in {taken.Path}, which module {other.Name} replicates";

    /// <summary>What HaMirror keeps about replicas must not lie in one: it is written while the mount is held.</summary>
    private IEnumerable<string> OwnDirectories(ModuleConfiguration module) =>
        from replicated in module.Replication?.Directories ?? []
        from own in new[] { files.ConfigurationDirectory, files.StateDirectory, files.LogDirectory }
        let one = replicated.Path.TrimEnd('/') + "/"
        let two = own.TrimEnd('/') + "/"
        where one.StartsWith(two, StringComparison.Ordinal) || two.StartsWith(one, StringComparison.Ordinal)
        select $"module {module.Name}: the directory {replicated.Path} is, holds or lies in {own}, which HaMirror needs itself";

    /// <summary>A hook that cannot be executed would keep the service from starting, here or after a failover.</summary>
    private IEnumerable<string> ClosedHooks(string module) =>
        from name in HookTable.Names
        let path = $"{files.ModuleHooksDirectory(module)}/{name}"
        where File.Exists(path) && (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) == 0
        select $"module {module}: the hook {path} is not executable: chmod +x it";

    private bool StartsSomething(string module) =>
        ServiceHooks.Any(hook => File.Exists($"{files.ModuleHooksDirectory(module)}/{hook}"));

    private string Template(string name)
    {
        var candidates = name.StartsWith('/') ? [name] : TemplateDirectories.Select(directory => Path.Combine(directory, name)).ToArray();
        string[] known = [.. TemplateDirectories.Where(Directory.Exists).SelectMany(Directory.GetDirectories)
            .Select(path => Path.GetFileName(path)!).Distinct().Order(StringComparer.Ordinal)];
        var installed = known.Length > 0 ? $", or one of: {string.Join(", ", known)}." : "; no templates are installed on this node.";
        return candidates.FirstOrDefault(path => File.Exists($"{path}/conf/userconfig.xml"))
            ?? throw new Refusal(Refusal.NotFound, $"There is no template '{name}' with conf/userconfig.xml.",
                $"Name a directory by its absolute path{installed}");
    }

    private static void SetMacros(string path, ImmutableDictionary<string, string> values)
    {
        var text = ConfigurationFields.Set(File.ReadAllText(path), values, out var unknown);
        if (!unknown.IsEmpty) throw NoField(unknown[0], text);
        File.WriteAllText(path, text);
    }

    private static Refusal NoField(string name, string text)
    {
        string[] names = [.. ConfigurationFields.Of(text).Select(field => field.Name)];
        return new Refusal(Refusal.BadRequest, $"The template has no macro {name}.",
            names.Length == 0 ? "It has none: edit its userconfig.xml instead." : $"Its macros and variables are: {string.Join(", ", names)}.");
    }

    /// <summary>The templates that are installed.</summary>
    public ImmutableArray<TemplateStatus> Templates() =>
    [
        .. TemplateDirectories.Where(Directory.Exists).SelectMany(Directory.GetDirectories).DistinctBy(path => Path.GetFileName(path))
            .Where(path => File.Exists($"{path}/{ModuleContent.XmlPath}") && ModuleName.Refusal(Path.GetFileName(path)!) is null)
            .OrderBy(path => Path.GetFileName(path), StringComparer.Ordinal).Select(Show).OfType<TemplateStatus>(),
    ];

    /// <summary>The files that a module of this template and these values would have.</summary>
    public ModuleContent Draft(string template, string module, ImmutableDictionary<string, string> values)
    {
        if (ModuleName.Refusal(module) is { } fault) throw new Refusal(Refusal.BadRequest, Sentence(fault));
        if (ModuleName.Refusal(template) is not null) throw new Refusal(Refusal.NotFound, "There is no template of that name.");
        var content = ModuleContent.Read(Template(template));
        var text = ConfigurationFields.Set(content.Xml, values, out var unknown);
        return unknown.IsEmpty ? content.With(ModuleContent.XmlPath, text) : throw NoField(unknown[0], text);
    }

    /// <summary>Null: it is too much for the API; 'hamirror module add' copies it all the same.</summary>
    private static TemplateStatus? Show(string path)
    {
        if (TryRead(path) is not { } content) return null;
        return new TemplateStatus(Path.GetFileName(path), ConfigurationFields.Description(content.Xml), ConfigurationFields.Of(content.Xml), content.Files);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to, AgentFiles.DirectoryMode);
        foreach (var directory in Directory.GetDirectories(from)) Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private int Number(string module)
    {
        if (StoredNumber(module) is { } stored) return stored;
        var taken = Names().Select(StoredNumber).OfType<int>().ToHashSet();
        var free = Enumerable.Range(1, ModuleDefinition.NumberMax).Where(number => !taken.Contains(number)).ToArray();
        if (free.Length == 0)
            throw new Refusal(Refusal.Conflict, $"This node has {ModuleDefinition.NumberMax} modules already.", "Remove one first.");
        AgentFiles.Ensure(files.ModuleStateDirectory(module));
        AtomicFile.Replace(files.ModuleNumberFile(module), Encoding.ASCII.GetBytes(free[0].ToString(CultureInfo.InvariantCulture)));
        return free[0];
    }

    private int? StoredNumber(string module) =>
        File.Exists(files.ModuleNumberFile(module))
        && int.TryParse(File.ReadAllText(files.ModuleNumberFile(module)), out var number) && number is >= 1 and <= ModuleDefinition.NumberMax
            ? number
            : null;

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..] + ".";
}
