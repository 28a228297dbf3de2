using System.Globalization;

namespace HaMirror.Lab.Tests;

/// <summary>Two installed nodes with a running module have open what docs/ports.md says, and nothing else.</summary>
[Collection(LabCollection.Name)]
public sealed class PortTests(LabFixture lab)
{
    private const string Name = "web";

    /// <summary>Tries every TCP port from the other node, some hundreds at once; a port that is closed refuses, so it is soon over.</summary>
    private const string Scan = """
        import asyncio
        async def look(port, gate, found):
            async with gate:
                try:
                    _, writer = await asyncio.wait_for(asyncio.open_connection("ADDRESS", port), 5)
                    found.append(port)
                    writer.close()
                except (OSError, asyncio.TimeoutError):
                    pass
        async def main():
            gate, found = asyncio.Semaphore(400), []
            await asyncio.gather(*(look(port, gate, found) for port in range(1, 65536)))
            print("open:", *sorted(found))
        asyncio.run(main())
        """;

    [Fact]
    public void Nodes_WithARunningModule_HaveOpenWhatTheTableLists()
    {
        lab.Fresh();
        var module = new LabModule(lab, Name);
        foreach (string node in new[] { LabPair.N1, LabPair.N2 })
        {
            lab.Shell(node, $"mkdir -p /vm/{Name} && hamirror module add {Name} --template mirror && sed -i 's,value=\"/srv/%SAFEMODULE%\",value=\"/vm/{Name}\",; s,<heartbeat name=\"\" ident=\"flow\"/>,<heartbeat name=\"default\"/><heartbeat name=\"repl\" ident=\"flow\"/>,' /etc/hamirror/modules/{Name}/conf/userconfig.xml && hamirror module config {Name}").Success();
        }

        module.StartBoth();
        var table = PortRow.Listening();
        foreach (string node in new[] { LabPair.N1, LabPair.N2 })
        {
            Eventually.Is(LabModule.StateLimit, $"{node} listens on what it should", () => Wrong(node, table, withToken: false, serves: node == LabPair.N1), wrong => wrong.Length == 0);
            var outgoing = PortRow.Outgoing();
            Assert.All(OwnSocket.Of(Agent(node)).Where(socket => socket is { Kind: "tcp", Listens: false }), socket =>
                Assert.True(outgoing.Contains(socket.PeerPort) || table.Any(row => row.Kind == "tcp" && row.Ports().Contains(socket.Port)), $"{node}: {socket} stands in neither table"));
            Assert.DoesNotContain(OwnSocket.Of(Guard(node)), socket => socket.Kind != "unix" || socket.Listens);
        }

        Scans(table, withToken: false);
        lab.On(LabPair.N1, "hamirror", "cluster", "token").Success();
        Eventually.Is(LabModule.StateLimit, "the join port is open", () => Wrong(LabPair.N1, table, withToken: true, serves: true), wrong => wrong.Length == 0);
        Scans(table, withToken: true);
        module.StopBoth();
    }

    /// <summary>From n2, every port of n1 on both LANs: open are those of the table, and those of other programs of the node.</summary>
    private void Scans(IReadOnlyList<PortRow> table, bool withToken)
    {
        var expected = table.Where(row => row.Kind == "tcp" && (row.When != "token" || withToken)).Select(row => row.Port(1)).Order().ToArray();
        var own = OwnSocket.Of(Agent(LabPair.N1)).Where(socket => socket is { Kind: "tcp", Listens: true }).Select(socket => socket.Port).ToHashSet();
        var others = OwnSocket.ListeningPorts(Agent(LabPair.N1)).Except(own).ToHashSet();
        var open = new HashSet<int>();
        foreach (string address in new[] { "10.77.0.1", "10.78.0.1" })
        {
            string said = lab.Lab(TimeSpan.FromMinutes(4), "on", LabPair.N2, "python3", "-c", Scan.Replace("ADDRESS", address, StringComparison.Ordinal)).Success();
            Assert.StartsWith("open:", said, StringComparison.Ordinal);
            open.UnionWith(said["open:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(port => int.Parse(port, CultureInfo.InvariantCulture)));
        }

        Assert.Equal(expected, open.Except(others).Order());
    }

    /// <summary>What is open and not listed, or listed and not open; empty: nothing.</summary>
    private static string Wrong(string node, IReadOnlyList<PortRow> table, bool withToken, bool serves)
    {
        var sockets = OwnSocket.Of(Agent(node));
        var wrong = new List<string>();
        foreach (var socket in sockets.Where(socket => socket.Kind is "raw" or "icmp" || socket.Listens))
        {
            bool listed = table.Any(row => row.Kind == socket.Kind && (row.When != "token" || withToken) && (socket.Kind == "unix" ? row.IsPath(socket.Path) : row.Place == PlaceOf(socket, row)));
            if (!listed)
            {
                wrong.Add($"not listed: {socket}");
            }
        }

        foreach (var row in table.Where(row => row.When is "always" or "cluster" || (row.When == "token" && withToken) || (row.When == "module" && serves)))
        {
            if (!sockets.Any(socket => socket.Listens && socket.Kind == row.Kind && (row.Kind == "unix" ? row.IsPath(socket.Path) : socket.Port == row.Port(1))))
            {
                wrong.Add($"not open: {row}");
            }
        }

        return string.Join("; ", wrong);
    }

    /// <summary>The row's place when the socket is the one that it means for the lab's only module.</summary>
    private static string PlaceOf(OwnSocket socket, PortRow row) => row.Ports().Any() && row.Port(1) == socket.Port ? row.Place : "";

    private static int Agent(string node) => Process(node, "hamirrord");

    private static int Guard(string node) => Process(node, "hamirror-guard");

    /// <summary>By its name in the node's control group, as a number of the machine.</summary>
    private static int Process(string node, string name)
    {
        int init = int.Parse(File.ReadAllText($"{LabPair.Work}/{node}/init.pid").Trim(), CultureInfo.InvariantCulture);
        string space = new FileInfo($"/proc/{init}/ns/pid").LinkTarget ?? "";
        return Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(text => text.All(char.IsAsciiDigit)).Select(text => int.Parse(text, CultureInfo.InvariantCulture))
            .First(process => Named(process, name) && SpaceOf(process) == space);
    }

    private static bool Named(int process, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim() == name[..Math.Min(name.Length, 15)];
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string SpaceOf(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/pid").LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
