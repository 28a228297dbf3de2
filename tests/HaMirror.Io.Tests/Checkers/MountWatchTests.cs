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
        using (new MountWatch("/vm", Short, Short, said.Enqueue, TimeProvider.System, _ => release.Wait()))
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
        using var watch = new MountWatch("/vm", Short, TimeSpan.FromSeconds(30), said.Enqueue, TimeProvider.System, _ => throw new IOException("not connected"));
        await HookDirectory.UntilAsync(() => !said.IsEmpty, "the loss is noticed");
        Assert.Equal("mount /vm no longer works: not connected", said.First());
    }

    [Fact]
    public async Task Mount_ThatAnswers_IsAskedAgainAndAgain()
    {
        var said = new ConcurrentQueue<string>();
        var asked = 0;
        using (new MountWatch("/tmp", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, TimeProvider.System, _ => Interlocked.Increment(ref asked)))
        {
            await HookDirectory.UntilAsync(() => Volatile.Read(ref asked) >= 5, "five requests");
        }

        Assert.Empty(said);
    }

    [Fact]
    public async Task NullRequest_OfARealDirectory_Succeeds()
    {
        var said = new ConcurrentQueue<string>();
        using var there = new MountWatch("/tmp", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, TimeProvider.System);
        using var gone = new MountWatch("/does/not/exist", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30), said.Enqueue, TimeProvider.System);
        await HookDirectory.UntilAsync(() => !said.IsEmpty, "the missing directory is noticed");
        Assert.Contains("/does/not/exist", Assert.Single(said), StringComparison.Ordinal);
    }
}
