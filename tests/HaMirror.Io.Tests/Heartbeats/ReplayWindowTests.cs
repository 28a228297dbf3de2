using HaMirror.Io.Heartbeats;

namespace HaMirror.Io.Tests.Heartbeats;

public sealed class ReplayWindowTests
{
    [Fact]
    public void Counter_Zero_IsRefused() => Assert.False(new ReplayWindow().TryAccept(0));

    [Fact]
    public void Counters_InAnyOrderWithinTheWindow_AreAcceptedOnce()
    {
        var window = new ReplayWindow();
        var counters = Enumerable.Range(1, ReplayWindow.Width).Select(value => (ulong)value).ToArray();
        new Random(3).Shuffle(counters);
        foreach (var counter in counters) Assert.True(window.TryAccept(counter));
        foreach (var counter in counters) Assert.False(window.TryAccept(counter));
    }

    [Fact]
    public void Counter_BehindTheWindow_IsRefused()
    {
        var window = new ReplayWindow();
        Assert.True(window.TryAccept(1000));
        Assert.False(window.TryAccept(1000 - ReplayWindow.Width));
        Assert.True(window.TryAccept(1001 - ReplayWindow.Width));
    }

    [Fact]
    public void Counter_FarAhead_ForgetsWhatIsBehind()
    {
        var window = new ReplayWindow();
        Assert.True(window.TryAccept(1));
        Assert.True(window.TryAccept(ulong.MaxValue));
        Assert.False(window.TryAccept(2));
        Assert.False(window.TryAccept(ulong.MaxValue));
    }
}
