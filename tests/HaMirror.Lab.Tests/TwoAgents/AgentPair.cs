using System.Diagnostics;
using HaMirror.Core.Api;
using HaMirror.Files.Tests.Replication;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Two agents on two loopback addresses, joined to one cluster, with one module that mirrors a directory.</summary>
internal sealed class AgentPair : IAsyncDisposable
{
    public const string Module = "m1";

    private readonly string _directory;

    private AgentPair(string directory, AgentProcess one, AgentProcess two) => (_directory, One, Two) = (directory, one, two);

    public AgentProcess One { get; }

    public AgentProcess Two { get; }

    public string Story => One.Story + Two.Story;

    /// <summary>The module's directory on a node, as its mount shows it while the module runs.</summary>
    public static string Data(AgentProcess node, string module = Module) => Directory.Exists(Disk(node)) ? $"{Disk(node)}/data-{module}" : $"{node.Root}/data-{module}";

    /// <summary>Exists when replicas lie on a disk of their own.</summary>
    public static string Disk(AgentProcess node) => $"{node.Root}/disk";

    /// <summary>What a node remembers of its modules.</summary>
    public static string State(AgentProcess node) => $"{node.Root}/var/lib/hamirror";

    private readonly List<FaultyDisk> _disks = [];

    /// <summary>The hooks leave a line per call here.</summary>
    public static string HookLog(AgentProcess node, string module = Module) => $"{node.Root}/hooks-{module}";

    /// <summary>Exists while the service runs on that node.</summary>
    public static bool Serves(AgentProcess node, string module = Module) => File.Exists($"{node.Root}/service-{module}");

