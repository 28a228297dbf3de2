using System.Diagnostics;
using HaMirror.Core.Machine;
using HaMirror.Io.Replication;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>What a crash costs when the node comes back (design, G6): what was written of late, and not the whole file.</summary>
[Collection(AgentsCollection.Name)]
public sealed class CrashResyncTests
{
    private const int ImageBytes = 192 << 20;
    private const int WrittenBytes = 16 << 20;
    private const int BlockBytes = 4096;

    /// <summary>About half a second's worth.</summary>
    private const int WritesBeforeTheCrash = 2000;

    /// <summary>The issue: what really differs, and so much more.</summary>
    private const ulong SentMore = 64UL << 20;

    [Fact]
    public async Task Primary_KilledUnderRandomWrites_OnlyWhatWasHotIsComparedOnItsReturn()
    {
        await using var pair = await PairWithImageAsync();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = WriteUntilItFails(pair.One, enough);
        await Task.WhenAny(enough.Task, writing).WaitAsync(AgentProcess.Patience);
        Assert.True(enough.Task.IsCompleted, pair.Story);
        await pair.One.KillAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await writing.WaitAsync(AgentProcess.Patience);

        await pair.One.StartAsync();
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        ExpectProportional(pair.Two, pair);
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task PrimaryAndSecond_KilledUnderRandomWrites_OnlyWhatWasHotIsComparedOnTheirReturn()
    {
        await using var pair = await PairWithImageAsync();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = WriteUntilItFails(pair.One, enough);
        await Task.WhenAny(enough.Task, writing).WaitAsync(AgentProcess.Patience);
        Assert.True(enough.Task.IsCompleted, pair.Story);
        await pair.Two.KillAsync();
        await pair.One.KillAsync();
        await writing.WaitAsync(AgentProcess.Patience);

        await pair.One.StartAsync();
        await pair.Two.StartAsync();
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        ExpectProportional(pair.One, pair);
        await StopAsync(pair);
        pair.ExpectEqualReplicas();
    }

    private static async Task<AgentPair> PairWithImageAsync()
    {
        var pair = await AgentPair.CreateAsync();
        var content = new byte[ImageBytes];
        new Random(1).NextBytes(content);
        foreach (var node in new[] { pair.One, pair.Two })
            File.WriteAllBytes(AgentPair.Data(node) + "/disk.img", content);
        await pair.StartAsync();
        return pair;
    }

    private static void ExpectProportional(AgentProcess source, AgentPair pair)
    {
        var last = ResyncSummary.Load($"{source.Root}/var/lib/hamirror/{AgentPair.Module}/resync");
        Assert.NotNull(last);
        Assert.True(last.Plan is ResyncPlan.Dirty or ResyncPlan.Leftover, $"{last}\n{pair.Story}");
        Assert.True(last.BytesSent <= WrittenBytes + SentMore, $"{last}\n{pair.Story}");
        Assert.True(last.BytesDone < ImageBytes / 2, $"{last}\n{pair.Story}");
    }

    /// <summary>A process of its own: the guard of a dead agent kills whoever holds a file of the mount open for writing.</summary>
    /// <param name="enough">Done once so many writes are acknowledged that a crash has something to leave behind.</param>
    private static async Task WriteUntilItFails(AgentProcess node, TaskCompletionSource enough)
    {
        const string program = """
            use Fcntl; sysopen(my $disk, $ARGV[0], O_WRONLY) or die; srand(2); $| = 1;
            while (1) {
                sysseek($disk, int(rand($ARGV[1])) * 4096, 0);
                my $block = join("", map { pack("L", rand(2**32)) } 1 .. 1024);
                syswrite($disk, $block) == 4096 or exit; print ".";
            }
            """;
        string[] arguments = ["-e", program, AgentPair.Data(node) + "/disk.img", $"{WrittenBytes / BlockBytes}"];
        using var writer = Process.Start(new ProcessStartInfo("perl", arguments) { RedirectStandardOutput = true })!;
        var dots = new char[4096];
        for (int acknowledged = 0, read; (read = await writer.StandardOutput.ReadAsync(dots)) > 0;)
            if ((acknowledged += read) >= WritesBeforeTheCrash) enough.TrySetResult();
        await writer.WaitForExitAsync();
    }

    private static async Task StopAsync(AgentPair pair)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            await node.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync(node, "STOP NotReady");
        }
    }
}
