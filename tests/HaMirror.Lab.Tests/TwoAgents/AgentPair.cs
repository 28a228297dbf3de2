using System.Diagnostics;
using HaMirror.Core.Api;

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
    public static string Data(AgentProcess node) => node.Root + "/data";

    /// <summary>The hooks leave a line per call here.</summary>
    public static string HookLog(AgentProcess node) => node.Root + "/hooks";

    /// <summary>Exists while the service runs on that node.</summary>
    public static bool Serves(AgentProcess node) => File.Exists(node.Root + "/service");

    public static async Task<AgentPair> CreateAsync(string serviceAttributes = "", string user = "")
    {
        var directory = Directory.CreateTempSubdirectory("hamirror-agents-").FullName;
        // Addresses of this test alone: the whole of 127/8 is this machine.
        var net = $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}";
        var pair = new AgentPair(directory, new AgentProcess(directory + "/n1", "n1", net + ".1"), new AgentProcess(directory + "/n2", "n2", net + ".2"));
        try
        {
            await pair.JoinAsync(serviceAttributes, user);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until both nodes are what is asked for.</summary>
    public async Task ExpectAsync(string one, string two)
    {
        await ExpectAsync(One, one);
        await ExpectAsync(Two, two);
    }

    /// <param name="wanted">State and phase, e.g. <c>PRIM Ready</c>.</param>
    public async Task ExpectAsync(AgentProcess node, string wanted)
    {
        var seen = "nothing";
        await Deadline.HoldsAsync($"{node.Name} is {wanted}", AgentProcess.Patience, async () =>
        {
            var status = await node.StatusAsync(Module);
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
    public void ExpectEqualReplicas()
    {
        using var diff = Process.Start(new ProcessStartInfo("diff", ["-r", "--no-dereference", Data(One), Data(Two)]) { RedirectStandardOutput = true })!;
        var output = diff.StandardOutput.ReadToEnd();
        diff.WaitForExit();
        Assert.True(diff.ExitCode == 0, output + Story);
    }

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Two.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task JoinAsync(string serviceAttributes, string user)
    {
        WriteTemplate(_directory + "/template", serviceAttributes, user);
        foreach (var node in new[] { One, Two })
        {
            Directory.CreateDirectory(Data(node));
            await node.StartAsync();
        }

        var token = await One.PostAsync(ApiPath.ClusterInit, new ClusterInitRequest("n1", One.Address, "n2", Two.Address, [], false),
            ApiJson.Default.ClusterInitRequest, ApiJson.Default.JoinToken);
        await Two.PostAsync(ApiPath.ClusterJoin, new ClusterJoinRequest(token.Token, false),
            ApiJson.Default.ClusterJoinRequest, ApiJson.Default.ClusterStatus);
        await One.ConfigureAsync(Module, _directory + "/template");
        await Two.ConfigureAsync(Module, _directory + "/template");
    }

    private static void WriteTemplate(string directory, string serviceAttributes, string user)
    {
        Directory.CreateDirectory(directory + "/conf");
        Directory.CreateDirectory(directory + "/bin");
        File.WriteAllText(directory + "/conf/userconfig.xml", $"""
            <!DOCTYPE safe>
            <safe>
              <service mode="mirror" {serviceAttributes}>
                <heart><heartbeat name="default"/></heart>
                <rfs><replicated dir="%HAMIRROR_ROOT%/data"/></rfs>
                <user nicestoptimeout="20s" forcestoptimeout="10s">{user}</user>
              </service>
            </safe>

            """);
        Hook(directory, "start_prim", "[ -w \"$HAMIRROR_ROOT/data\" ] && touch \"$HAMIRROR_ROOT/service\"");
        Hook(directory, "stop_prim", "rm -f \"$HAMIRROR_ROOT/service\"");
        Hook(directory, "transition", "true");
    }

    private static void Hook(string directory, string name, string command)
    {
        var path = $"{directory}/bin/{name}";
        File.WriteAllText(path, $"#!/bin/sh\necho \"{name} $*\" >> \"$HAMIRROR_ROOT/hooks\"\n{command}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