    /// <param name="serviceAttributes">Attributes of the module's &lt;service&gt;.</param>
    /// <param name="hooks">Hooks by name, as shell commands, in the place of the usual ones.</param>
    /// <param name="replicationAttributes">Attributes of the module's &lt;rfs&gt;.</param>
    /// <param name="niceStop">Time of a graceful stop hook.</param>
    /// <param name="diskOfOne">Where the first node's replica is to lie; null: with all else of the node.</param>
    /// <param name="stateOfOne">Where what the first node remembers of its modules is to lie (records, marks, intent logs).</param>
    public static async Task<AgentPair> CreateAsync(
        string serviceAttributes = "", IReadOnlyDictionary<string, string>? hooks = null, string niceStop = "20s",
        string replicationAttributes = "", FaultyDisk? diskOfOne = null, FaultyDisk? diskOfTwo = null,
        FaultyDisk? stateOfOne = null, FaultyDisk? stateOfTwo = null)
    {
        var directory = Directory.CreateTempSubdirectory("hamirror-agents-").FullName;
        // Addresses of this test alone: the whole of 127/8 is this machine.
        var net = $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}";
        var pair = new AgentPair(directory, new AgentProcess(directory + "/n1", "n1", net + ".1"), new AgentProcess(directory + "/n2", "n2", net + ".2"));
        try
        {
            foreach (var (node, disk) in new[] { (pair.One, diskOfOne), (pair.Two, diskOfTwo) })
            {
                if (diskOfOne is null && diskOfTwo is null) continue;
                Directory.CreateDirectory(Disk(node));
                if (disk is null) continue;
                disk.MoveTo(Disk(node));
                pair._disks.Add(disk);
            }

            foreach (var (node, disk) in new[] { (pair.One, stateOfOne), (pair.Two, stateOfTwo) })
            {
                if (disk is null) continue;
                disk.MoveTo(State(node));
                pair._disks.Add(disk);
            }

            await pair.JoinAsync(serviceAttributes, hooks ?? new Dictionary<string, string>(), niceStop, replicationAttributes);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Configures one more module on both nodes, with a directory of its own.</summary>
    /// <param name="content">Elements of its &lt;service&gt; beside the usual ones; null: the first module's template.</param>
    /// <param name="hooks">As in <see cref="CreateAsync"/>, with <paramref name="content"/>.</param>
    public async Task AddModuleAsync(string module, string? content = null, IReadOnlyDictionary<string, string>? hooks = null)
    {
        var template = _directory + "/template";
        if (content is not null)
        {
            template = $"{_directory}/template-{module}";
            WriteTemplate(template, "", hooks ?? new Dictionary<string, string>(), "20s", content);
        }

        foreach (var node in new[] { One, Two })
        {
            Directory.CreateDirectory(Data(node, module));
            await node.PostAsync(ApiPath.Modules, new ModuleAddRequest(module, template, null),
                ApiJson.Default.ModuleAddRequest, ApiJson.Default.ModuleConfigured);
            await node.ConfigureAsync(module);
        }
    }

    /// <summary>Waits until both nodes are what is asked for.</summary>
    public async Task ExpectAsync(string one, string two, string module = Module)
    {
        await ExpectAsync(One, one, module);
        await ExpectAsync(Two, two, module);
    }

    /// <param name="wanted">State and phase, e.g. <c>PRIM Ready</c>.</param>
    public async Task ExpectAsync(AgentProcess node, string wanted, string module = Module)
    {
        var seen = "nothing";
        await Deadline.HoldsAsync($"{module} is {wanted} on {node.Name}", AgentProcess.Patience, async () =>
        {
            var status = await node.StatusAsync(module);
            seen = $"{status.State} {status.Phase} ({status.Reason})";
            return $"{status.State} {status.Phase}" == wanted;
        }, () => $"{node.Name} is {seen}\n{Story}");
    }

    public async Task StartAsync()
    {
        await One.StartModuleAsync(Module, "primary");
        await Two.StartModuleAsync(Module);
        await ExpectAsync("PRIM Ready", "SECOND Ready");
    }

    /// <summary>Both replicas, compared by diff beneath the mounts.</summary>
    public void ExpectEqualReplicas(string module = Module)
    {
        // Brief, because it would read files that are no text into memory otherwise, however large they are.
        string[] arguments = ["-rq", "--no-dereference", Data(One, module), Data(Two, module)];
        using var diff = Process.Start(new ProcessStartInfo("diff", arguments) { RedirectStandardOutput = true })!;
        var output = diff.StandardOutput.ReadToEnd();
        diff.WaitForExit();
        Assert.True(diff.ExitCode == 0, output + Story);
    }

    /// <summary>What both nodes are: the cluster, its key, their names, the certificates and the files of the modules.</summary>
    public string Files()
    {
        string[] names = ["cluster.xml", "cluster.key", "node", "console.xml", "console.crt", "console.key"];
        return string.Join('\n', from node in new[] { One, Two }
                                 let folder = $"{node.Root}/etc/hamirror"
                                 from file in names.Select(name => $"{folder}/{name}").Where(File.Exists).Concat(Directory.EnumerateFiles($"{folder}/modules", "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                                 select $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}");
    }

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Two.DisposeAsync();
        foreach (var disk in _disks) disk.MoveBack();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task JoinAsync(
        string serviceAttributes, IReadOnlyDictionary<string, string> hooks, string niceStop, string replicationAttributes)
    {
        WriteTemplate(
            _directory + "/template", serviceAttributes, hooks, niceStop, replicationAttributes: replicationAttributes,
            within: Directory.Exists(Disk(One)) ? "disk/" : "");
        foreach (var node in new[] { One, Two })
        {
            await node.StartAsync();
        }

        var token = await One.PostAsync(ApiPath.ClusterInit, new ClusterInitRequest("n1", One.Address, "n2", Two.Address, [], false),
            ApiJson.Default.ClusterInitRequest, ApiJson.Default.JoinToken);
        await Two.PostAsync(ApiPath.ClusterJoin, new ClusterJoinRequest(token.Token, false),
            ApiJson.Default.ClusterJoinRequest, ApiJson.Default.ClusterStatus);
        await AddModuleAsync(Module);
    }

    private static void WriteTemplate(
        string directory, string serviceAttributes, IReadOnlyDictionary<string, string> hooks, string niceStop, string content = "",
        string replicationAttributes = "", string within = "")
    {
        Directory.CreateDirectory(directory + "/conf");
        Directory.CreateDirectory(directory + "/bin");
        File.WriteAllText(directory + "/conf/userconfig.xml", $"""
            <!DOCTYPE safe>
            <safe>
              <service mode="mirror" {serviceAttributes}>
                <heart><heartbeat name="default"/></heart>
                <rfs {replicationAttributes}><replicated dir="%HAMIRROR_ROOT%/{within}data-%SAFEMODULE%"/></rfs>
                <user nicestoptimeout="{niceStop}" forcestoptimeout="10s"/>
                {content}
              </service>
            </safe>

            """);
        var commands = new Dictionary<string, string>
        {
            ["start_prim"] = $"[ -w \"$HAMIRROR_ROOT/{within}data-$SAFEMODULE\" ] && touch \"$HAMIRROR_ROOT/service-$SAFEMODULE\"",
            ["stop_prim"] = "rm -f \"$HAMIRROR_ROOT/service-$SAFEMODULE\"",
            ["transition"] = "true",
        };
        foreach (var (name, command) in hooks) commands[name] = command;
        foreach (var (name, command) in commands) Hook(directory, name, command);
    }

    private static void Hook(string directory, string name, string command)
    {
        var path = $"{directory}/bin/{name}";
        File.WriteAllText(path, $"#!/bin/sh\necho \"{name} $*\" >> \"$HAMIRROR_ROOT/hooks-$SAFEMODULE\"\n{command}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
