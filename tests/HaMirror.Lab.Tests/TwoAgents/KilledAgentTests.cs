// An agent that is killed together with what watches over it (systemd's last resort, the out-of-memory killer). Once such an
// agent stayed for ever: a thread of its own waited in its own mount.
using System.Diagnostics;
using System.Globalization;
using HaMirror.Io.Hooks;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Nothing of a killed agent keeps the next one from starting.</summary>
[Collection(AgentsCollection.Name)]
public sealed class KilledAgentTests
{
    private const int Kills = 5;
    private const int BlockBytes = 4096;

    /// <summary>Far more than the end of a killed process takes, and far less than any time-out that would hide a hang.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AgentAndGuard_KilledUnderWrites_TheNextAgentServesAtOnceWhatWasFlushed(bool withPeer)
    {
        await using var pair = await AgentPair.CreateAsync(replicationAttributes: "checkintv=\"1s\"");
        await pair.StartAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            if (!withPeer && kill == 0)
            {
                await pair.Two.ActAsync(AgentPair.Module, "stop");
                await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
            }

            var name = $"kill-{kill}.img";
            var writing = Write($"{AgentPair.Data(pair.One)}/{name}", out var flushed);
            await Deadline.HoldsAsync("it writes", AgentProcess.Patience, () => Task.FromResult(flushed() > 20), () => pair.Story);
            Signal(9, pair.One.Id, Guard(pair.One));
            await Deadline.HoldsAsync("the killed agent has ended", EndTime, () => Task.FromResult(pair.One.HasExited), () => pair.Story);
            await writing.WaitAsync(AgentProcess.Patience);
            var written = flushed();

            if (withPeer) await pair.ExpectAsync(pair.Two, "ALONE Ready");
            await pair.One.StartAsync();
            if (withPeer) await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
            else await pair.ExpectAsync(pair.One, "ALONE Ready");
            Assert.Equal(written, Blocks(File.ReadAllBytes($"{AgentPair.Data(withPeer ? pair.Two : pair.One)}/{name}"), written));
            if (!withPeer) continue;
            await pair.Two.ActAsync(AgentPair.Module, "swap");
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        }
    }

    [Fact]
    public async Task CheckerAndHook_OfAKilledAgent_EndWithIt()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.AddModuleAsync("m2", "<check><custom ident=\"light\" exec=\"light\" when=\"pre\"/></check>", new Dictionary<string, string>
        {
            ["light"] = "echo $$ > $HAMIRROR_ROOT/checker; while :; do sleep 1000; done",
            ["start_prim"] = "echo $$ > $HAMIRROR_ROOT/hook; while :; do sleep 1000; done",
        });
        await pair.One.StartModuleAsync("m2", "primary");
        string[] files = [$"{pair.One.Root}/checker", $"{pair.One.Root}/hook"];
        await Deadline.HoldsAsync("both run", AgentProcess.Patience, () => Task.FromResult(files.All(file => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'))), () => pair.Story);
        int[] processes = [.. files.Select(file => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture))];
        Assert.All(processes, process => Assert.True(ProcessEntry.Read(process)?.IsAlive, pair.Story));
        Signal(9, pair.One.Id, Guard(pair.One));
        await Deadline.HoldsAsync("neither runs on", EndTime, () => Task.FromResult(processes.All(process => ProcessEntry.Read(process) is not { IsAlive: true })), () => pair.Story);
    }

    [Fact]
    public async Task Agent_ThatWaitsDeadInItsOwnMount_IsHelpedToItsEndByTheNext()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await pair.One.EndAsync();

        // It takes a request from /dev/fuse that a thread of its own waits for, and is killed.
        const string program = """
            use threads; use Socket; $| = 1;
            my ($data, $path) = @ARGV;
            my $listener; socket($listener, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
            bind($listener, sockaddr_un($path)) or die "bind: $!"; listen($listener, 8) or die "listen: $!";
            open(my $fuse, "+<", "/dev/fuse") or die "fuse: $!";
            my ($source, $type, $options) = ("m1", "fuse.hamirror", "fd=" . fileno($fuse) . ",rootmode=40000,user_id=0,group_id=0,allow_other");
            syscall(165, $source, $data, $type, 4, $options) == 0 or die "mount: $!";
            threads->create(sub { opendir(my $d, $data); })->detach;
            while (sysread($fuse, my $request, 1 << 20)) {
                my ($length, $opcode, $unique) = unpack("VVQ", $request);
                if ($opcode == 26) { syswrite($fuse, pack("VVQ", 80, 0, $unique) . pack("V4v2V2", 7, 31, 65536, 0, 12, 10, 65536, 1) . ("\0" x 36)); next; }
                print "stuck\n"; sleep 1000;
            }
            """;
        var socket = $"{pair.One.Root}/run/hamirror/agent.sock";
        Assert.False(File.Exists(socket), socket);
        using var dead = Process.Start(new ProcessStartInfo("perl", ["-e", program, AgentPair.Data(pair.One), socket]) { RedirectStandardOutput = true })!;
        Assert.Equal("stuck", await dead.StandardOutput.ReadLineAsync().WaitAsync(AgentProcess.Patience));
        try
        {
            Signal(9, dead.Id);
            await Deadline.HoldsAsync("it is a zombie", AgentProcess.Patience, () => Task.FromResult(ProcessEntry.Read(dead.Id) is { State: 'Z' }), () => pair.Story);
            Assert.False(dead.WaitForExit(200), "Nothing keeps it: this test tests nothing.");
            await pair.One.StartAsync();
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            Assert.True(dead.WaitForExit(EndTime));
        }
        finally
        {
            if (!dead.HasExited) _ = Shim.FuseUnmount(AgentPair.Data(pair.One), abort: 1);
        }
    }

    private static int Guard(AgentProcess node) => ProcessEntry.All().Single(
        entry => entry.Parent == node.Id && entry.CommandLine().EndsWith("/hamirror-guard", StringComparison.Ordinal)).Id;

    /// <summary>In one call of a process of its own, so that hardly anything comes between.</summary>
    private static void Signal(int signal, params int[] processes)
    {
        using var kill = Process.Start("kill", [$"-{signal}", .. processes.Select(process => process.ToString(CultureInfo.InvariantCulture))]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Appends blocks that hold their number, each flushed, until the file system refuses.</summary>
    /// <param name="flushed">How many are flushed by now.</param>
    private static Task Write(string path, out Func<int> flushed)
    {
        const string program = """
            use Fcntl; use IO::Handle; sysopen(my $file, $ARGV[0], O_WRONLY | O_CREAT) or die; $| = 1;
            for (my $n = 1; ; $n++) { syswrite($file, pack("V", $n) x 1024) == 4096 or exit; $file->sync or exit; print "."; }
            """;
        var writer = Process.Start(new ProcessStartInfo("perl", ["-e", program, path]) { RedirectStandardOutput = true })!;
        var count = 0;
        flushed = () => Volatile.Read(ref count);
        return Task.Run(() =>
        {
            using (writer)
            {
                while (writer.StandardOutput.Read() >= 0) Interlocked.Increment(ref count);
                writer.WaitForExit();
            }
        });
    }

    private static int Blocks(byte[] content, int wanted) => Enumerable.Range(0, Math.Min(wanted, content.Length / BlockBytes))
        .TakeWhile(block => BitConverter.ToInt32(content, block * BlockBytes) == block + 1 && BitConverter.ToInt32(content, ((block + 1) * BlockBytes) - sizeof(int)) == block + 1)
        .Count();
}
