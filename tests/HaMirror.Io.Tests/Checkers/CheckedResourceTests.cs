using FsCheck.Xunit;
using HaMirror.Core.Machine;
using HaMirror.Io.Checkers;

namespace HaMirror.Io.Tests.Checkers;

public sealed class CheckedResourceTests
{
    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    [Fact]
    public void Resource_FirstLook_IsReported()
    {
        var resource = new CheckedResource("tcp.a", AutomaticAction.Restart, At(15));
        Assert.Null(resource.Up);
        Assert.Equal(new CheckerReport("tcp.a", true, null, "x"), resource.Observe(true, At(0), "x"));
        Assert.Null(resource.Observe(true, At(1), "x"));
    }

    [Fact]
    public void Resource_DownForTheHandleTime_HasItsActionDueOnce()
    {
        var resource = new CheckedResource("tcp.a", AutomaticAction.Restart, At(15));
        Assert.Null(resource.Observe(false, At(0), "x")!.Action);
        Assert.Equal(At(15), resource.DueAt);
        Assert.Null(resource.Observe(false, At(14.9), "x"));
        Assert.Equal(AutomaticAction.Restart, resource.Observe(false, At(15), "x")!.Action);
        Assert.Null(resource.Observe(false, At(16), "x"));
        Assert.Equal(AutomaticAction.Restart, resource.Observe(false, At(30), "x")!.Action);
    }

    [Fact]
    public void Resource_UpInBetween_StartsTheHandleTimeAnew()
    {
        var resource = new CheckedResource("tcp.a", AutomaticAction.Restart, At(15));
        resource.Observe(false, At(0), "x");
        Assert.Null(resource.Observe(true, At(10), "x")!.Action);
        Assert.Null(resource.Observe(false, At(11), "x")!.Action);
        Assert.Null(resource.Observe(false, At(20), "x"));
        Assert.NotNull(resource.Observe(false, At(26), "x")!.Action);
    }

    [Fact]
    public void Resource_WithoutAction_OnlyReports()
    {
        var resource = new CheckedResource("custom.a", null, At(0));
        Assert.Null(resource.Observe(false, At(0), "x")!.Action);
        Assert.Null(resource.DueAt);
        Assert.Null(resource.Observe(false, At(100), "x"));
    }

    /// <summary>An action is due only if every look of the last handle time saw it down.</summary>
    [Property(MaxTest = 300)]
    public bool Resource_AnyLooks_ActsOnlyAfterAnUninterruptedHandleTime(bool[]? looks)
    {
        var resource = new CheckedResource("r", AutomaticAction.Stop, At(5));
        var downSince = -1;
        for (var second = 0; second < (looks ?? []).Length; second++)
        {
            downSince = looks![second] ? -1 : downSince < 0 ? second : downSince;
            var report = resource.Observe(looks[second], At(second), "x");
            if (report?.Action is not null && (downSince < 0 || second - downSince < 5))
            {
                return false;
            }
        }

        return true;
    }
}
