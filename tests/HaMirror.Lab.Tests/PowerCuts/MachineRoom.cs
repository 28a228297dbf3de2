// Where two nodes stand: a switch with two ports, and their disks. Both exist in name spaces of their own that end with one process:
// whoever copies the machine's mounts meanwhile does not keep a disk in use, and nothing is left when a test is killed.
using System.Diagnostics;
using System.Globalization;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Network and mounts that nobody else on the machine sees.</summary>
internal sealed class MachineRoom : IDisposable
{
    /// <summary>Lets go disks and mounts of others: a copy of theirs would keep them in use. The argument is kept.</summary>
    public const string LetGo =
        """awk -v own="$1" '($1 ~ "^/dev/loop" || $3 ~ "^fuse") && $2 != own { print $2 }' /proc/self/mounts | tac | xargs -r umount -l""";

    private readonly Process _holder;

    public MachineRoom()
    {
        _holder = Command.Start("unshare", "--net", "--mount", "--propagation", "private", "bash", "-c",
            $"set -- /; {LetGo}; mount -t fusectl none /sys/fs/fuse/connections; ip link add br0 type bridge forward_delay 0 stp_state 0 && ip link set br0 up && echo up && exec sleep infinity");
        var said = _holder.StandardOutput.ReadLine();
        Assert.True(said == "up", $"No room of its own: {(said is null ? _holder.StandardError.ReadToEnd() : said)}");
    }

    /// <summary>Put before a path of the room, it leads there from outside.</summary>
    public string Door => string.Create(CultureInfo.InvariantCulture, $"/proc/{_holder.Id}/root");

    /// <summary>Every mount, a line each, as the kernel lists them.</summary>
    public string Mounts => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{_holder.Id}/mounts"));

    /// <summary>Runs a program in the room's mount name space.</summary>
    public CommandResult Run(params ReadOnlySpan<string> command) => Command.Run(Command.DefaultLimit, "nsenter", [.. Enter("-m"), .. command]);

    /// <summary>Starts one there.</summary>
    public Process Start(params ReadOnlySpan<string> command) => Command.Start("nsenter", [.. Enter("-m"), .. command]);

    /// <summary>Ends a FUSE connection. A dead agent with a thread that waits in its own mount cannot end before that.</summary>
    /// <param name="number">Minor number of the mount's device.</param>
    public void Abort(string number) => Run("sh", "-c", $"echo 1 > /sys/fs/fuse/connections/{number}/abort");

    /// <summary>Gives a node that has just been started its network card.</summary>
    /// <param name="process">Any process in the node's network name space.</param>
    public void Plug(int number, int process, string address)
    {
        // The port of the boot before goes lazily, with its name space.
        Switch(string.Create(CultureInfo.InvariantCulture,
            $"ip link del p{number} 2>/dev/null; ip link add p{number} type veth peer name eth0 netns {process} && ip link set p{number} master br0 up"));
        Command.Run(Command.DefaultLimit, "nsenter", "-t", process.ToString(CultureInfo.InvariantCulture), "-n", "sh", "-c",
            $"ip link set lo up && ip addr add {address}/24 dev eth0 && ip link set eth0 up").Success();
    }

    /// <summary>From here on nothing passes.</summary>
    public void Pull(int number) => Switch(string.Create(CultureInfo.InvariantCulture, $"ip link set p{number} down"));

    public void Dispose()
    {
        _holder.Kill();
        _holder.WaitForExit();
        _holder.Dispose();
    }

    private void Switch(string script) => Command.Run(Command.DefaultLimit, "nsenter", [.. Enter("-n"), "sh", "-c", script]).Success();

    private string[] Enter(string space) => ["-t", _holder.Id.ToString(CultureInfo.InvariantCulture), space];
}
