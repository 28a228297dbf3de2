using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests;

/// <summary>A module of the lab's two nodes, driven by the command line as an operator would.</summary>
internal class LabModule(LabFixture lab, string name)
{
    /// <summary>For a change of state: detection (3 s), hooks and a boot, on a machine that does other things too.</summary>
    public static readonly TimeSpan StateLimit = TimeSpan.FromSeconds(60);

    public string Name => name;

    protected LabFixture Lab => lab;

    public CommandResult Act(string node, params ReadOnlySpan<string> command) =>
        lab.On(node, ["hamirror", .. command, "-m", name]);

    public ModuleStatus? Status(string node)
    {
        var answer = lab.On(node, "hamirror", "status", "--json", "-m", name);
        int start = answer.Output.IndexOf('{', StringComparison.Ordinal);
        if (answer.ExitCode != 0 || start < 0)
        {
            return null;
        }

        var status = JsonSerializer.Deserialize(answer.Output[start..], ApiJson.Default.NodeStatus);
        return status?.Modules.FirstOrDefault(module => module.Module == name);
    }

    /// <summary>Waits until the module is in the state and Ready.</summary>
    public ModuleStatus Is(string node, string state, string phase = "Ready") =>
        Eventually.Is(StateLimit, $"{name} is {state} {phase} on {node}", () => Status(node),
            status => status?.State == state && status.Phase == phase)!;

    /// <summary>n1 PRIM, n2 SECOND, both green.</summary>
    public void StartBoth()
    {
        Act(LabPair.N1, "start", "--as-primary").Success();
        Act(LabPair.N2, "start").Success();
        Is(LabPair.N1, "PRIM");
        Is(LabPair.N2, "SECOND");
    }

    /// <summary>Stops the module on both nodes, the primary first, without a failover.</summary>
    public void StopBoth()
    {
        foreach (string node in new[] { LabPair.N1, LabPair.N2 })
        {
            Act(node, "failover", "off").Success();
        }

        string first = Status(LabPair.N1)?.State is "PRIM" or "ALONE" ? LabPair.N1 : LabPair.N2;
        foreach (string node in new[] { first, LabPair.Peer(first) })
        {
            Act(node, "stop").Success();
            Is(node, "STOP", "NotReady");
        }
    }

    /// <summary>Compares the replicas of a stopped module beneath the nodes.</summary>
    public void ExpectEqualReplicas() => Command.Run(
        Command.DefaultLimit, "diff", "-r", $"{LabPair.Work}/n1/disk/vm/{name}", $"{LabPair.Work}/n2/disk/vm/{name}").Success();
}
