using System.Diagnostics;
using System.Text;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A standby whose data path hangs while its heartbeats go on: the guest waits for the time-out and no longer (G8).</summary>
[Collection(AgentsCollection.Name)]
public sealed class HungPeerTests(ITestOutputHelper output)
{
    private const string Target = "target [0-9]+", Driver = "driver m1";

    /// <summary>locktimeout, which is the heartbeat time-out too.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>For a pulse, the looks of the threads at the clock, and a loaded machine; far from a second time-out.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData(Target)]
    [InlineData(Target, Driver)]
    public async Task Standby_WhoseThreadsHang_HoldsTheGuestForOneTimeout(params string[] threads)
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.StartAsync();
        await WriteAsync(pair.One, "before");
        var held = new List<HeldThread>();
        try
        {
            foreach (var thread in threads) held.Add(await HeldThread.TakeAsync(pair.Two.Id, thread));
            var clock = Stopwatch.StartNew();
            await WriteAsync(pair.One, "while it hangs");
            output.WriteLine($"the write took {clock.Elapsed.TotalSeconds:0.00} s with {string.Join(" and ", threads)} held");
            Assert.True(clock.Elapsed < Timeout + Slack, $"The write took {clock.Elapsed.TotalSeconds:0.00} s.\n{pair.Story}");
            await pair.ExpectAsync(pair.One, "ALONE Ready");
        }
        finally
        {
            held.ForEach(thread => thread.Dispose());
        }

        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        Assert.True(AgentPair.Serves(pair.One));
        Assert.False(AgentPair.Serves(pair.Two));
        foreach (var node in new[] { pair.Two, pair.One })
        {
            await node.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync(node, "STOP NotReady");
        }

        pair.ExpectEqualReplicas();
    }

    private static Task WriteAsync(AgentProcess node, string text) => Task.Run(() =>
    {
        using var file = new FileStream($"{AgentPair.Data(node)}/written", FileMode.Create, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }).WaitAsync(AgentProcess.Patience);
}
