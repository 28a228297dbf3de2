namespace HaMirror.Io.Hooks;

/// <summary>Where one module's hooks, their environment and their output live (architecture, "Places on a node").</summary>
public sealed record HookPlaces
{
    public required string Module { get; init; }

    /// <summary>Prefix of every place, from HAMIRROR_ROOT; empty on a real node.</summary>
    public required string Root { get; init; }

    /// <summary>$SAFE: the directory with the program <c>safekit</c>.</summary>
    public required string Safe { get; init; }

    /// <summary>$SAFEVAR.</summary>
    public required string Var { get; init; }

    /// <summary>$SAFEUSERBIN: the module's hooks.</summary>
    public required string Bin { get; init; }

    /// <summary>$SAFEUSERCONF: the module's userconfig.xml.</summary>
    public required string Conf { get; init; }

    /// <summary>$SAFEUSERVAR: what hooks may keep between runs.</summary>
    public required string UserVar { get; init; }

    /// <summary>One file per run.</summary>
    public required string Log { get; init; }

    /// <summary>The places that the architecture names.</summary>
    public static HookPlaces Of(string root, string module) => new()
    {
        Module = module,
        Root = root,
        Safe = "/usr/lib/hamirror/safe",
        Var = $"{root}/var/lib/hamirror",
        Bin = $"{root}/etc/hamirror/modules/{module}/bin",
        Conf = $"{root}/etc/hamirror/modules/{module}/conf",
        UserVar = $"{root}/var/lib/hamirror/{module}/user",
        Log = $"{root}/var/log/hamirror/{module}/hooks",
    };

    /// <summary>The environment of a hook or a custom checker: nothing of the agent's own but what stands here.</summary>
    public IReadOnlyDictionary<string, string> Environment(IEnumerable<KeyValuePair<string, string>> variables)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = "/root",
            ["LANG"] = "C.UTF-8",
        };
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        // Last, so that no variable of a module can take the hooks' ground away.
        environment["SAFE"] = Safe;
        environment["SAFEMODULE"] = Module;
        environment["SAFEBIN"] = $"{Safe}/bin";
        environment["SAFEUSERBIN"] = Bin;
        environment["SAFEUSERCONF"] = Conf;
        environment["SAFEVAR"] = Var;
        environment["SAFEUSERVAR"] = UserVar;
        environment["HAMIRROR_ROOT"] = Root;
        environment["PATH"] = $"{Safe}:{SystemPath}";
        return environment;
    }

    /// <summary>Overridable for tests that put a stand-in of a system program first.</summary>
    public string SystemPath { get; init; } = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}
