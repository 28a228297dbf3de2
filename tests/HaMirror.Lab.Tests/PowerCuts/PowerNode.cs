// A whole node: network, mount and process name spaces of its own, one disk for everything that it keeps, one agent. Its power
// can be cut: the cable goes, the disk stops, and every process dies.
using System.Diagnostics;
using System.Globalization;
using HaMirror.Lab.Tests.TwoAgents;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>A node with a plug.</summary>
internal sealed class PowerNode : AgentApi, IDisposable
{
    private const int StoryLines = 150;

    /// <summary>Names of processes as the kernel cuts them.</summary>
    private const string AgentName = "hamirrord", WorkloadName = "hamirror-worklo";

    // Pid 1 of the node: what it is told on its input it does. Disks and mounts of others are let go: a copy of theirs here would
    // keep them in use. Its own boot number, as every boot of a host has one.
    private const string Init = MachineRoom.LetGo + "\n" + """
        mkdir -p "$1/var/log/hamirror" && mount --bind "$2" "$1/var/log/hamirror" || exit 1
        cat /proc/sys/kernel/random/uuid > "$2/boot" && mount --bind "$2/boot" /proc/sys/kernel/random/boot_id || exit 1
        echo up
        while read -r line; do eval "$line"; done
        """;

    private readonly string _directory;
    private readonly MachineRoom _room;
    private readonly int _number;
    private Process? _machine;
    private int _init;

    public PowerNode(string directory, int number, MachineRoom room, long diskBytes)
        : base($"{room.Door}{directory}/n{number}", $"n{number}")
    {
        (_directory, _number, _room) = (directory, number, room);
        Directory.CreateDirectory(Logs);
        Disk = new NodeDisk(room, $"{directory}/n{number}.img", Home, diskBytes);
    }

    public NodeDisk Disk { get; }

    public string Address => $"10.99.0.{_number}";

    /// <summary>Its root directory as the node itself sees it.</summary>
    private string Home => $"{_directory}/n{_number}";

    /// <summary>The replica as it lies on the disk, beneath all mounts of the node.</summary>
    public string Replica => $"{Root}/data-{PowerPair.Module}";

    public bool IsOn => _machine is not null;

    /// <summary>The agent lives, stopped or not.</summary>
    public bool AgentLives => IsOn && AgentId is not null;

    /// <summary>It has reached a point at which it was to stop, or somebody stopped it.</summary>
    public bool AgentIsHeld => AgentId is { } id && State(id) is 'T' or 't';

    /// <summary>A process of the module's service lives.</summary>
    public bool ServiceLives => Processes(WorkloadName).Count > 0;

    public override string Story
    {
        get
        {
            var files = Directory.GetFiles(Logs, "*", SearchOption.AllDirectories).Where(path => path.EndsWith(".log", StringComparison.Ordinal))
                .Append(Output).Where(File.Exists);
            return string.Concat(files.Select(path => $"--- {Name}: {path}\n{string.Join('\n', File.ReadLines(path).TakeLast(StoryLines))}\n"));
        }
    }

    /// <summary>Everything that its agents have printed.</summary>
    public string Said => File.Exists(Output) ? File.ReadAllText(Output) : "";

    private string Logs => $"{_directory}/n{_number}-log";

    private string Output => $"{_directory}/n{_number}.out";

    private int? AgentId => Processes(AgentName) is [var id, ..] ? id : null;

    /// <summary>Power comes back: disk, network, agent.</summary>
    /// <param name="crashAt">For HAMIRROR_CRASH_AT; null: nowhere.</param>
    public void TurnOn(string? crashAt = null)
    {
        Disk.TurnOn();
        _machine = _room.Start("unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
            "bash", "-c", Init, "init", Home, Logs);
        var said = _machine.StandardOutput.ReadLineAsync().WaitAsync(Patience).GetAwaiter().GetResult();
        Assert.True(said == "up", $"{Name} does not start: {said} {(said is null ? _machine.StandardError.ReadToEnd() : "")}");
        _ = _machine.StandardError.ReadToEndAsync();
        _init = Children(_machine.Id).Single();
        _room.Plug(_number, _machine.Id, Address);
        StartAgent(crashAt);
    }

