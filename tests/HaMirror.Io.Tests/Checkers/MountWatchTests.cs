using System.Collections.Concurrent;
using HaMirror.Io.Checkers;
using HaMirror.Io.Tests.Hooks;

namespace HaMirror.Io.Tests.Checkers;

public sealed class MountWatchTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Mount_ThatHangs_IsSaidOnce()
    {
        var said = new ConcurrentQueue<string>();
        using var release = new ManualResetEventSlim();
        using (new MountWatch("/vm", Short, Short, said.Enqueue, said.Enqueue, TimeProvider.System, new Question(release.Wait)))
        {
            await HookDirectory.UntilAsync(() => !said.IsEmpty, "the hang is noticed");
            release.Set();
        }

        Assert.Equal("mount /vm has not answered for 0.05 s", Assert.Single(said));
    }

    [Fact]
    public async Task Mount_ThatIsGone_IsSaid()
    {
        var said = new ConcurrentQueue<string>();
        using var watch = new MountWatch("/vm", Short, TimeSpan.FromSeconds(30), said.Enqueue, said.Enqueue, TimeProvider.System, new Question(() => throw new IOException("not connected")));
        await HookDirectory.UntilAsync(() => !said.IsEmpty, "the loss is noticed");
        Assert.Equal("mount /vm no longer works: not connected", said.First());
    }

    [Fact]
    public async Task Mount_ThatAnswers_IsAskedAgainAndAgain()
    {
        var said = new ConcurrentQueue<string>();
        var asked = 0;
        using (new MountWatch("/tmp", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, said.Enqueue, TimeProvider.System, new Question(() => Interlocked.Increment(ref asked))))
        {
            await HookDirectory.UntilAsync(() => Volatile.Read(ref asked) >= 5, "five requests");
        }

        Assert.Empty(said);
    }

    [Fact]
    public async Task NullRequest_OfARealDirectory_Succeeds()
    {
        var said = new ConcurrentQueue<string>();
        using var there = new MountWatch("/tmp", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, said.Enqueue, TimeProvider.System);
        using var gone = new MountWatch("/does/not/exist", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, said.Enqueue, TimeProvider.System);
        await HookDirectory.UntilAsync(() => !said.IsEmpty, "the missing directory is noticed");
        Assert.Contains("/does/not/exist", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mount_ThatCannotBeAsked_IsSaidOnceAndIsNoHang()
    {
        var hung = new ConcurrentQueue<string>();
        var unwatched = new ConcurrentQueue<string>();
        var question = new Question(() => { }) { Hindrance = "no process to be had" };
        using (new MountWatch("/vm", TimeSpan.FromMilliseconds(1), Short, hung.Enqueue, unwatched.Enqueue, TimeProvider.System, question))
        {
            await HookDirectory.UntilAsync(() => question.Prepared > 100, "a hundred looks");
        }

        Assert.Equal("no process to be had", Assert.Single(unwatched));
        Assert.Empty(hung);
    }

    [Fact]
    public async Task Asker_Killed_IsReplacedAndNoLossOfTheMount()
    {
        using var mount = new Io.Checkers.ProbedMount("/tmp");
        Assert.Null(mount.Prepare());
        mount.Ask();
        var first = mount.ProcessId;
        Kill(first!.Value);
        mount.Ask(); // Its end is no answer.
        await HookDirectory.UntilAsync(() => !Directory.Exists($"/proc/{first}"), "it has gone");
        Assert.Null(mount.Prepare());
        mount.Ask();
        Assert.NotEqual(first, mount.ProcessId);
    }

    private static void Kill(int process)
    {
        using var killed = System.Diagnostics.Process.GetProcessById(process);
        killed.Kill();
    }

    private sealed class Question(Action ask) : IMountQuestion
    {
        private int _prepared;

        public int Prepared => Volatile.Read(ref _prepared);

        public string? Hindrance { get; init; }

        public string? Prepare()
        {
            Interlocked.Increment(ref _prepared);
            return Hindrance;
        }

        public void Ask() => ask();

        public void Dispose()
        {
        }
    }
}
