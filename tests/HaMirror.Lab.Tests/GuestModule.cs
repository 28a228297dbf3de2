using System.Globalization;
using System.Text.RegularExpressions;

namespace HaMirror.Lab.Tests;

/// <summary>A module with a real guest in the lab, and what is known about both from outside.</summary>
/// <remarks>The guest prints <c>ACK n</c> only once record n was flushed, so its consoles, which outlive the nodes, say what
/// it was promised. Everything that a test asserts about lost data comes from them and from the images.</remarks>
internal sealed partial class GuestModule(LabFixture lab, string name) : LabModule(lab, name)
{
    public const string Address = "10.77.0.50";

    /// <summary>Two joined nodes, the guest's image on n1, the module on both; nothing is started. Nodes and module of the test
    /// before are taken when it left them whole: then the image holds its records, and the consoles are empty.</summary>
    /// <param name="settings">Environment of lab.sh, e.g. <c>LAB_WITNESS=none</c>.</param>
    public void Make(params ReadOnlySpan<string> settings)
    {
        bool asBefore = Lab.Takes(Name);
        if (asBefore)
        {
            foreach (string node in new[] { LabPair.N1, LabPair.N2 })
            {
                File.Delete(ConsolePath(node));
            }
        }
        else
        {
            Lab.Fresh();
        }

        string[] command = [.. settings, Path.Combine(LabPair.Project, "lab", "lab.sh"), asBefore ? "settings" : "vm", Name, Address];
        Command.Run(TimeSpan.FromMinutes(3), "env", command).Success();
        if (asBefore)
        {
            foreach (string node in new[] { LabPair.N1, LabPair.N2 })
            {
                Act(node, "failover", "on").Success();
            }
        }
    }

    /// <summary>n1 PRIM, n2 SECOND, both green, and the guest has been promised some records.</summary>
    public void Start()
    {
        StartBoth();
        GoesOn();
    }

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
        var answer = Lab.On(node, "pgrep", "-f", $"qemu-system.*guest={Name}");
        return answer.ExitCode == 0;
    }

    /// <summary>Stops the module on both nodes, compares the replicas, and looks for every promised record in the images. What
    /// comes through here is whole: the next test may use it.</summary>
    public void ReplicasAreEqual()
    {
        StopBoth();
        ExpectEqualReplicas();
        string records = Lab.Lab("records", Name).Success();
        int stored = int.Parse(records[(records.LastIndexOf('=') + 1)..], CultureInfo.InvariantCulture);
        Assert.InRange(stored, Acknowledged(), int.MaxValue);
        Lab.IsWhole(Name);
    }

    private string ConsolePath(string node) => $"{LabPair.Work}/{node}/console/{Name}.console";

    private IReadOnlyList<string> Console(string node)
    {
        string path = ConsolePath(node);
        return File.Exists(path) ? [.. File.ReadAllText(path).Split('\n').SkipLast(1).Select(line => line.TrimEnd('\r'))] : [];
    }

    [GeneratedRegex("^ACK ([0-9]+)$")]
    private static partial Regex AckLine();

    [GeneratedRegex("^GUEST-UP .*last=([0-9]+) (.*)$")]
    private static partial Regex BootLine();
}