    /// <summary>The agent is started in a node that runs.</summary>
    public void StartAgent(string? crashAt = null)
    {
        var program = Programs.Agent;
        _machine!.StandardInput.WriteLine(
            $"HAMIRROR_CRASH_AT={crashAt} HAMIRROR_ROOT='{Home}' '{program}' </dev/null >>'{Output}' 2>&1 &");
        _machine.StandardInput.Flush();
        Eventually.True(Patience, $"the agent of {Name} is started", () => AgentLives);
    }

    /// <summary>Waits until the agent answers.</summary>
    public Task ExpectAnswersAsync() => Deadline.HoldsAsync($"the agent of {Name} answers", Patience, AnswersAsync, () => Story);

    public async Task<bool> AnswersAsync()
    {
        try
        {
            return await StatusAsync() is not null;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Everything ends at once; what the disk had not been told to keep is lost.</summary>
    public void Cut() => Cut([this]);

    /// <summary>Several nodes lose power in the same moment.</summary>
    public static void Cut(PowerNode[] nodes)
    {
        // The cables first, so that nothing that dies later than the rest can still tell the peer.
        foreach (var node in nodes)
            node._room.Pull(node._number);
        foreach (var node in nodes)
            node.Disk.StopWithoutFlush();
        var mounts = nodes.SelectMany(node => node.FuseMounts()).ToArray();
        foreach (var node in nodes)
            Signal(node._init, "KILL");
        // With the power goes the kernel too, which would otherwise keep a thread that waits in its own agent's mount.
        foreach (var mount in mounts)
            nodes[0]._room.Abort(mount);
        foreach (var node in nodes)
        {
            node.Gone();
            node.Disk.TurnOff();
        }
    }

    public void KillAgent()
    {
        if (AgentId is { } id)
            Signal(id, "KILL");
        Eventually.True(Patience, $"the agent of {Name} is dead", () => !AgentLives);
    }

    public void HoldAgent() => Signal(AgentId!.Value, "STOP");

    public void ContinueAgent() => Signal(AgentId!.Value, "CONT");

    public void Dispose()
    {
        if (_machine is { } machine)
        {
            var mounts = FuseMounts();
            if (_init != 0)
                Signal(_init, "KILL");
            mounts.ForEach(_room.Abort);
            machine.Kill(entireProcessTree: true);
            Gone();
        }
        CloseApi();
        Disk.Dispose();
    }

    private void Gone()
    {
        Assert.True(_machine!.WaitForExit(Patience), $"Processes of {Name} survive.");
        _machine.Dispose();
        (_machine, _init) = (null, 0);
    }

    /// <summary>Minor numbers of the node's FUSE mounts. Format of a line: id, parent, major:minor, ..., " - ", type, ...</summary>
    private List<string> FuseMounts() => [.. Read($"/proc/{_init}/mountinfo").Split('\n')
        .Where(line => line.Contains(" - fuse.", StringComparison.Ordinal)).Select(line => line.Split(' ')[2].Split(':')[1])];

    private static void Signal(int process, string signal) =>
        Command.Run(Command.DefaultLimit, "kill", "-" + signal, process.ToString(CultureInfo.InvariantCulture));

    /// <summary>The node's processes of that name. One that is dead counts until its last thread is, and its parent has seen it:
    /// that long its sockets may answer.</summary>
    private List<int> Processes(string name)
    {
        var found = new List<int>();
        if (_init == 0)
            return found;
        var waiting = new Queue<int>([_init]);
        while (waiting.TryDequeue(out var process))
            foreach (var child in Children(process))
            {
                waiting.Enqueue(child);
                if (Read($"/proc/{child}/comm").TrimEnd() == name && State(child) != 'X')
                    found.Add(child);
            }
        return found;
    }

    private static List<int> Children(int process)
    {
        var children = new List<int>();
        try
        {
            foreach (var task in Directory.GetDirectories($"/proc/{process}/task"))
                children.AddRange(Read($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
        }
        catch (DirectoryNotFoundException)
        {
            return children; // It has ended meanwhile.
        }

        return children;
    }

    private static char State(int process) => Read($"/proc/{process}/stat") is { Length: > 0 } text ? text[text.LastIndexOf(')') + 2] : 'X';

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // A process that has ended.
        }
    }
}
