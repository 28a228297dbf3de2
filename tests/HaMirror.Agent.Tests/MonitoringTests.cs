using HaMirror.Agent.Monitoring;
using HaMirror.Agent.Notify;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Tests;

public sealed class MonitoringTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Metrics_OfOneFamily_StandTogetherWithTheirLabelsEscaped()
    {
        var text = new MetricsText();
        text.Gauge("a_bytes", "A.", 1.5, ("module", "x\"\\\n"));
        text.Counter("b_total", "B.", 2);
        text.Gauge("a_bytes", "A.", double.NaN);
        Assert.Equal("# HELP a_bytes A.\n# TYPE a_bytes gauge\na_bytes{module=\"x\\\"\\\\\\n\"} 1.5\na_bytes NaN\n# HELP b_total B.\n# TYPE b_total counter\nb_total 2\n", text.ToString());
    }

    [Fact]
    public void History_StandbyThatServes_TookOverOnce()
    {
        var history = new HistoryTable();
        foreach (var (state, phase) in new[]
        {
            ("WAIT", "Transient"), ("PRIM", "Ready"), // Started as the primary: nothing was taken over.
            ("SECOND", "Transient"), ("SECOND", "Ready"), ("ALONE", "Transient"), ("ALONE", "Ready"), ("PRIM", "Ready"),
        })
            history.Heard(StateTold(state, phase));
        Assert.Equal((1, Noon), (history.Of("m").Failovers, history.Of("m").LastFailover));
        history.Heard(StateTold("SECOND", "Ready"));
        history.Heard(StateTold("STOP", "NotReady"));
        history.Heard(StateTold("ALONE", "Ready"));
        Assert.Equal(1, history.Of("m").Failovers);
        Assert.Equal(0, history.Of("other").Failovers);
    }

    private static LogLine StateTold(string state, string phase) => new(Noon, "m", "Event", $"Local state {state} {phase}");

    [Fact]
    public void History_LinesOfHooks_GiveTheirDurations()
    {
        var history = new HistoryTable();
        history.Heard(new LogLine(Noon, "m", "Event", "Script stop_prim force > /var/log/hamirror/m/hooks/x (12.3 s)"));
        history.Heard(new LogLine(Noon, "m", "Event", "Script start_prim > /dev/null (0.1 s)"));
        history.Heard(new LogLine(Noon, "m", "Warning", "Something"));
        Assert.Equal([("start_prim", 0.1), ("stop_prim force", 12.3)], history.Of("m").HookSeconds.Select(hook => (hook.Key, hook.Value)));
        Assert.Equal([("Event", 2L), ("Warning", 1L)], history.Of("m").Lines.Select(level => (level.Key, level.Value)));
    }

    [Theory]
    [InlineData("ALONE", "Ready", "Warning")]
    [InlineData("WAIT", "NotReady", "Warning")]
    [InlineData("PRIM", "Ready", "Event")]
    [InlineData("STOP", "NotReady", "Event")]
    [InlineData("SECOND", "Transient", null)]
    [InlineData("SECOND", "Ready", null)]
    public void Notification_OfAState_IsAsGraveAsTheState(string state, string phase, string? level) =>
        Assert.Equal(level, Notifier.Of(Status("SECOND", "Ready"), Status(state, phase), Noon)?.Level);

    [Fact]
    public void Notification_OfTheFirstLook_IsNone() => Assert.Null(Notifier.Of(null, Status("ALONE", "Ready"), Noon));

    private static ModuleStatus Status(string state, string phase) => new(
        "m", "n1", state, phase, null, Noon, "UpToDate", "g", true, null, null, null, false, false, null, null, [], []);
}
