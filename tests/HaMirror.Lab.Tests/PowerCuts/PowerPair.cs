using System.Diagnostics;
using System.Globalization;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using HaMirror.Workload;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Two nodes with plugs, joined to one cluster, with one module whose service remembers what it was promised.</summary>
internal sealed class PowerPair : IDisposable
{
    public const string Module = "m1";

    /// <summary>Slot of the service in the control page; the torture's follow.</summary>
    private const int ServiceSlot = 0;

    /// <summary>A comparison may find the standby still applying what it has acknowledged.</summary>
    private static readonly TimeSpan CalmLimit = TimeSpan.FromSeconds(20);

    private readonly string _directory;
    private readonly MachineRoom _room;
    private readonly int _tortures;
    private long _ticket;

    private PowerPair(string directory, int tortures, long diskBytes)
    {
        (_directory, _tortures) = (directory, tortures);
        Directory.CreateDirectory(Ledger);
        Page = new ControlPage(Ledger);
        _room = new MachineRoom();
        try
        {
            One = new PowerNode(directory, 1, _room, diskBytes);
            Two = new PowerNode(directory, 2, _room, diskBytes);
        }
        catch
        {
            One?.Dispose();
            _room.Dispose();
            throw;
        }
    }

    public PowerNode One { get; }

    public PowerNode Two { get; }

    public PowerNode[] Nodes => [One, Two];

    public ControlPage Page { get; }

    /// <summary>What the test is doing, for its messages.</summary>
    public string Round { get; set; } = "";

    public string Story => $"{Round}\n{Read("service.out")}{One.Story}{Two.Story}";

    private string Ledger => $"{_directory}/ledger";

    /// <param name="tortures">Processes that torture the mount beside the service.</param>
    /// <param name="replication">Attributes of the module's &lt;rfs&gt;.</param>
    public static async Task<PowerPair> CreateAsync(int tortures = 0, string replication = "", long diskBytes = 4L << 30, string service = "serve")
    {
        var pair = new PowerPair(Directory.CreateTempSubdirectory("hamirror-cuts-").FullName, tortures, diskBytes);
        try
        {
            pair.WriteTemplate(replication, service);
            foreach (var node in pair.Nodes)
            {
                node.TurnOn();
                await node.ExpectAnswersAsync();
            }

            var token = await pair.One.PostAsync(ApiPath.ClusterInit, new ClusterInitRequest("n1", pair.One.Address, "n2", pair.Two.Address, [], false),
                ApiJson.Default.ClusterInitRequest, ApiJson.Default.JoinToken);
            await pair.Two.PostAsync(ApiPath.ClusterJoin, new ClusterJoinRequest(token.Token, false),
                ApiJson.Default.ClusterJoinRequest, ApiJson.Default.ClusterStatus);
            foreach (var node in pair.Nodes)
            {
                Directory.CreateDirectory(node.Replica);
                await node.PostAsync(ApiPath.Modules, new ModuleAddRequest(Module, pair._directory + "/template", null),
                    ApiJson.Default.ModuleAddRequest, ApiJson.Default.ModuleConfigured);
                await node.ConfigureAsync(Module);
            }

            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    public PowerNode Other(PowerNode node) => node == One ? Two : One;

    /// <summary>First start: the first node's data is right.</summary>
    public async Task StartAsync()
    {
        await One.StartModuleAsync(Module, "primary");
        await Two.StartModuleAsync(Module);
        await SettledAsync();
    }

    /// <summary>Whatever does not run is turned on or started; then both are ready, and the service has found all it was promised.</summary>
    public async Task SettledAsync()
    {
        foreach (var node in Nodes)
            if (!node.IsOn)
                node.TurnOn();
            else if (!node.AgentLives)
                node.StartAgent();
        await HoldsAsync("one node is PRIM Ready and the other SECOND Ready", async () =>
        {
            var states = new[] { await SeeAsync(One), await SeeAsync(Two) };
            return states.Order(StringComparer.Ordinal).SequenceEqual(["PRIM Ready", "SECOND Ready"]);
        });
        await VerifiedAsync();
    }

    /// <summary>The newest service has found all it was promised.</summary>
    public Task VerifiedAsync() => HoldsAsync("the service has found what it was promised", () => Task.FromResult(Page.Verified == Page.Epoch && Page.Epoch > 0));

    /// <summary>The service acknowledges: these many steps more.</summary>
    public async Task WorkedAsync(long steps)
    {
        var goal = Page.Steps(ServiceSlot) + steps;
        await HoldsAsync($"the service makes {steps} steps", () => Task.FromResult(Page.Steps(ServiceSlot) >= goal));
    }

    public async Task ServesAloneAsync(PowerNode node)
    {
        await HoldsAsync($"{node.Name} is ALONE Ready", async () => await SeeAsync(node) == "ALONE Ready");
        await VerifiedAsync();
    }

    /// <summary>Fails at once when something happened that never may.</summary>
    public async Task HoldsAsync(string what, Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            ExpectNoViolation();
            if (clock.Elapsed > AgentApi.Patience)
            {
                var (one, two) = (await SentenceAsync(One), await SentenceAsync(Two));
                Assert.Fail($"{Round}: after {clock.Elapsed.TotalSeconds:0} s still not so: {what}.\n{one}\n{two}\n{Story}");
            }

            await Task.Delay(20);
        }

        ExpectNoViolation();
    }

    public void ExpectNoViolation()
    {
        if (Read("violations") is { Length: > 0 } violations)
            Assert.Fail($"{Round}: {violations}\n{Story}");
    }

    public async Task<(PowerNode Primary, PowerNode Second)> RolesAsync()
    {
        var first = (await One.StatusAsync(Module)).State;
        return first == "PRIM" ? (One, Two) : (Two, One);
    }

    /// <summary>State and phase; the reason why there are none.</summary>
    public async Task<string> SeeAsync(PowerNode node)
    {
        if (!node.IsOn || !node.AgentLives || node.AgentIsHeld)
            return "off";
        try
        {
            var status = await node.StatusAsync(Module).WaitAsync(TimeSpan.FromSeconds(5));
            return $"{status.State} {status.Phase}";
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or OperationCanceledException)
        {
            return "silent";
        }
    }

    /// <summary>A node that came back alone and cannot know: it waits, says why, and serves nothing for as long as it takes to be sure.</summary>
    public async Task WaitsAsync(PowerNode node)
    {
        await node.ExpectAnswersAsync();
        await HoldsAsync($"{node.Name} is WAIT", async () => await SeeAsync(node) is "WAIT NotReady");
        // Longer than beats may be silent: whatever it would do by itself it has done by then.
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(4))
        {
            var status = await node.StatusAsync(Module);
            Assert.True(status.State == "WAIT" && !string.IsNullOrEmpty(status.Reason),
                $"{Round}: {node.Name} came back alone, cannot know that it is up to date, and is {status.State} {status.Phase} ({status.Reason}).\n{Story}");
            Assert.False(node.ServiceLives, $"{Round}: {node.Name} waits and its service runs.\n{Story}");
            await Task.Delay(50);
        }
    }

