using System.Globalization;
using System.Text.RegularExpressions;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests;

/// <summary>A module with a real guest in the lab, and what is known about both from outside.</summary>
/// <remarks>The guest prints <c>ACK n</c> only once record n was flushed, so its consoles, which outlive the nodes, say what
/// it was promised. Everything that a test asserts about lost data comes from them and from the images.</remarks>
internal sealed partial class GuestModule(LabFixture lab, string name)
{
    /// <summary>For a change of state: detection (3 s), hooks and a boot, on a machine that does other things too.</summary>
    public static readonly TimeSpan StateLimit = TimeSpan.FromSeconds(60);

    public const string Address = "10.77.0.50";

    /// <summary>Fresh nodes, the guest's image on n1, the module on both; nothing is started.</summary>
    /// <param name="settings">Environment of lab.sh, e.g. <c>LAB_WITNESS=none</c>.</param>
    public void Make(params ReadOnlySpan<string> settings)
    {
        lab.Fresh();
        Command.Run(
            TimeSpan.FromMinutes(3), "env", [.. settings, Path.Combine(LabPair.Project, "lab", "lab.sh"), "vm", name, Address]).Success();
    }

    /// <summary>n1 PRIM, n2 SECOND, both green, and the guest has been promised some records.</summary>
    public void Start()
    {
        Act(LabPair.N1, "start", "--as-primary").Success();
        Act(LabPair.N2, "start").Success();
        Is(LabPair.N1, "PRIM");
        Is(LabPair.N2, "SECOND");
        GoesOn();
    }

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

    /// <summary>The highest record that the guest was promised, wherever it ran.</summary>
    public int Acknowledged() => new[] { LabPair.N1, LabPair.N2 }.Max(AcknowledgedOn);

    public int AcknowledgedOn(string node) => Console(node)
        .Select(line => AckLine().Match(line)).Where(match => match.Success)
        .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Last();

    /// <summary>Records found at each boot of the guest on a node; fails when the guest found any of them damaged.</summary>
    public IReadOnlyList<int> Boots(string node)
    {
        var boots = Console(node).Select(line => BootLine().Match(line)).Where(match => match.Success).ToList();
        Assert.All(boots, boot => Assert.Equal("tail=0 bad=0", boot.Groups[2].Value));
        return [.. boots.Select(boot => int.Parse(boot.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    /// <summary>Waits until the guest, wherever it runs, has been promised ten more records.</summary>
    public void GoesOn()
    {
        int before = Acknowledged();
        Eventually.Is(StateLimit, "the guest writes on", Acknowledged, now => now >= before + 10);
    }

    /// <summary>Waits for a boot on a node after the <paramref name="before"/> that were there, and checks that nothing of
    /// what was promised is missing.</summary>
    public void BootsOn(string node, int before, int promised)
    {
        var boots = Eventually.Is(StateLimit, $"the guest boots on {node}", () => Boots(node), seen => seen.Count > before);
        Assert.InRange(boots[before], promised, int.MaxValue);
    }

    public bool GuestRuns(string node)
    {
        var answer = lab.On(node, "pgrep", "-f", $"qemu-system.*guest={name}");
        return answer.ExitCode == 0;
    }

    /// <summary>Stops the module on both nodes, the primary first, without a failover, and compares the replicas.</summary>
    public void ReplicasAreEqual()
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

        Command.Run(Command.DefaultLimit, "diff", "-r", $"{LabPair.Work}/n1/disk/vm/{name}", $"{LabPair.Work}/n2/disk/vm/{name}").Success();
        string records = lab.Lab("records", name).Success();
        int stored = int.Parse(records[(records.LastIndexOf('=') + 1)..], CultureInfo.InvariantCulture);
        Assert.InRange(stored, Acknowledged(), int.MaxValue);
    }

    private IReadOnlyList<string> Console(string node)
    {
        string path = $"{LabPair.Work}/{node}/console/{name}.console";
        return File.Exists(path) ? [.. File.ReadAllText(path).Split('\n').SkipLast(1).Select(line => line.TrimEnd('\r'))] : [];
    }

    [GeneratedRegex("^ACK ([0-9]+)$")]
    private static partial Regex AckLine();

    [GeneratedRegex("^GUEST-UP .*last=([0-9]+) (.*)$")]
    private static partial Regex BootLine();
}
