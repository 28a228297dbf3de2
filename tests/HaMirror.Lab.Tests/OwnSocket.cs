// The sockets of processes as the kernel lists them: what /proc/PID/fd holds, looked up in /proc/PID/net. The files are those of the
// process's own network name space, so this works from outside of a node.
using System.Globalization;

namespace HaMirror.Lab.Tests;

/// <summary>A socket of a process.</summary>
/// <param name="Kind">tcp, udp, unix, raw or icmp.</param>
/// <param name="Listens">It waits for others.</param>
/// <param name="Port">Its own; 0 where there is none.</param>
/// <param name="PeerPort">The other end's; 0: none.</param>
/// <param name="Path">Of a Unix socket.</param>
internal sealed record OwnSocket(string Kind, bool Listens, int Port, int PeerPort, string Path)
{
    private const string TcpListen = "0A";
    private const int UnixListens = 0x10000; // __SO_ACCEPTCON

    public override string ToString() => $"{Kind} {(Listens ? "listens on " : "")}{(Path.Length > 0 ? Path : $"{Port} to {PeerPort}")}";

    /// <summary>All sockets of a process, seen from the machine.</summary>
    public static IReadOnlyList<OwnSocket> Of(int process) => [.. DescriptorsOf(process).Select(one => one.Socket)];

    /// <summary>As above, with the numbers under which the process knows them.</summary>
    public static IReadOnlyList<(int Descriptor, OwnSocket Socket)> DescriptorsOf(int process)
    {
        var own = Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(path => (Number: int.Parse(path[(path.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture), Target: Target(path)))
            .Where(one => one.Target.StartsWith("socket:[", StringComparison.Ordinal)).ToLookup(one => one.Target["socket:[".Length..^1], one => one.Number);
        return [.. All(process).Where(row => own.Contains(row.Inode)).Select(row => (own[row.Inode].First(), row.Socket))];
    }

    /// <summary>TCP ports that anybody listens on in the process's name space.</summary>
    public static IReadOnlySet<int> ListeningPorts(int process) =>
        All(process).Where(row => row.Socket is { Kind: "tcp", Listens: true }).Select(row => row.Socket.Port).ToHashSet();

    private static IEnumerable<(string Inode, OwnSocket Socket)> All(int process)
    {
        foreach (string kind in new[] { "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp", "icmp6" })
        {
            string file = $"/proc/{process}/net/{kind}";
            if (!File.Exists(file))
            {
                continue;
            }

            foreach (string[] cells in File.ReadLines(file).Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                (int port, int peer) = (PortOf(cells[1]), PortOf(cells[2]));
                bool listens = kind.StartsWith("tcp", StringComparison.Ordinal) ? cells[3] == TcpListen : peer == 0;
                yield return (cells[9], new OwnSocket(kind.TrimEnd('6'), listens, port, peer, ""));
            }
        }

        foreach (string[] cells in File.ReadLines($"/proc/{process}/net/unix").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            bool listens = (int.Parse(cells[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & UnixListens) != 0;
            yield return (cells[6], new OwnSocket("unix", listens, 0, 0, cells.Length > 7 ? cells[7] : ""));
        }
    }

    private static int PortOf(string address) => int.Parse(address[(address.IndexOf(':', StringComparison.Ordinal) + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return ""; // Closed meanwhile.
        }
    }
}