    /// <summary>Pauses the work and compares both replicas, byte for byte, beneath the mounts.</summary>
    public async Task EqualAsync()
    {
        await PauseAsync();
        var clock = Stopwatch.StartNew();
        string? difference;
        while ((difference = ReplicaImage.Difference(One, Two)) is not null && clock.Elapsed < CalmLimit)
            await Task.Delay(100);
        if (difference is not null)
            Assert.Fail($"{Round}: the replicas differ, {await SentenceAsync(One)}, {await SentenceAsync(Two)}:\n{difference}\n{Story}");
        Page.Ticket = 0;
        ExpectNoViolation();
    }

    public async Task PauseAsync()
    {
        Page.Ticket = ++_ticket;
        await HoldsAsync("the service pauses", () => Task.FromResult(Enumerable.Range(ServiceSlot, _tortures + 1).All(slot => Page.Parked(slot) == _ticket)));
    }

    public void Dispose()
    {
        One.Dispose();
        Two.Dispose();
        _room.Dispose();
        Page.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<string> SentenceAsync(PowerNode node)
    {
        try
        {
            var status = await node.StatusAsync(Module).WaitAsync(TimeSpan.FromSeconds(5));
            return $"{node.Name} is {status.State} {status.Phase} ({status.Reason}; {status.Condition}; linked {status.Linked}; marked {status.DirtyBytes})";
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or OperationCanceledException)
        {
            return $"{node.Name} does not answer: {error.Message}";
        }
    }

    private string Read(string file) => File.Exists($"{Ledger}/{file}") ? File.ReadAllText($"{Ledger}/{file}") : "";

    private void WriteTemplate(string replication, string service)
    {
        var template = _directory + "/template";
        Directory.CreateDirectory(template + "/conf");
        Directory.CreateDirectory(template + "/bin");
        File.WriteAllText(template + "/conf/userconfig.xml", $"""
            <!DOCTYPE safe>
            <safe>
              <service mode="mirror" boot="on">
                <heart><heartbeat name="default"/></heart>
                <rfs {replication}><replicated dir="%HAMIRROR_ROOT%/data-%SAFEMODULE%"/></rfs>
                <user nicestoptimeout="20s" forcestoptimeout="10s"/>
              </service>
            </safe>

            """);
        var slots = string.Join(' ', Enumerable.Range(ServiceSlot + 1, _tortures));
        Hook(template, "start_prim", $$"""
            data="$HAMIRROR_ROOT/data-$SAFEMODULE"
            run() { setsid '{{Programs.Workload}}' "$@" </dev/null >>'{{Ledger}}/service.out' 2>&1 & }
            run {{service}} "$data" '{{Ledger}}' "$(basename "$HAMIRROR_ROOT")"
            for slot in {{slots}}; do run torture "$data" '{{Ledger}}' $slot; done
            """);
        // By name: numbers of processes begin anew at every boot.
        Hook(template, "stop_prim", """
            services() { grep -lx 'hamirror-worklo' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }
            for process in $(services); do kill -9 "$process" 2>/dev/null; done
            while [ -n "$(services)" ]; do sleep 0.02; done
            """);
    }

    private static void Hook(string template, string name, string script)
    {
        var path = $"{template}/bin/{name}";
        File.WriteAllText(path, $"#!/bin/bash\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
