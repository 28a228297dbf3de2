// What the machine says of itself: files of /proc and a few programs, each with a time limit, none of which is needed.
using System.Diagnostics;
using System.Text;

namespace HaMirror.Agent.Support;

/// <summary>Collects facts of this node's system.</summary>
internal static class SystemFacts
{
    private const int OutputLengthMax = 1 << 20;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static readonly (string Name, string Path)[] Files =
    [
        ("kernel.txt", "/proc/version"), ("release.txt", "/etc/os-release"), ("mounts.txt", "/proc/self/mountinfo"), ("memory.txt", "/proc/meminfo"),
        ("load.txt", "/proc/loadavg"), ("pressure-io.txt", "/proc/pressure/io"), ("pressure-memory.txt", "/proc/pressure/memory"), ("processors.txt", "/proc/cpuinfo"),
        ("network-counters.txt", "/proc/net/dev"), ("disk-counters.txt", "/proc/diskstats"), ("limits-of-the-agent.txt", "/proc/self/limits"), ("agent-process.txt", "/proc/self/status"),
    ];

    public static readonly (string Name, string Program, string[] Arguments)[] Programs =
    [
        ("addresses.txt", "ip", ["-details", "address"]), ("routes.txt", "ip", ["route", "show", "table", "all"]), ("ports.txt", "ss", ["-tulpn"]),
        ("space.txt", "df", ["-hT", "--local"]), ("disks.txt", "lsblk", ["-o", "NAME,TYPE,SIZE,ROTA,SCHED,FSTYPE,MOUNTPOINTS,MODEL"]),
        ("guests.txt", "virsh", ["-c", "qemu:///system", "list", "--all"]), ("libvirt.txt", "virsh", ["-c", "qemu:///system", "version"]),
        ("qemu.txt", "qemu-system-x86_64", ["--version"]), ("service.txt", "systemctl", ["status", "--no-pager", "-l", "hamirrord"]),
        ("journal.txt", "journalctl", ["--no-pager", "-u", "hamirrord", "-n", "2000"]), ("kernel-messages.txt", "dmesg", ["--ctime", "--level", "warn,err,crit,alert,emerg"]),
        ("clock.txt", "timedatectl", ["status"]),
    ];

    public static async Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        var command = $"# {program} {string.Join(' ', arguments)}\n";
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["LANG"] = "C.UTF-8";
            using var process = Process.Start(start) ?? throw new InvalidOperationException("it was not started");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Timeout);
            try
            {
                var (output, error) = (ReadAsync(process.StandardOutput, limit.Token), ReadAsync(process.StandardError, limit.Token));
                return command + await output + await error;
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return command + $"# not available: {(error is OperationCanceledException ? $"no end within {Timeout.TotalSeconds:0} s" : error.Message)}\n";
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var buffer = new char[8192];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellation)) > 0)
        {
            if (text.Length < OutputLengthMax) text.Append(buffer, 0, count);
        }

        return text.ToString();
    }
}
