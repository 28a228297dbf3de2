namespace HaMirror.Io.Records;

/// <summary>Where things are on a node (docs/architecture.md, "Places on a node").</summary>
/// <param name="root">A prefix for everything, so that two nodes fit on one machine; empty on a real one.</param>
public sealed class AgentFiles(string root)
{
    /// <summary>Name of the environment variable that holds the prefix.</summary>
    public const string RootVariable = "HAMIRROR_ROOT";

    /// <summary>Files hold keys and marks: nobody but root reads them.</summary>
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode DirectoryMode = FileMode | UnixFileMode.UserExecute;

    /// <summary>The layout of this process: the prefix comes from the environment.</summary>
    public static AgentFiles FromEnvironment() => new(Environment.GetEnvironmentVariable(RootVariable) ?? "");

    public string Root { get; } = root.TrimEnd('/');

    public string ConfigurationDirectory => $"{Root}/etc/hamirror";

    public string ClusterFile => $"{ConfigurationDirectory}/cluster.xml";

    /// <summary>32 random bytes, 0600.</summary>
    public string ClusterKeyFile => $"{ConfigurationDirectory}/cluster.key";

    /// <summary>This node's name, written by <c>cluster init</c> and <c>join</c>; without it the host's name counts.</summary>
    public string NodeNameFile => $"{ConfigurationDirectory}/node";

    public string ModulesDirectory => $"{ConfigurationDirectory}/modules";

    public string StateDirectory => $"{Root}/var/lib/hamirror";

    public string LogDirectory => $"{Root}/var/log/hamirror";

    public string RunDirectory => $"{Root}/run/hamirror";

    public string AgentSocket => $"{RunDirectory}/agent.sock";

    /// <summary>Locked as long as a thread of an agent lives.</summary>
    public string AgentLockFile => $"{RunDirectory}/agent.lock";

    /// <summary>The module as the operator edits it: conf/userconfig.xml and bin.</summary>
    public string ModuleDirectory(string module) => $"{ModulesDirectory}/{module}";

    public string ModuleConfigurationFile(string module) => $"{ModuleDirectory(module)}/conf/userconfig.xml";

    public string ModuleHooksDirectory(string module) => $"{ModuleDirectory(module)}/bin";

    /// <summary>What HaMirror remembers of the module.</summary>
    public string ModuleStateDirectory(string module) => $"{StateDirectory}/{module}";

    public string ReplicaRecordFile(string module) => $"{ModuleStateDirectory(module)}/record";

    public string MarksFile(string module) => $"{ModuleStateDirectory(module)}/marks";

    /// <summary>A seed was, or is being, put in place: its path. What lies in the replicated directories came from it.</summary>
    public string SeedMarkFile(string module) => $"{ModuleStateDirectory(module)}/seed";

    /// <summary>How the last resync went: what the next one's time is estimated from.</summary>
    public string ResyncSummaryFile(string module) => $"{ModuleStateDirectory(module)}/resync";

    /// <summary>What may have been changed since the marks were written: recorded before each change.</summary>
    public string IntentLogFile(string module) => $"{ModuleStateDirectory(module)}/intentlog";

    /// <summary>The configuration that is in force, made so by <c>hamirror module config</c>.</summary>
    public string ActiveConfigurationDirectory(string module) => $"{ModuleStateDirectory(module)}/active";

    /// <summary>Whether the module is wanted running, and the operator's failover on or off: what outlives the agent.</summary>
    public string IntentFile(string module) => $"{ModuleStateDirectory(module)}/intent";

    /// <summary>The number of the module on this node, which its port follows from.</summary>
    public string ModuleNumberFile(string module) => $"{ModuleStateDirectory(module)}/number";

    /// <summary>The last configurations that were active, one directory each.</summary>
    public string VersionsDirectory(string module) => $"{ModuleStateDirectory(module)}/versions";

    /// <summary>What became of the module on this node, one line each.</summary>
    public string TimelineFile(string module) => $"{ModuleStateDirectory(module)}/timeline";

    /// <summary>What the module decided last, and why.</summary>
    public string DecisionFile(string module) => $"{ModuleStateDirectory(module)}/decision";

    /// <summary>Changes of both nodes' configuration that are prepared or decided. No module has such a name.</summary>
    public string ChangesDirectory => $"{StateDirectory}/.changes";

    public string AgentLogFile => $"{LogDirectory}/agent.log";

    public string ModuleLogFile(string module) => $"{LogDirectory}/{module}/module.log";

    /// <summary>One file per hook run.</summary>
    public string HookLogDirectory(string module) => $"{LogDirectory}/{module}/hooks";

    /// <summary>Makes a directory and those above it, 0700 where they are new.</summary>
    public static void Ensure(string directory) => Directory.CreateDirectory(directory, DirectoryMode);
}
