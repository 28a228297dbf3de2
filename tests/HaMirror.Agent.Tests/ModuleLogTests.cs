using HaMirror.Agent.Logging;
using HaMirror.Core.Machine;

namespace HaMirror.Agent.Tests;

public sealed class ModuleLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hamirror-log-").FullName;

    private string Path => _directory + "/module.log";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Lines_AfterARestart_AreStillKnown()
    {
        using (var log = new ModuleLog(Path, "vm1", TimeProvider.System))
        {
            log.Add(SayLevel.Event, "Local state PRIM Ready");
            log.Add(SayLevel.Warning, "two\nlines {with} braces");
        }

        using var again = new ModuleLog(Path, "vm1", TimeProvider.System);
        Assert.Equal(["Event Local state PRIM Ready", "Warning two | lines {with} braces"],
            again.Last(null, 10).Select(line => $"{line.Level} {line.Text}"));
    }

    [Fact]
    public void Text_OfACaller_ForgesNoLineAndIsNoLongerThanALine()
    {
        using var log = new ModuleLog(Path, "vm1", TimeProvider.System);
        log.Add(SayLevel.Event, "x\r\n2026-01-01T00:00:00.000+00:00 Critical forged\u2028y\u001b[2J\u202E");
        log.Add(SayLevel.Event, new string('a', 100_000));
        var lines = log.Last(null, 10);
        Assert.Equal("x | 2026-01-01T00:00:00.000+00:00 Critical forged | y?[2J?", lines[0].Text);
        Assert.InRange(lines[1].Text.Length, ModuleLog.TextLengthMax, ModuleLog.TextLengthMax + 3);
        log.Dispose();
        Assert.Equal(2, File.ReadAllLines(Path).Length);
    }

    [Fact]
    public async Task Follower_GetsLinesAsTheyCome_WithoutAGap()
    {
        using var log = new ModuleLog(Path, "vm1", TimeProvider.System);
        log.Add(SayLevel.Event, "before");
        var (last, next) = log.Follow(null, 10);
        log.Add(SayLevel.Event, "after");
        Assert.Equal("before", Assert.Single(last).Text);
        Assert.Equal("after", (await next.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30))).Text);
        log.Unfollow(next);
    }

    [Fact]
    public void Last_SinceATime_LeavesOlderLinesOut()
    {
        using var log = new ModuleLog(Path, "vm1", TimeProvider.System);
        log.Add(SayLevel.Event, "one");
        var since = log.Last(null, 1)[0].Time;
        Assert.Empty(log.Last(since, 10));
        Assert.Single(log.Last(since.AddMilliseconds(-1), 10));
    }
}
