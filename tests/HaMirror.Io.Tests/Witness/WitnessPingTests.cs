using System.Diagnostics;
using HaMirror.Io.Tests.Hooks;
using HaMirror.Io.Witness;

namespace HaMirror.Io.Tests.Witness;

public sealed class WitnessPingTests
{
    private static readonly TimeSpan Long = HookDirectory.Patience;

    [Fact]
    public async Task Witness_AnyAnswering_IsReachableWithoutWaitingForTheOthers()
    {
        using var release = new ManualResetEventSlim();
        var ping = new WitnessPing((address, _) => address == "192.0.2.2" || (release.Wait(Long) && false));
        Assert.True(await ping.AnyAnswersAsync(["192.0.2.1", "192.0.2.2", "192.0.2.3"], Long, default).WaitAsync(Long));
        release.Set();
    }

    [Fact]
    public async Task Witness_NoneAnswering_IsFalse() =>
        Assert.False(await new WitnessPing((_, _) => false).AnyAnswersAsync(["192.0.2.1", "192.0.2.2"], Long, default));

    [Fact]
    public async Task Witness_AllAsked_AreAskedAtOnce()
    {
        // Each waits until all four have been asked: asked one after the other, none would ever answer.
        using var all = new CountdownEvent(4);
        var ping = new WitnessPing((_, _) => all.Signal() || all.Wait(Long));
        Assert.True(await ping.AnyAnswersAsync(["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"], Long, default));
        Assert.True(all.Wait(Long));
    }

    [Fact]
    public async Task Witness_HangingPing_IsBoundedByTheTimeout()
    {
        using var release = new ManualResetEventSlim();
        var watch = Stopwatch.StartNew();
        Assert.False(await new WitnessPing((_, _) => release.Wait(Long)).AnyAnswersAsync(["192.0.2.1"], TimeSpan.FromMilliseconds(100), default));
        Assert.True(watch.Elapsed < Long);
        release.Set();
    }

    [Fact]
    public async Task Witness_NoneConfigured_IsFalse() =>
        Assert.False(await new WitnessPing((_, _) => true).AnyAnswersAsync([], Long, default));

    [Fact]
    public async Task Witness_UnknownName_IsFalse() =>
        Assert.False(await new WitnessPing((_, _) => true).AnyAnswersAsync(["no-such-host.invalid"], Long, default));
}
