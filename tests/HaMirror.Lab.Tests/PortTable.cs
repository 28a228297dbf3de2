// The tables of docs/ports.md, as the test of the open ports reads them.
using System.Globalization;

namespace HaMirror.Lab.Tests;

/// <summary>One row of what an agent listens on.</summary>
/// <param name="Kind">tcp, udp or unix.</param>
/// <param name="Place">Port or path, as written.</param>
/// <param name="When">always, cluster, token or module.</param>
internal sealed record PortRow(string Kind, string Place, string When)
{
    private const string OfModules = "5600 + 4·(id−1)";
    private const int FirstOfModules = 5600, StepOfModules = 4, ModulesMax = 32;

    /// <summary>All rows of the table of what is listened on.</summary>
    public static IReadOnlyList<PortRow> Listening()
    {
        var rows = Rows("## What the agent listens on").Select(cells => new PortRow(cells[0], cells[1], cells[3])).ToArray();
        Assert.True(rows.Length >= 6, "docs/ports.md has no table of what the agent listens on.");
        Assert.All(rows, row => Assert.Contains(row.Kind, new[] { "tcp", "udp", "unix" }));
        Assert.All(rows, row => Assert.Contains(row.When, new[] { "always", "cluster", "token", "module" }));
        return rows;
    }

    /// <summary>TCP ports that an agent may be connected to.</summary>
    public static IReadOnlySet<int> Outgoing() =>
        Rows("## What the agent connects to").Where(cells => cells[0] == "tcp").SelectMany(cells => new PortRow("tcp", cells[1], "always").Ports()).ToHashSet();

    /// <summary>The ports that the row means; none for one that is written as words.</summary>
    public IEnumerable<int> Ports() => Place == OfModules
        ? Enumerable.Range(0, ModulesMax).Select(id => FirstOfModules + StepOfModules * id)
        : int.TryParse(Place, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? [port] : [];

    /// <summary>The port of a module by its number.</summary>
    public int Port(int module) => Place == OfModules ? FirstOfModules + StepOfModules * (module - 1) : int.Parse(Place, CultureInfo.InvariantCulture);

    /// <summary>A path of a Unix socket, where a star stands for what differs.</summary>
    public bool IsPath(string path) => Place.EndsWith('*') ? path.StartsWith(Place[..^1], StringComparison.Ordinal) : path == Place;

    private static IEnumerable<string[]> Rows(string heading) =>
        File.ReadLines(Path.Combine(LabPair.Project, "docs", "ports.md")).SkipWhile(line => line != heading).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .Where(cells => cells[0] != "kind" && !cells[0].StartsWith("---", StringComparison.Ordinal));
}
